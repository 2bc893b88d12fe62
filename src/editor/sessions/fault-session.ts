import { workspace, type LogOutputChannel } from 'vscode';
import { basename } from 'node:path';
import { DisposableStore, type Disposable } from '../../base/disposable.ts';
import { Emitter } from '../../base/emitter.ts';
import type { FileStore } from '../../base/files.ts';
import { OtaError } from '../../base/ota-error.ts';
import type { FaultRehearsalOptions } from '../../ota/fault-rehearsal.ts';
import type { FaultReport, FaultRow } from '../../ota/fault-report.ts';
import type { CreateVirtualDevice } from '../../ota/virtual-device.ts';
import type { FaultProfile } from '../../server/faults/profiles.ts';
import type { FirmwareServerOptions } from '../../server/firmware-server.ts';
import { readSettings } from '../settings.ts';
import type { CertificateSession } from './certificate-session.ts';
import type { MonitorSession } from './monitor-session.ts';
import { virtualNumberOf } from '../../ota/virtual-port.ts';
import type { ProjectSession } from './project-session.ts';
import type { ServerSession } from './server-session.ts';

/** How long what takes time takes, in milliseconds: a slow download this, a stall twice that. */
const STEP_MS = 1000;
/** How long the virtual board waits for bytes: less than a stall takes, so that it has to cope. */
const RECEIVE_TIMEOUT_MS = 1800;
/** A virtual board that is silent for so long has hung. */
const SILENCE_MS = 30_000;
const LOOPBACK = '127.0.0.1';
const FROM_STDIN = 'FROM_STDIN';

export interface FaultTestHooks {
  readonly onFault: (profile: FaultProfile, index: number, count: number) => void;
  readonly onRow: (row: FaultRow) => void;
}

export interface FaultSessionOptions {
  readonly create: CreateVirtualDevice;
  readonly projects: ProjectSession;
  readonly certificates: CertificateSession;
  readonly server: ServerSession;
  readonly monitors: MonitorSession;
  /** The project that an update is delivered of right now. */
  readonly delivered: () => string | undefined;
  readonly files: FileStore;
  readonly log: LogOutputChannel;
}

/** The project's firmware against every fault. On a virtual board it has a server of its own, so that no other board gets any of it; a board
 * on a port has this window's server in its firmware. */
export class FaultSession implements Disposable {
  readonly #options: FaultSessionOptions;
  readonly #changed = new Emitter<undefined>();
  #running: AbortController | undefined;

  readonly onChange = this.#changed.event;

  constructor(options: FaultSessionOptions) {
    this.#options = options;
  }

  get isTesting(): boolean {
    return this.#running !== undefined;
  }

  /** Ports whose board can be tested: a monitor is open there, which hears it and can reset it. */
  get ports(): readonly string[] {
    return this.#options.monitors.monitors
      .filter(({ address, state }) => state === 'open' && virtualNumberOf(address) === undefined)
      .map(({ address }) => address);
  }

  /** Nothing else may change what boards get meanwhile.
   * @throws {OtaError} `deliver.testing`, `deliver.busy` */
  requireIdle(): void {
    if (this.#running !== undefined) throw new OtaError('deliver.testing', {});
    const project = this.#options.delivered();
    if (project !== undefined) throw new OtaError('deliver.busy', { project });
  }

  /** Runs all faults on a virtual board. Cancelling gives the report of what was done so far.
   * @throws {OtaError} `deliver.busy`, `deliver.testing`, `command.untrusted`, `command.noProject`, `command.noImage`, those of `planBoard`, of the certificate store and of
   * the server's start */
  async test(signal: AbortSignal, hooks: FaultTestHooks): Promise<FaultReport> {
    return this.#exclusively(signal, (stop) => this.#testVirtual(stop, hooks));
  }

  /** Runs all faults on the board of a port, whose monitor is opened for that when it is not, with this window's server, which has to be on. What it serves, and that it
   * serves without a fault, is as before afterwards, however it ends.
   * @throws {OtaError} as {@link test}; those of opening the monitor */
  async testOnPort(address: string, signal: AbortSignal, hooks: FaultTestHooks): Promise<FaultReport> {
    return this.#exclusively(signal, (stop) => this.#testPort(address, stop, hooks));
  }

  dispose(): void {
    this.#running?.abort();
    this.#changed.dispose();
  }

  async #exclusively<T>(signal: AbortSignal, work: (stop: AbortSignal) => Promise<T>): Promise<T> {
    if (!workspace.isTrusted) throw new OtaError('command.untrusted', {});
    this.requireIdle();
    const stop = new AbortController();
    const cancel = (): void => {
      stop.abort();
    };
    signal.addEventListener('abort', cancel, { once: true });
    if (signal.aborted) cancel();
    this.#running = stop;
    this.#changed.fire(undefined);
    try {
      return await work(stop.signal);
    } finally {
      signal.removeEventListener('abort', cancel);
      this.#running = undefined;
      this.#changed.fire(undefined);
    }
  }

