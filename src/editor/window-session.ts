import type { LogOutputChannel, Memento } from 'vscode';
import type { FileStore } from '../base/files.ts';
import type { Timeline } from '../ota/update-state.ts';
import type { CertificateStore } from '../server/certificate-store.ts';
import type { PriorStep } from './panels/timeline-view.ts';
import type { BoardSession } from './sessions/board-session.ts';
import type { CertificateSession } from './sessions/certificate-session.ts';
import type { DoctorSession } from './sessions/doctor-session.ts';
import type { DeliverSession } from './sessions/deliver-session.ts';
import type { FaultSession } from './sessions/fault-session.ts';
import type { FlashSession } from './sessions/flash-session.ts';
import type { MonitorSession } from './sessions/monitor-session.ts';
import type { PortSession } from './sessions/port-session.ts';
import type { ProjectSession } from './sessions/project-session.ts';
import type { ServerSession } from './sessions/server-session.ts';
import type { SlotSession } from './sessions/slot-session.ts';

/** What a command handler gets: the state of this window. */
export interface WindowSession {
  readonly files: FileStore;
  readonly log: LogOutputChannel;
  /** Where the extension is installed. */
  readonly extensionFolder: string;
  /** What is kept for all windows of the user. */
  readonly memento: Memento;
  readonly projects: ProjectSession;
  readonly certificates: CertificateSession;
  readonly certificateStore: () => Promise<CertificateStore>;
  readonly server: ServerSession;
  readonly board: BoardSession;
  readonly deliver: DeliverSession;
  readonly faults: FaultSession;
  readonly ports: PortSession;
  readonly flash: FlashSession;
  readonly slots: SlotSession;
  readonly monitors: MonitorSession;
  readonly doctor: DoctorSession;
  /** Shows what was found in the setup, in the Firmware view. */
  showSetup(): Promise<void>;
  /** Shows the row of a port with what is below it. */
  showPort(address: string): Promise<void>;
  /** Shows two texts beside each other, under a title. */
  showDifference(title: string, name: string, before: string, after: string): Promise<void>;
  /** Shows a text in an editor, read-only, under a file name. */
  showText(name: string, text: string): Promise<void>;
  /** Opens the flash map of a board by its address; of the project when that is empty. */
  showFlashMap(address: string): Promise<void>;
  /** Opens the picture of an update, or shows its newer state where that is open. `before` is what went before it, such as the build. */
  showTimeline(timeline: Timeline, before?: readonly PriorStep[]): Promise<void>;
  /** Shows the console of the virtual board. */
  showConsole(): void;
}
