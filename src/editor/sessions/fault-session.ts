import { workspace, type LogOutputChannel } from 'vscode';
import { basename } from 'node:path';
import type { Disposable } from '../../base/disposable.ts';
import { Emitter } from '../../base/emitter.ts';
import type { FileStore } from '../../base/files.ts';
import { OtaError } from '../../base/ota-error.ts';
import type { FaultReport, FaultRow } from '../../ota/fault-report.ts';
import type { CreateVirtualDevice } from '../../ota/virtual-device.ts';
import type { FaultProfile } from '../../server/faults/profiles.ts';
import { readSettings } from '../settings.ts';
import type { CertificateSession } from './certificate-session.ts';
import type { ProjectSession } from './project-session.ts';

/** How long what takes time takes, in milliseconds: a slow download this, a stall twice that. */
const STEP_MS = 1000;
/** How long the virtual board waits for bytes: less than a stall takes, so that it has to cope. */
const RECEIVE_TIMEOUT_MS = 1800;
/** A virtual board that is silent for so long has hung. */
const SILENCE_MS = 30_000;
const LOOPBACK = '127.0.0.1';

export interface FaultTestHooks {
  readonly onFault: (profile: FaultProfile, index: number, count: number) => void;
  readonly onRow: (row: FaultRow) => void;
}

export interface FaultSessionOptions {
  readonly create: CreateVirtualDevice;
  readonly projects: ProjectSession;
  readonly certificates: CertificateSession;
  readonly files: FileStore;
  readonly log: LogOutputChannel;
}

/** The project's firmware against every fault: on a virtual board of its own and from a server of its own, so that no other board gets any
 * of it. */
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

  /** Runs all faults. Cancelling gives the report of what was done so far.
   * @throws {OtaError} `command.untrusted`, `command.noProject`, `command.noImage`, `command.busy`, those of `planBoard`, of the certificate
   * store and of the server's start */
  async test(signal: AbortSignal, hooks: FaultTestHooks): Promise<FaultReport> {
    if (!workspace.isTrusted) throw new OtaError('command.untrusted', {});
    const { projects, certificates, files, log, create } = this.#options;
    const { project } = projects;
    if (project === undefined) throw new OtaError('command.noProject', {});
    const description = project.app?.image?.description;
    if (project.app === undefined || description === undefined)
      throw new OtaError('command.noImage', { path: project.folder });
    const stop = new AbortController();
    const cancel = (): void => {
      stop.abort();
    };
    signal.addEventListener('abort', cancel, { once: true });
    if (signal.aborted) cancel();
    this.#running = stop;
    this.#changed.fire(undefined);
    try {
      const [{ planBoard }, { startFaultBench, hurriedProfiles }, { rehearseFaults }, { rehearsalBoard }] =
        await Promise.all([
          import('../../ota/board-plan.ts'),
          import('../../ota/fault-bench.ts'),
          import('../../ota/fault-rehearsal.ts'),
          import('../../ota/virtual-device.ts'),
        ]);
      const { values } = readSettings(projects.workspaceFolder());
      const plan = await planBoard(project, files, values['virtualBoard.client']);
      const protocol = values['server.protocol'];
      // a certificate of the user's own names the host that boards are told, and perhaps no other
      const isOwn = protocol === 'https' && values['certificate.mode'] === 'own';
      const bench = await startFaultBench(
        {
          release: {
            name: basename(project.app.path),
            project: description.projectName,
            version: description.version,
            bytes: project.app.bytes,
          },
          server: {
            protocol,
            host: isOwn ? values['server.bindAddress'] : LOOPBACK,
            port: 0,
            advertisedHost: isOwn ? certificates.advertisedHost() : LOOPBACK,
            maxFragmentBytes: plan.app.tlsInContentLenBytes,
            ...(protocol === 'https' ? { credentials: await certificates.credentials() } : {}),
          },
          certificates: () => certificates.faultSource(),
          logger: log,
        },
        stop.signal,
      );
      try {
        const firmwareUrl = plan.app.firmwareUrl === 'FROM_STDIN' ? 'FROM_STDIN' : bench.offer(0).url;
        const receiveTimeoutMs = Math.min(plan.app.receiveTimeoutMs ?? RECEIVE_TIMEOUT_MS, RECEIVE_TIMEOUT_MS);
        const device = await create({ ...plan, app: { ...plan.app, firmwareUrl, receiveTimeoutMs } });
        const lines = device.onLine((line) => {
          log.trace(`fault test: ${line}`);
        });
        try {
          device.powerOn();
          const profiles = hurriedProfiles(project.app.bytes.length, STEP_MS);
          return await rehearseFaults({
            board: rehearsalBoard(device),
            bench,
            profiles,
            boardName: 'virtual',
            isRollbackEnabled: project.ota.isRollbackEnabled,
            signal: stop.signal,
            silenceMs: SILENCE_MS,
            onFault: (profile, index) => {
              hooks.onFault(profile, index, profiles.length);
            },
            onRow: hooks.onRow,
          });
        } finally {
          lines.dispose();
          device.dispose();
        }
      } finally {
        await bench.stop();
      }
    } finally {
      signal.removeEventListener('abort', cancel);
      this.#running = undefined;
      this.#changed.fire(undefined);
    }
  }

  dispose(): void {
    this.#running?.abort();
    this.#changed.dispose();
  }
}
