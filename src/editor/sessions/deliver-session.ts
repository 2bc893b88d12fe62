import { Uri, workspace, type LogOutputChannel } from 'vscode';
import { createHash, randomBytes } from 'node:crypto';
import { basename, join } from 'node:path';
import { DisposableStore, type Disposable } from '../../base/disposable.ts';
import { Emitter } from '../../base/emitter.ts';
import type { FileStore } from '../../base/files.ts';
import { OtaError } from '../../base/ota-error.ts';
import type { DeliverSteps } from '../../ota/deliver.ts';
import type { Delivery, DeliveryRecord } from '../../ota/delivery.ts';
import type { UpdateHistory } from '../../ota/history.ts';
import type { Timeline } from '../../ota/update-state.ts';
import { errorMessage } from '../error-message.ts';
import { readSettings } from '../settings.ts';
import { virtualNumber, type BoardSession } from './board-session.ts';
import type { ProjectSession } from './project-session.ts';
import type { ServerSession } from './server-session.ts';

export interface DeliverSessionOptions {
  readonly projects: ProjectSession;
  readonly server: ServerSession;
  readonly boards: BoardSession;
  /** Whether the firmware is being tested against faults: the boards get something else then. */
  readonly isTesting: () => boolean;
  readonly files: FileStore;
  readonly log: LogOutputChannel;
  /** Where histories are kept, one file a project. */
  readonly folder: string;
}

export interface DeliveryResult {
  readonly delivery: Delivery;
  /** What stopped it before a board was told. */
  readonly error?: OtaError;
}

interface Running {
  readonly stop: AbortController;
  /** Of the project it was started for. */
  readonly folder: string;
  delivery: Delivery | undefined;
  /** As far as each update is by now; the delivery itself has their steps only. */
  readonly timelines: Map<string, Timeline>;
}

/** The delivery that goes on in this window, and what became of those before it. */
export class DeliverSession implements Disposable {
  readonly #options: DeliverSessionOptions;
  readonly #changed = new Emitter<undefined>();
  readonly #records = new Emitter<{ readonly record: DeliveryRecord; readonly delivery: Delivery }>();
  readonly #store = new DisposableStore();
  readonly #histories = new Map<string, Promise<UpdateHistory>>();
  #history: { readonly folder: string; readonly history: UpdateHistory } | undefined;
  #running: Running | undefined;
  #settled: Promise<unknown> = Promise.resolve();

  readonly onChange = this.#changed.event;
  /** Something happened to the delivery that goes on. */
  readonly onRecord = this.#records.event;

  constructor(options: DeliverSessionOptions) {
    this.#options = options;
    this.#store.add(
      options.boards.onDetach((number) => {
        const { kind, updates = [] } = this.#running?.delivery ?? {};
        const numbers = updates.map((one) => virtualNumber(one.id)).filter((one) => one !== undefined);
        // one that waits for the canary is a part of it too
        if (numbers.includes(number) || (kind === 'delivery' && numbers.length > 0)) this.cancel();
      }),
    );
    this.#store.add(
      options.projects.onChange((project) => {
        // a delivery is of one project from its first step to its last
        if (this.#running !== undefined && project?.folder !== this.#running.folder) this.cancel();
      }),
    );
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** The delivery that goes on, with its updates as far as they are. */
  get running(): Delivery | undefined {
    const running = this.#running;
    return running?.delivery === undefined ? undefined : withTimelines(running.delivery, running.timelines);
  }