  #requireImage() {
    const { project } = this.#options.projects;
    if (project === undefined) throw new OtaError('command.noProject', {});
    const description = project.app?.image?.description;
    if (project.app === undefined || description === undefined)
      throw new OtaError('command.noImage', { path: project.folder });
    return { project, app: project.app, description };
  }

  async #testVirtual(stop: AbortSignal, hooks: FaultTestHooks): Promise<FaultReport> {
    const { projects, files, log, create, certificates } = this.#options;
    const { project, app, description } = this.#requireImage();
    const [{ planBoard }, { startFaultBench, hurriedProfiles }, { rehearseFaults }, { rehearsalBoard }] =
      await Promise.all([
        import('../../ota/board-plan.ts'),
        import('../../ota/fault-bench.ts'),
        import('../../ota/fault-rehearsal.ts'),
        import('../../ota/virtual-device.ts'),
      ]);
    const { values } = readSettings(projects.workspaceFolder());
    const plan = await planBoard(project, files, values['virtualBoard.client']);
    const store = new DisposableStore();
    const bench = await startFaultBench(
      {
        release: {
          name: basename(app.path),
          project: description.projectName,
          version: description.version,
          bytes: app.bytes,
        },
        server: await this.#ownServer(plan.app.tlsInContentLenBytes),
        certificates: () => certificates.faultSource(),
        logger: log,
      },
      stop,
    );
    try {
      const firmwareUrl = plan.app.firmwareUrl === FROM_STDIN ? FROM_STDIN : bench.offer(0).url;
      const receiveTimeoutMs = Math.min(plan.app.receiveTimeoutMs ?? RECEIVE_TIMEOUT_MS, RECEIVE_TIMEOUT_MS);
      const device = store.add(await create({ ...plan, app: { ...plan.app, firmwareUrl, receiveTimeoutMs } }));
      store.add(
        device.onLine((line) => {
          log.trace(`fault test: ${line}`);
        }),
      );
      device.powerOn();
      const profiles = hurriedProfiles(app.bytes.length, STEP_MS);
      return await rehearseFaults({
        board: rehearsalBoard(device),
        bench,
        profiles,
        boardName: 'virtual',
        isRollbackEnabled: project.ota.isRollbackEnabled,
        signal: stop,
        silenceMs: SILENCE_MS,
        ...told(hooks, profiles.length),
      });
    } finally {
      store.dispose();
      await bench.stop();
    }
  }

  /** Reached from this computer only. */
  async #ownServer(maxFragmentBytes: number): Promise<Omit<FirmwareServerOptions, 'clock' | 'logger'>> {
    const { projects, certificates } = this.#options;
    const { values } = readSettings(projects.workspaceFolder());
    const protocol = values['server.protocol'];
    if (protocol === 'http') return { protocol, host: LOOPBACK, port: 0, advertisedHost: LOOPBACK };
    // a certificate of the user's own names the host that boards are told, and perhaps no other
    const isOwn = values['certificate.mode'] === 'own';
    return {
      protocol,
      host: isOwn ? values['server.bindAddress'] : LOOPBACK,
      port: 0,
      advertisedHost: isOwn ? certificates.advertisedHost() : LOOPBACK,
      maxFragmentBytes,
      credentials: await certificates.credentials(),
    };
  }

  async #testPort(address: string, stop: AbortSignal, hooks: FaultTestHooks): Promise<FaultReport> {
    const { server, monitors } = this.#options;
    const { project } = this.#requireImage();
    const console = await monitors.open(address, { isShown: false });
    const release = await server.published();
    if (release === undefined) throw new OtaError('command.noImage', { path: project.folder });
    const [{ liveFaultBench }, { rehearseFaults }, { resetBoard, sendUrl }, { FAULTS, faultProfile }] =
      await Promise.all([
        import('../../ota/fault-bench.ts'),
        import('../../ota/fault-rehearsal.ts'),
        import('../../ota/triggers.ts'),
        import('../../server/faults/profiles.ts'),
      ]);
    const bench = liveFaultBench({
      server,
      releases: server.releases,
      release,
      owner: project.folder,
      urlOf: (one) => server.urlOf(one) ?? '',
      isBoard: (client) => console.view.ip === undefined || console.view.ip === client,
    });
    const reset = (): Promise<void> => console.reset();
    const trigger =
      project.ota.firmwareUrl === undefined || project.ota.firmwareUrl.value === FROM_STDIN
        ? sendUrl({
            onLine: console.onLine,
            reset,
            write: (text) => console.write(new TextEncoder().encode(text)),
          })
        : resetBoard(reset);
    const profiles = FAULTS.map(({ id }) => faultProfile(id));
    try {
      return await rehearseFaults({
        board: { onLine: console.onLine, trigger },
        bench,
        profiles,
        restore: () => bench.offerAsIs(),
        boardName: address,
        isRollbackEnabled: project.ota.isRollbackEnabled,
        signal: stop,
        ...told(hooks, profiles.length),
      });
    } finally {
      bench.end();
    }
  }
}

function told(hooks: FaultTestHooks, count: number): Pick<FaultRehearsalOptions, 'onFault' | 'onRow'> {
  return {
    onFault: (profile, index) => {
      hooks.onFault(profile, index, count);
    },
    onRow: hooks.onRow,
  };
}
