export type FlashPhase =
  | 'connecting'
  | 'identifying'
  | 'stub'
  | 'baud'
  | 'comparing'
  | 'erasing'
  | 'writing'
  | 'verifying'
  | 'reading'
  /** For the user's answer. */
  | 'waiting'
  | 'resetting';

/** How far it is. Without `totalBytes` nobody knows how long the phase takes. */
export interface FlashProgress {
  readonly phase: FlashPhase;
  /** Name of the file at work, when there is one. */
  readonly file?: string;
  /** Bytes of all files together, those that need not be written among the done ones. */
  readonly doneBytes?: number;
  readonly totalBytes?: number;
  /** Of the file at work alone. */
  readonly fileDoneBytes?: number;
  readonly fileBytes?: number;
  /** Over the last seconds. */
  readonly bytesPerSecond?: number;
  /** Until the end of this phase at that pace, in milliseconds. */
  readonly leftMs?: number;
}

export type OnProgress = (progress: FlashProgress) => void;

const WINDOW_MS = 5000;
const EARLIEST_MS = 250;

/** Turns counts of bytes into progress with pace and time left. */
export class ByteMeter {
  readonly #phase: FlashPhase;
  readonly #totalBytes: number;
  readonly #report: OnProgress | undefined;
  readonly #now: () => number;
  #samples: { readonly atMs: number; readonly workBytes: number }[] = [];
  #workBytes = 0;
  #doneBytes = 0;
  #file: { readonly startBytes: number; readonly lengthBytes: number } | undefined;

  constructor(phase: FlashPhase, totalBytes: number, report: OnProgress | undefined, now: () => number) {
    this.#phase = phase;
    this.#totalBytes = totalBytes;
    this.#report = report;
    this.#now = now;
  }

  get doneBytes(): number {
    return this.#doneBytes;
  }

  /** What follows is about a file of so many bytes. */
  beginFile(lengthBytes: number): void {
    this.#file = { startBytes: this.#doneBytes, lengthBytes };
  }

  /** Bytes that took work, of which the pace is made, or (`isFree`) that were done already. */
  add(bytes: number, file?: string, isFree = false): void {
    this.#doneBytes = Math.min(this.#totalBytes, this.#doneBytes + bytes);
    if (!isFree) this.#workBytes += bytes;
    this.tell(file);
  }

  /** Goes back: work that has to be done again. */
  setDone(doneBytes: number, file?: string): void {
    this.#doneBytes = doneBytes;
    this.tell(file);
  }

  tell(file?: string): void {
    if (this.#report === undefined) return;
    const atMs = this.#now();
    this.#samples.push({ atMs, workBytes: this.#workBytes });
    while ((this.#samples[0]?.atMs ?? atMs) < atMs - WINDOW_MS && this.#samples.length > 2) this.#samples.shift();
    const first = this.#samples[0];
    const spanMs = first === undefined ? 0 : atMs - first.atMs;
    const pace =
      first === undefined || spanMs < EARLIEST_MS ? 0 : ((this.#workBytes - first.workBytes) * 1000) / spanMs;
    const leftBytes = this.#totalBytes - this.#doneBytes;
    this.#report({
      phase: this.#phase,
      ...(file === undefined ? {} : { file }),
      doneBytes: this.#doneBytes,
      totalBytes: this.#totalBytes,
      ...(this.#file === undefined
        ? {}
        : {
            fileDoneBytes: Math.max(0, this.#doneBytes - this.#file.startBytes),
            fileBytes: this.#file.lengthBytes,
          }),
      ...(pace <= 0 ? {} : { bytesPerSecond: Math.round(pace), leftMs: Math.round((leftBytes * 1000) / pace) }),
    });
  }
}
