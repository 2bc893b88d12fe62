import { systemClock, type Clock } from '../base/clock.ts';
import type { Disposable } from '../base/disposable.ts';
import { Emitter, type Event } from '../base/emitter.ts';

export interface OutputGateOptions {
  /** The text that stands in the place of what did not fit. */
  readonly tellDropped: (dropped: { readonly lines: number; readonly bytes: number }) => string;
  /** What is kept while nothing is let out, in characters. Default 1 Mi. */
  readonly keptCharacters?: number;
  /** Texts within this time come out as one. Default 16. */
  readonly togetherMs?: number;
  readonly clock?: Clock;
}

interface Piece {
  text: string;
  isReady: boolean;
}

/** Fewer dropped pieces than these are not worth moving the others for. */
const COMPACT_FROM = 1024;

/** Lets text out in larger pieces, and can be closed for a while. What comes meanwhile is kept, the newest of it if it is too much. */
export class OutputGate implements Disposable {
  readonly #options: Required<OutputGateOptions>;
  readonly #output = new Emitter<string>();
  #isClosed = false;
  #kept: Piece[] = [];
  /** Those before it are dropped already, and taken away many at a time. */
  #first = 0;
  #keptCharacters = 0;
  #droppedLines = 0;
  #droppedBytes = 0;
  #timer: Disposable | undefined;

  constructor(options: OutputGateOptions) {
    this.#options = { keptCharacters: 1024 * 1024, togetherMs: 16, clock: systemClock, ...options };
  }

  get onOutput(): Event<string> {
    return this.#output.event;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** What waits now. */
  get keptCharacters(): number {
    return this.#keptCharacters;
  }

  write(text: string): void {
    if (text !== '') this.#keep({ text, isReady: true });
  }

  /** Keeps a place behind what was written so far; what is written later waits until the place is filled. */
  reserve(): { fill(text: string): void } {
    const piece: Piece = { text: '', isReady: false };
    this.#keep(piece);
    return {
      fill: (text) => {
        if (piece.isReady) return;
        piece.isReady = true;
        if (!this.#kept.includes(piece)) return;
        piece.text = text;
        this.#keptCharacters += text.length;
        this.#schedule();
      },
    };
  }

  /** Nothing comes out any more, but what was written before. */
  close(): void {
    this.flush();
    this.#isClosed = true;
  }

  /** Lets out what was kept, behind `text`, or behind the word about what was lost. */
  open(text: string): void {
    if (!this.#isClosed) return;
    this.#isClosed = false;
    if (this.#droppedBytes === 0) {
      this.#compact();
      this.#kept.unshift({ text, isReady: true });
      this.#keptCharacters += text.length;
    }
    this.#schedule();
  }

  /** Lets out what may come out, now. */
  flush(): void {
    this.#timer?.dispose();
    this.#timer = undefined;
    if (this.#isClosed) return;
    this.#compact();
    const ready = this.#kept.findIndex((piece) => !piece.isReady);
    const text = this.#kept
      .splice(0, ready < 0 ? this.#kept.length : ready)
      .map((piece) => piece.text)
      .join('');
    this.#keptCharacters -= text.length;
    if (text !== '') this.#output.fire(`${this.#aboutDropped()}${text}`);
  }

  dispose(): void {
    this.#timer?.dispose();
    this.#output.dispose();
  }

  #keep(piece: Piece): void {
    this.#kept.push(piece);
    this.#keptCharacters += piece.text.length;
    // the timer comes late when the computer is busy
    if (this.#keptCharacters > this.#options.keptCharacters) this.flush();
    while (this.#keptCharacters > this.#options.keptCharacters && this.#dropOldest());
    this.#schedule();
  }

  /** A place that waits to be filled stays, and so does what came last. */
  #dropOldest(): boolean {
    let oldest = this.#first;
    while (this.#kept[oldest]?.isReady === false) oldest += 1;
    const piece = this.#kept[oldest];
    if (piece === undefined || oldest === this.#kept.length - 1) return false;
    // the places that wait in front of it, which are few, move up
    this.#kept.copyWithin(this.#first + 1, this.#first, oldest);
    this.#first += 1;
    if (this.#first > COMPACT_FROM && this.#first > this.#kept.length / 2) this.#compact();
    const { text } = piece;
    this.#keptCharacters -= text.length;
    this.#droppedBytes += Buffer.byteLength(text);
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#droppedLines++;
    return true;
  }

  #compact(): void {
    if (this.#first > 0) this.#kept = this.#kept.slice(this.#first);
    this.#first = 0;
  }

  #aboutDropped(): string {
    if (this.#droppedBytes === 0) return '';
    const dropped = { lines: this.#droppedLines, bytes: this.#droppedBytes };
    this.#droppedLines = 0;
    this.#droppedBytes = 0;
    return this.#options.tellDropped(dropped);
  }

  #schedule(): void {
    if (this.#isClosed || this.#timer !== undefined) return;
    this.#timer = this.#options.clock.after(this.#options.togetherMs, () => {
      this.#timer = undefined;
      this.flush();
    });
  }
}
