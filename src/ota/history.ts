import { systemClock, type Clock } from '../base/clock.ts';
import type { Disposable } from '../base/disposable.ts';
import { Emitter } from '../base/emitter.ts';
import type { FileStore } from '../base/files.ts';
import { interrupted, withRecord, type Delivery, type DeliveryRecord } from './delivery.ts';
import { appendFlushed, cutTo, isProcessAlive, wholeBytesOf, withLock } from './history-file.ts';
import { formatRecord, parseRecord } from './history-records.ts';

export interface HistoryOptions {
  /** JSON lines; made with its directory when the first record comes. */
  readonly path: string;
  readonly files: FileStore;
  /** How many deliveries are kept, the newest. Default 100. */
  readonly keep?: number;
  /** Of the process that writes; default: this one. */
  readonly pid?: number;
  /** Default: asks the system. */
  readonly isAlive?: (pid: number) => boolean;
  readonly clock?: Clock;
}

/** No delivery goes on for longer. */
const LONGEST_DELIVERY_MS = 86_400_000;

/** So many more than are kept may lie in the file before it is written anew. */
const SLACK = 1.25;

/** What became of the deliveries of one project: a file that only grows by whole lines, each written and flushed in one go, so that whatever happens
 * to the editor, what was recorded stays. A line that was cut off by a crash is taken off when the file is read the next time. */
export class UpdateHistory implements Disposable {
  readonly #path: string;
  readonly #files: FileStore;
  #keep: number;
  readonly #changed = new Emitter<undefined>();
  /** Oldest first. */
  readonly #deliveries = new Map<string, Delivery>();
  /** Those that this window goes on with. */
  readonly #live = new Set<string>();
  readonly #interrupted = new WeakMap<Delivery, Delivery>();
  /** How many of their records are not on the disk yet. */
  readonly #unwritten = new Map<string, number>();
  readonly #pid: number;
  readonly #isAlive: (pid: number) => boolean;
  readonly #clock: Clock;
  #writing: Promise<void> = Promise.resolve();

  readonly onChange = this.#changed.event;

  private constructor({ path, files, keep, pid, isAlive, clock }: HistoryOptions) {
    this.#path = path;
    this.#files = files;
    this.#keep = Math.max(1, keep ?? 100);
    this.#pid = pid ?? process.pid;
    this.#isAlive = isAlive ?? isProcessAlive;
    this.#clock = clock ?? systemClock;
  }

