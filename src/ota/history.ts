import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Disposable } from '../base/disposable.ts';
import { Emitter } from '../base/emitter.ts';
import type { FileStore } from '../base/files.ts';
import { makeFolders } from '../base/make-folders.ts';
import { OtaError, systemCode } from '../base/ota-error.ts';
import { interrupted, withRecord, type Delivery, type DeliveryRecord } from './delivery.ts';
import { formatRecord, parseRecord } from './history-records.ts';

export interface HistoryOptions {
  /** JSON lines; made with its directory when the first record comes. */
  readonly path: string;
  readonly files: FileStore;
  /** How many deliveries are kept, the newest. Default 100. */
  readonly keep?: number;
}

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
  #isTorn = false;
  #writing: Promise<void> = Promise.resolve();

  readonly onChange = this.#changed.event;

  private constructor({ path, files, keep }: HistoryOptions) {
    this.#path = path;
    this.#files = files;
    this.#keep = Math.max(1, keep ?? 100);
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
    const line = `${formatRecord(record)}\n`;
    return this.#inOrder(async () => {
      // behind what was written in part, the line begins anew
      const lines = this.#isTorn ? `\n${line}` : line;
      this.#isTorn = true;
      await appendFlushed(this.#path, lines);
      this.#isTorn = false;
      if (record.t === 'end' && this.#deliveries.size > this.#keep * SLACK) await this.#rotate();
    });
  }

  /** Forgets everything but what goes on.
   * @throws {OtaError} `file.unwritable`, `file.unreadable` */
  clear(): Promise<void> {
    for (const id of [...this.#deliveries.keys()]) if (!this.#live.has(id)) this.#deliveries.delete(id);
    this.#changed.fire(undefined);
    return this.#inOrder(() => this.#rotate());
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

  #take(record: DeliveryRecord): void {
    const next = withRecord(this.#deliveries.get(record.id), record);
    if (next !== undefined) this.#deliveries.set(record.id, next);
  }

  async #read(): Promise<void> {
    const bytes = await this.#files.read(this.#path);
    if (bytes === undefined) return;
    const wholeBytes = bytes.lastIndexOf(0x0a) + 1;
    for (const record of recordsOf(new TextDecoder().decode(bytes.subarray(0, wholeBytes)))) this.#take(record);
    if (this.#deliveries.size > this.#keep) await this.#rotate();
    else if (wholeBytes < bytes.length) await cutTo(this.#path, wholeBytes);
  }

  /** Writes the file anew with the deliveries that stay: read afresh, so that another window's lines are not lost. */
  async #rotate(): Promise<void> {
    const known = [...this.#deliveries.values()].sort((a, b) => b.startedMs - a.startedMs);
    const kept = new Set([...known.slice(0, this.#keep).map((one) => one.id), ...this.#live]);
    for (const id of [...this.#deliveries.keys()]) if (!kept.has(id)) this.#deliveries.delete(id);
    const text = (await this.#files.readText(this.#path)) ?? '';
    const lines = recordsOf(text).flatMap((record) => (kept.has(record.id) ? [`${formatRecord(record)}\n`] : []));
    await this.#files.writeAtomic(this.#path, lines.join(''), 0o600);
  }
}

function recordsOf(text: string): readonly DeliveryRecord[] {
  return text.split('\n').flatMap((line) => parseRecord(line) ?? []);
}

/** One write of whole lines at the end, on the disk when it resolves. */
async function appendFlushed(path: string, lines: string): Promise<void> {
  try {
    await makeFolders(dirname(path));
    const file = await open(path, 'a', 0o600);
    try {
      await file.write(lines);
      await file.datasync();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new OtaError('file.unwritable', { path, reason: systemCode(error) ?? String(error) }, { cause: error });
  }
}

async function cutTo(path: string, bytes: number): Promise<void> {
  try {
    const file = await open(path, 'r+');
    try {
      await file.truncate(bytes);
      await file.datasync();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new OtaError('file.unwritable', { path, reason: systemCode(error) ?? String(error) }, { cause: error });
  }
}
