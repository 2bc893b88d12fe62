import { workspace, type LogOutputChannel, type OutputChannel } from 'vscode';
import { networkInterfaces } from 'node:os';
import { DisposableStore, type Disposable } from '../../base/disposable.ts';
import { Emitter } from '../../base/emitter.ts';
import type { FileStore } from '../../base/files.ts';
import { OtaError } from '../../base/ota-error.ts';
import type { IdfProject } from '../../idf/project.ts';
import type { BoardRate } from '../../ota/board-plan.ts';
import type { Timeline } from '../../ota/update-state.ts';
import type { CreateVirtualDevice, VirtualDevice } from '../../ota/virtual-device.ts';
import { readSettings } from '../settings.ts';
import type { ProjectSession } from './project-session.ts';
import type { ServerSession } from './server-session.ts';

/** The virtual board of this window, and its update when one goes on. */
export class BoardSession implements Disposable {
  readonly #create: CreateVirtualDevice;
  readonly #projects: ProjectSession;
  readonly #server: ServerSession;
  readonly #files: FileStore;
  readonly #log: LogOutputChannel;
  readonly #console: () => OutputChannel;
  readonly #changed = new Emitter<undefined>();
  #attached = new DisposableStore();
  #board: VirtualDevice | undefined;
  #timeline: Timeline | undefined;
  #update: AbortController | undefined;

  readonly onChange = this.#changed.event;

  constructor(options: {
    readonly create: CreateVirtualDevice;
    readonly projects: ProjectSession;
    readonly server: ServerSession;
    readonly files: FileStore;
    readonly log: LogOutputChannel;
    readonly console: () => OutputChannel;
  }) {
    this.#create = options.create;
    this.#projects = options.projects;
    this.#server = options.server;
    this.#files = options.files;
    this.#log = options.log;
    this.#console = options.console;
  }

  get board(): VirtualDevice | undefined {
    return this.#board;
  }

  /** Of the update that goes on, or of the last one. */
  get timeline(): Timeline | undefined {
    return this.#timeline;
  }

  get isUpdating(): boolean {
    return this.#update !== undefined;
  }

  /** Makes a virtual board with what the build would flash by cable, and switches it on.
   * @throws {OtaError} `command.noProject`, `command.untrusted`, those of `planBoard` */
  async attach(): Promise<VirtualDevice> {
    if (!workspace.isTrusted) throw new OtaError('command.untrusted', {});
    if (this.#board !== undefined) return this.#board;
    const project = this.#requireProject();
    const { planBoard } = await import('../../ota/board-plan.ts');
    const plan = await planBoard(project, this.#files, this.#client());
    const board = await this.#create({ ...plan, knobs: this.#rate() });
    const attached = new DisposableStore();
    attached.add(board);
    const channel = this.#console();
    const decoder = new TextDecoder();
    attached.add(
      board.onConsole((bytes) => {
        channel.append(plainText(decoder.decode(bytes, { stream: true })));
      }),
    );
    attached.add(
      board.onStateChange(() => {
        this.#changed.fire(undefined);
      }),
    );
    this.#attached = attached;
    this.#board = board;
    this.#changed.fire(undefined);
    board.powerOn();
    this.#log.info(`virtual board attached: ${plan.chip}`);
    return board;
  }

  detach(): void {
    this.#update?.abort();
    this.#attached.dispose();
    this.#board = undefined;
    this.#timeline = undefined;
    this.#changed.fire(undefined);
  }

  cancelUpdate(): void {
    this.#update?.abort();
  }

  /** Updates the virtual board over the air from the server: the server is started and the board attached if they are not yet. Gives the
   * timeline with its verdict.
   * @throws {OtaError} `command.noProject`, `command.noImage`, those of the server's start and of `attach` */
  async rehearse(signal: AbortSignal): Promise<Timeline> {
    const project = this.#requireProject();
    if (project.app?.image?.description === undefined) throw new OtaError('command.noImage', { path: project.folder });
    const stop = new AbortController();
    const cancel = (): void => {
      stop.abort();
    };
    signal.addEventListener('abort', cancel, { once: true });
    if (signal.aborted) cancel();
    this.#update = stop;
    this.#changed.fire(undefined);
    try {
      const board = await this.attach();
      await this.#server.start(stop.signal);
      const release = await this.#server.published();
      if (release === undefined) throw new OtaError('command.noImage', { path: project.folder });
      const [{ planBoardApp }, { rehearse }, { rehearsalBoard }] = await Promise.all([
        import('../../ota/board-plan.ts'),
        import('../../ota/rehearsal.ts'),
        import('../../ota/virtual-device.ts'),
      ]);
      board.configure({ app: planBoardApp(project, this.#client()), knobs: this.#rate() });
      const previousVersion = board.state.running?.version;
      return await rehearse({
        board: rehearsalBoard(board),
        subject: {
          board: 'virtual',
          project: release.project,
          version: release.version,
          sha256: release.sha256,
          elfSha256: project.app.image.description.elfSha256,
          totalBytes: release.bytes.length,
          releaseId: release.id,
          isRollbackEnabled: project.ota.isRollbackEnabled,
          ...(previousVersion === undefined ? {} : { previousVersion }),
        },
        onTransfer: (hear) =>
          this.#server.onTransfer((event) => {
            if (isOwnAddress(event.client.address)) hear(event);
          }),
        url: this.#server.urlOf(release) ?? '',
        signal: stop.signal,
        onTimeline: (timeline) => {
          this.#timeline = timeline;
          this.#changed.fire(undefined);
        },
      });
    } finally {
      signal.removeEventListener('abort', cancel);
      this.#update = undefined;
      this.#changed.fire(undefined);
    }
  }

  dispose(): void {
    this.detach();
    this.#changed.dispose();
  }

  #requireProject(): IdfProject {
    const { project } = this.#projects;
    if (project === undefined) throw new OtaError('command.noProject', {});
    return project;
  }

  #client(): 'auto' | 'simple' | 'advanced' | 'native' {
    return readSettings(this.#projects.workspaceFolder()).values['virtualBoard.client'];
  }

  #rate(): BoardRate {
    const rate = readSettings(this.#projects.workspaceFolder()).values['virtualBoard.kilobytesPerSecond'];
    return { drainBytesPerSecond: rate === 0 ? undefined : rate * 1024 };
  }
}

/** Whether a client is on this computer, as the virtual board is: other boards may fetch the same release meanwhile. */
function isOwnAddress(address: string): boolean {
  if (/^127\.|^::1$/.test(address)) return true;
  return Object.values(networkInterfaces()).some((all) => all?.some((one) => one.address === address) === true);
}

/** Console text for an output channel, which shows neither colours nor carriage returns. */
function plainText(text: string): string {
  return text.replace(/\u001b\[[\d;]*m|\r/g, '');
}