  /** From now on so many deliveries are kept; the file follows at the next end of one. */
  setKeep(count: number): void {
    const keep = Math.max(1, count);
    if (keep === this.#keep) return;
    this.#keep = keep;
    this.#changed.fire(undefined);
  }

  /** Reads the file, takes off a line that is not whole, and forgets the oldest deliveries when there are too many.
   * @throws {OtaError} `file.unreadable`, `file.unwritable` */
  static async open(options: HistoryOptions): Promise<UpdateHistory> {
    const history = new UpdateHistory(options);
    await history.#read();
    return history;
  }

  /** Newest first. What began and never came to its end in this window is `interrupted`. */
  get deliveries(): readonly Delivery[] {
    return [...this.#deliveries.values()]
      .map((one) => (one.end === undefined && !this.#live.has(one.id) ? this.#cutShort(one) : one))
      .sort((a, b) => b.startedMs - a.startedMs)
      .slice(0, this.#keep);
  }

  /** The same value for the same delivery, as for one that ended. */
  #cutShort(delivery: Delivery): Delivery {
    const known = this.#interrupted.get(delivery) ?? interrupted(delivery);
    this.#interrupted.set(delivery, known);
    return known;
  }

  find(id: string): Delivery | undefined {
    return this.deliveries.find((one) => one.id === id);
  }

  /** Keeps a record. It shows at once; the promise resolves when it is on the disk.
   * @throws {OtaError} `file.unwritable` */
  append(record: DeliveryRecord): Promise<void> {
    if (record.t === 'begin') this.#live.add(record.id);
    if (record.t === 'end') this.#live.delete(record.id);
    this.#take(record);
    this.#changed.fire(undefined);
    const line = `${formatRecord(record.t === 'begin' ? { ...record, pid: this.#pid } : record)}\n`;
    this.#countUnwritten(record.id, 1);
    return this.#inOrder(async () => {
      try {
        await withLock(this.#path, () => appendFlushed(this.#path, line), this.#clock);
      } finally {
        this.#countUnwritten(record.id, -1);
      }
      if (record.t === 'end' && this.#deliveries.size > this.#keep * SLACK) await this.#rotate(this.#keep);
    });
  }

  /** Forgets everything but what goes on.
   * @throws {OtaError} `file.unwritable`, `file.unreadable` */
  clear(): Promise<void> {
    for (const id of [...this.#deliveries.keys()]) if (!this.#live.has(id)) this.#deliveries.delete(id);
    this.#changed.fire(undefined);
    return this.#inOrder(() => this.#rotate(0));
  }

  /** Resolves when everything that was appended is on the disk, whether or not it could be written. */
  async settled(): Promise<void> {
    await this.#writing.catch(() => undefined);
  }

  dispose(): void {
    this.#changed.dispose();
  }

  #inOrder(work: () => Promise<void>): Promise<void> {
    const done = this.#writing.catch(() => undefined).then(work);
    this.#writing = done;
    // whoever appended hears of it; nobody else has to
    done.catch(() => undefined);
    return done;
  }

  #countUnwritten(id: string, change: number): void {
    const count = (this.#unwritten.get(id) ?? 0) + change;
    if (count === 0) this.#unwritten.delete(id);
    else this.#unwritten.set(id, count);
  }

  #take(record: DeliveryRecord): void {
    const next = withRecord(this.#deliveries.get(record.id), record);
    if (next !== undefined) this.#deliveries.set(record.id, next);
  }

  async #read(): Promise<void> {
    const bytes = await this.#files.read(this.#path);
    if (bytes === undefined) return;
    for (const record of recordsOf(new TextDecoder().decode(bytes.subarray(0, wholeBytesOf(bytes)))))
      this.#take(record);
    if (this.#deliveries.size > this.#keep) await this.#rotate(this.#keep);
    else if (wholeBytesOf(bytes) < bytes.length) await withLock(this.#path, () => this.#cutTorn(), this.#clock);
  }

  /** What looked torn may have been a line that another window was just writing. */
  async #cutTorn(): Promise<void> {
    const bytes = (await this.#files.read(this.#path)) ?? new Uint8Array();
    if (wholeBytesOf(bytes) < bytes.length) await cutTo(this.#path, wholeBytesOf(bytes));
  }

  /** Writes the file anew with the deliveries that stay: the newest of all windows, and what goes on in any.
   * @param keep 0 to forget everything else */
  #rotate(keep: number): Promise<void> {
    return withLock(
      this.#path,
      async () => {
        const records = recordsOf((await this.#files.readText(this.#path)) ?? '');
        const found = deliveriesOf(records);
        const own = new Set([...this.#live, ...this.#unwritten.keys()]);
        const elsewhere = new Set([...found.keys()].filter((id) => this.#goesOnElsewhere(id, found, records)));
        const all = new Map(found);
        for (const id of own) {
          const mine = this.#deliveries.get(id);
          if (mine !== undefined) all.set(id, mine);
        }
        const newest = [...all.values()].sort((a, b) => b.startedMs - a.startedMs).slice(0, keep);
        const kept = new Set([...newest.map(({ id }) => id), ...own, ...elsewhere]);
        const lines = records.flatMap((record) => (kept.has(record.id) ? [`${formatRecord(record)}\n`] : []));
        await this.#files.writeAtomic(this.#path, lines.join(''), 0o600);
        for (const id of [...this.#deliveries.keys()]) if (!kept.has(id)) this.#deliveries.delete(id);
        for (const [id, delivery] of found) {
          const isShown = kept.has(id) && !own.has(id) && !elsewhere.has(id);
          if (isShown && this.#deliveries.get(id)?.end === undefined) this.#deliveries.set(id, delivery);
        }
        this.#changed.fire(undefined);
      },
      this.#clock,
    );
  }

  /** Whether it has not ended, and the window that began it is there. */
  #goesOnElsewhere(id: string, found: ReadonlyMap<string, Delivery>, records: readonly DeliveryRecord[]): boolean {
    const delivery = found.get(id);
    if (delivery === undefined || delivery.end !== undefined) return false;
    const begun = records.findLast((record) => record.t === 'begin' && record.id === id);
    const pid = begun?.t === 'begin' ? begun.pid : undefined;
    // the number of a process that has ended is given to another one some day
    const isRecent = this.#clock.now() - delivery.startedMs < LONGEST_DELIVERY_MS;
    return pid !== undefined && pid !== this.#pid && isRecent && this.#isAlive(pid);
  }
}

function deliveriesOf(records: readonly DeliveryRecord[]): Map<string, Delivery> {
  const found = new Map<string, Delivery>();
  for (const record of records) {
    const next = withRecord(found.get(record.id), record);
    if (next !== undefined) found.set(record.id, next);
  }
  return found;
}

function recordsOf(text: string): readonly DeliveryRecord[] {
  return text.split('\n').flatMap((line) => parseRecord(line) ?? []);
}
