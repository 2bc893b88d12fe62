import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';

const BITS_PER_BYTE = 10;
/** Bytes are delivered in pieces of at most this, as they come. */
const PIECE_BYTES = 1024;

export interface WireTiming {
  /** Whether bytes take their time at all. */
  readonly isTimed: boolean;
  /** Added to each byte, in milliseconds; the bridge's latency timer and the USB frames. */
  readonly latencyMs: number;
}

interface Piece {
  readonly bytes: Uint8Array;
  readonly baud: number;
  /** When its last bit is over. */
  readonly sentAtMs: number;
}

/** One direction of a serial line. Untimed, bytes are there as soon as they are sent. */
export class Wire implements Disposable {
  readonly #clock: Clock;
  readonly #timing: WireTiming;
  readonly #deliver: (bytes: Uint8Array, baud: number) => void;
  #pieces: Piece[] = [];
  #freeAtMs = 0;
  #timer: Disposable | undefined;
  #waiting: { readonly atMostBytes: number; readonly resolve: () => void }[] = [];

  constructor(clock: Clock, timing: WireTiming, deliver: (bytes: Uint8Array, baud: number) => void) {
    this.#clock = clock;
    this.#timing = timing;
    this.#deliver = deliver;
  }

  /** Sends at a rate; the bytes must not be changed afterwards. */
  send(bytes: Uint8Array, baud: number): void {
    if (!this.#timing.isTimed) {
      this.#deliver(bytes, baud);
      return;
    }
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      const piece = bytes.subarray(at, at + PIECE_BYTES);
      this.#freeAtMs = Math.max(this.#freeAtMs, this.#clock.now()) + (piece.length * BITS_PER_BYTE * 1000) / baud;
      this.#pieces.push({ bytes: piece, baud, sentAtMs: this.#freeAtMs });
    }
    this.#schedule();
  }

  /** Resolves when no more than so many bytes are still to be delivered. */
  whenQueued(atMostBytes: number): Promise<void> {
    if (this.#queuedBytes() <= atMostBytes) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ atMostBytes, resolve }));
  }

  /** Throws away what is under way. */
  purge(): void {
    this.#timer?.dispose();
    this.#timer = undefined;
    this.#pieces = [];
    this.#freeAtMs = 0;
    this.#wake();
  }

  dispose(): void {
    this.purge();
  }

  #queuedBytes(): number {
    return this.#pieces.reduce((sum, piece) => sum + piece.bytes.length, 0);
  }

  #schedule(): void {
    const [first] = this.#pieces;
    if (first === undefined || this.#timer !== undefined) return;
    const delayMs = Math.max(0, first.sentAtMs + this.#timing.latencyMs - this.#clock.now());
    this.#timer = this.#clock.after(delayMs, () => {
      this.#timer = undefined;
      this.#deliverDue();
    });
  }

  #deliverDue(): void {
    // a timer counts whole milliseconds: what is due within half of one is delivered now
    const due = this.#clock.now() - this.#timing.latencyMs + 0.5;
    for (let first = this.#pieces[0]; first !== undefined && first.sentAtMs <= due; first = this.#pieces[0]) {
      this.#pieces.shift();
      this.#deliver(first.bytes, first.baud);
    }
    this.#wake();
    this.#schedule();
  }

  #wake(): void {
    const queued = this.#queuedBytes();
    const ready = this.#waiting.filter((entry) => entry.atMostBytes >= queued);
    this.#waiting = this.#waiting.filter((entry) => entry.atMostBytes < queued);
    for (const entry of ready) entry.resolve();
  }
}
