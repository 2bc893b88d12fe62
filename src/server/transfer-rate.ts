/** How far back a rate looks. */
const WINDOW_MS = 3000;

/** Bytes a second over the last three seconds, from totals noted as they grow. */
export class TransferRate {
  readonly #notes: { readonly atMs: number; readonly bytes: number }[];

  constructor(startMs: number) {
    this.#notes = [{ atMs: startMs, bytes: 0 }];
  }

  /** @returns the rate up to now; over less than a millisecond, as if it had been one */
  note(atMs: number, totalBytes: number): number {
    while (this.#notes.length > 1 && atMs - (this.#notes[1]?.atMs ?? atMs) >= WINDOW_MS) this.#notes.shift();
    const first = this.#notes[0] ?? { atMs, bytes: 0 };
    this.#notes.push({ atMs, bytes: totalBytes });
    return Math.round(((totalBytes - first.bytes) * 1000) / Math.max(1, atMs - first.atMs));
  }
}
