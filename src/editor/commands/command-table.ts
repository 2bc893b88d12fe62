import { commands } from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposable.ts';
import { commandId, COMMANDS, type CommandName } from '../../texts/contributions.ts';
import { reportError } from '../report-error.ts';
import type { WindowSession } from '../window-session.ts';
import type { Handler } from './run.ts';

/** Rooms of handlers, each loaded when one of its commands runs for the first time: none of them is needed at start. */
const start = () => import('./start-commands.ts');
const project = () => import('./project-commands.ts');
const doctor = () => import('./doctor-commands.ts');
const certificate = () => import('./certificate-commands.ts');
const server = () => import('./server-commands.ts');
const fault = () => import('./fault-commands.ts');
const setup = () => import('./setup-commands.ts');
const board = () => import('./board-commands.ts');
const deliver = () => import('./deliver-commands.ts');
const flash = () => import('./flash-commands.ts');
const slot = () => import('./slot-commands.ts');
const slotFile = () => import('./slot-file-commands.ts');
const port = () => import('./port-commands.ts');
const monitor = () => import('./monitor-commands.ts');
const panel = () => import('./panel-commands.ts');

/** Every command, with what it does. */
const HANDLERS = {
  getStarted: async () => (await start()).getStarted,
  openExample: async () => (await start()).openExample,
  selectProject: async () => (await project()).selectProject,
  bumpVersion: async () => (await project()).bumpVersion,
  buildFirmware: async () => (await project()).buildFirmware,
  buildMetadata: async () => (await project()).buildMetadata,
  checkSetup: async () => (await doctor()).checkSetup,
  applyFix: async () => (await doctor()).applyFix,
  showFinding: async () => (await doctor()).showFinding,
  explainFinding: async () => (await doctor()).explainFinding,
  setUpForOta: async () => (await setup()).setUpForOta,
  refresh: async () => (await project()).refresh,
  createCertificate: async () => (await certificate()).createCertificate,
  installCertificate: async () => (await certificate()).installCertificate,
  showCertificate: async () => (await certificate()).showCertificate,
  useOwnCertificate: async () => (await certificate()).useOwnCertificate,
  startServer: async () => (await server()).startServer,
  stopServer: async () => (await server()).stopServer,
  toggleServer: async () => (await server()).toggleServer,
  changePort: async () => (await server()).changePort,
  serveImage: async () => (await server()).serveImage,
  serveWithFault: async () => (await fault()).serveWithFault,
  stopFault: async () => (await fault()).stopFault,
  testAgainstFaults: async () => (await fault()).testAgainstFaults,
  stopServing: async () => (await server()).stopServing,
  selectAdvertisedAddress: async () => (await server()).selectAdvertisedAddress,
  copyFirmwareUrl: async () => (await server()).copyFirmwareUrl,
  showServerLog: async () => (await server()).showServerLog,
  deliverUpdate: async () => (await deliver()).deliverUpdate,
  rehearseUpdate: async () => (await deliver()).rehearseUpdate,
  cancelUpdate: async () => (await deliver()).cancelUpdate,
  attachAnotherVirtualBoard: async () => (await board()).attachAnotherVirtualBoard,
  misbehaveVirtualBoard: async () => (await deliver()).misbehaveVirtualBoard,
  exportUpdateMarkdown: async () => (await deliver()).exportUpdateMarkdown,
  exportUpdateJson: async () => (await deliver()).exportUpdateJson,
  clearUpdates: async () => (await deliver()).clearUpdates,
  attachVirtualBoard: async () => (await board()).attachVirtualBoard,
  detachVirtualBoard: async () => (await board()).detachVirtualBoard,
  showBoardConsole: async () => (await board()).showBoardConsole,
  selectPort: async () => (await port()).selectPort,
  addRemotePort: async () => (await port()).addRemotePort,
  removeRemotePort: async () => (await port()).removeRemotePort,
  openMonitor: async () => (await monitor()).openMonitor,
  closeMonitor: async () => (await monitor()).closeMonitor,
  sendFirmwareUrl: async () => (await monitor()).sendFirmwareUrl,
  crashVirtualBoard: async () => (await monitor()).crashVirtualBoard,
  openVirtualLine: async () => (await port()).openVirtualLine,
  flashProject: async () => (await flash()).flashProject,
  flashProjectFully: async () => (await flash()).flashProjectFully,
  flashApp: async () => (await flash()).flashApp,
  flashImageToPartition: async () => (await flash()).flashImageToPartition,
  eraseFlash: async () => (await flash()).eraseFlash,
  readFlash: async () => (await flash()).readFlash,
  chipInformation: async () => (await flash()).chipInformation,
  resetBoard: async () => (await flash()).resetBoard,
  readSlots: async () => (await slot()).readSlots,
  bootSlot: async () => (await slot()).bootSlot,
  bootPreviousVersion: async () => (await slot()).bootPreviousVersion,
  bootFlashed: async () => (await slot()).bootFlashed,
  flashIntoSpareSlot: async () => (await slot()).flashIntoSpareSlot,
  saveSlot: async () => (await slotFile()).saveSlot,
  restoreSlot: async () => (await slotFile()).restoreSlot,
  eraseOtadata: async () => (await slot()).eraseOtadata,
  cancelFlash: async () => (await flash()).cancelFlash,
  showFlashMap: async () => (await panel()).showFlashMap,
  showTimeline: async () => (await panel()).showTimeline,
} as const satisfies Record<CommandName, () => Promise<Handler>>;

/** Registers every command behind the one error boundary. */
export function registerCommands(session: WindowSession): Disposable {
  const store = new DisposableStore();
  for (const name of COMMANDS) {
    const load: () => Promise<Handler> = HANDLERS[name];
    const run = async (...args: readonly unknown[]): Promise<void> => {
      try {
        const handler = await load();
        await handler(session, ...args);
      } catch (error) {
        reportError(error, session.log);
      }
    };
    store.add(commands.registerCommand(commandId(name), run));
  }
  return store;
}