  /** Of the selected project, newest first; empty until {@link load}. */
  get deliveries(): readonly Delivery[] {
    const folder = this.#options.projects.project?.folder;
    if (folder === undefined || this.#history?.folder !== folder) return [];
    const { running } = this;
    return this.#history.history.deliveries.map((one) => (one.id === running?.id ? running : one));
  }

  find(id: string): Delivery | undefined {
    return this.deliveries.find((one) => one.id === id);
  }

  /** Reads what became of the selected project's deliveries. */
  async load(): Promise<void> {
    const folder = this.#options.projects.project?.folder;
    if (folder === undefined || this.#history?.folder === folder) return;
    try {
      await this.#open(folder);
    } catch (error) {
      this.#options.log.warn(`history: ${await errorMessage(error)}`);
    }
  }

  /** Runs a delivery of the selected project to its end. Cancelled and stopped are ends, not errors.
   * @throws {OtaError} `command.noProject`, `deliver.busy`, `deliver.testing` */
  async run(
    kind: Delivery['kind'],
    steps: Partial<DeliverSteps> & Pick<DeliverSteps, 'publish'>,
    signal: AbortSignal,
  ): Promise<DeliveryResult> {
    const working = this.#run(kind, steps, signal);
    this.#settled = Promise.allSettled([this.#settled, working]);
    return working;
  }

  cancel(): void {
    this.#running?.stop.abort();
  }

  /** Forgets the deliveries of the selected project.
   * @throws {OtaError} `file.unwritable`, `file.unreadable` */
  async clear(): Promise<void> {
    const folder = this.#options.projects.project?.folder;
    if (folder !== undefined) await (await this.#open(folder)).clear();
  }

  /** Cancels the delivery that goes on, and resolves when its end stands in the history. */
  async end(): Promise<void> {
    this.cancel();
    await this.#settled;
  }

  dispose(): void {
    this.cancel();
    this.#store.dispose();
    this.#changed.dispose();
    this.#records.dispose();
  }

  async #run(
    kind: Delivery['kind'],
    steps: Partial<DeliverSteps> & Pick<DeliverSteps, 'publish'>,
    signal: AbortSignal,
  ): Promise<DeliveryResult> {
    const { projects, server, log } = this.#options;
    const { project } = projects;
    if (project === undefined) throw new OtaError('command.noProject', {});
    if (this.#running !== undefined) throw new OtaError('deliver.busy', { project: project.name });
    if (this.#options.isTesting()) throw new OtaError('deliver.testing', {});
    const running: Running = {
      stop: new AbortController(),
      folder: project.folder,
      delivery: undefined,
      timelines: new Map(),
    };
    this.#running = running;
    const cancel = (): void => {
      running.stop.abort();
    };
    signal.addEventListener('abort', cancel, { once: true });
    if (signal.aborted) cancel();
    this.#changed.fire(undefined);
    const { values } = readSettings(projects.workspaceFolder());
    try {
      const [{ deliver }, history] = await Promise.all([
        import('../../ota/deliver.ts'),
        this.#open(project.folder).catch((error: unknown) => {
          this.#cannotKeep(error);
          return undefined;
        }),
      ]);
      const result = await deliver({
        id: `${Date.now().toString(36)}-${randomBytes(4).toString('hex')}`,
        kind,
        project: project.name,
        steps,
        onTransfer: server.onTransfer,
        isCanary: values['deliver.canary'],
        signal: running.stop.signal,
        patience: { firstSignMs: values['deliver.waitMinutes'] * 60_000 },
        onRecord: (record, delivery) => {
          running.delivery = delivery;
          this.#records.fire({ record, delivery });
          logRecord(log, record);
          history?.append(record).catch((error: unknown) => {
            this.#cannotKeep(error);
          });
          this.#changed.fire(undefined);
        },
        onTimeline: (board, timeline) => {
          running.timelines.set(board.id, timeline);
          const number = virtualNumber(board.id);
          if (number !== undefined) this.#options.boards.setTimeline(number, timeline);
          this.#changed.fire(undefined);
        },
      });
      await history?.settled();
      return result;
    } finally {
      signal.removeEventListener('abort', cancel);
      this.#running = undefined;
      this.#changed.fire(undefined);
    }
  }

  async #open(folder: string): Promise<UpdateHistory> {
    let opening = this.#histories.get(folder);
    if (opening === undefined) {
      opening = this.#read(folder);
      this.#histories.set(folder, opening);
      opening.catch(() => this.#histories.delete(folder));
    }
    const history = await opening;
    if (this.#options.projects.project?.folder === folder && this.#history?.folder !== folder) {
      this.#history = { folder, history };
      this.#changed.fire(undefined);
    }
    return history;
  }

  async #read(folder: string): Promise<UpdateHistory> {
    const { UpdateHistory: History } = await import('../../ota/history.ts');
    const digest = createHash('sha256').update(folder).digest('hex').slice(0, 12);
    const history = await History.open({
      path: join(this.#options.folder, `${basename(folder)}-${digest}.jsonl`),
      files: this.#options.files,
      keep: keptOf(folder),
    });
    this.#store.add(history);
    this.#store.add(
      workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('esp32Ota.deliver.keepHistory')) history.setKeep(keptOf(folder));
      }),
    );
    this.#store.add(
      history.onChange(() => {
        this.#changed.fire(undefined);
      }),
    );
    return history;
  }

  /** An update goes on, whether or not it can be remembered. */
  #cannotKeep(error: unknown): void {
    this.#options.log.warn(
      `the history can't be written: ${error instanceof Error ? error.message : 'unknown reason'}`,
    );
  }
}

/** How many deliveries of the project are kept. */
function keptOf(folder: string): number {
  return readSettings(workspace.getWorkspaceFolder(Uri.file(folder))).values['deliver.keepHistory'];
}

function withTimelines(delivery: Delivery, timelines: ReadonlyMap<string, Timeline>): Delivery {
  const updates = delivery.updates.map((one) => ({ ...one, timeline: timelines.get(one.id) ?? one.timeline }));
  return { ...delivery, updates };
}

/** What happened, as a line of the log: plain, in English like every log. */
function logRecord(log: LogOutputChannel, record: DeliveryRecord): void {
  switch (record.t) {
    case 'begin':
      log.info(`${record.kind} of ${record.project} begins [${record.id}]`);
      break;
    case 'work':
      if (record.work.outcome !== 'running')
        log.info(
          `${record.work.id}: ${record.work.outcome}${record.work.note === undefined ? '' : `, ${record.work.note}`}`,
        );
      break;
    case 'update':
      log.info(`update of ${record.board}: ${JSON.stringify(record.timeline.verdict)}`);
      break;
    case 'held':
      log.warn(
        `not told: ${record.held.boards.map((one) => one.id).join(', ')}, because ${record.held.because.id} ended as ${record.held.because.outcome}`,
      );
      break;
    case 'end':
      log.info(`ended: ${JSON.stringify(record.end)}`);
      break;
    default:
      break;
  }
}
