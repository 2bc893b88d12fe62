/** One line of a console as it was kept. */
export interface TailLine {
  /** Counted from 1, from the first line on. */
  readonly number: number;
  /** When it was complete, milliseconds since 1970. */
  readonly atMs: number;
  readonly text: string;
}

export interface TailOptions {
  /** Default 2000. */
  readonly mostLines?: number;
  /** Of all lines together. Default 256 Ki. */
  readonly mostCharacters?: number;
  /** A line is cut to this. Default 2000. */
  readonly longestLine?: number;
  readonly now?: () => number;
}

/** The last lines of a console, bounded, for whoever asks afterwards what was printed. */
export class LineTail {
  readonly #mostLines: number;
  readonly #mostCharacters: number;
  readonly #longestLine: number;
  readonly #now: () => number;
  #lines: TailLine[] = [];
  #first = 0;
  #characters = 0;
  #count = 0;

  constructor(options: TailOptions = {}) {
    this.#mostLines = options.mostLines ?? 2000;
    this.#mostCharacters = options.mostCharacters ?? 256 * 1024;
    this.#longestLine = options.longestLine ?? 2000;
    this.#now = options.now ?? Date.now;
  }

  /** How many lines there ever were. */
  get count(): number {
    return this.#count;
  }

  get lines(): readonly TailLine[] {
    return this.#lines.slice(this.#first);
  }

  /** @param text without colours and line end */
  push(text: string): void {
    this.#count += 1;
    const kept = text.slice(0, this.#longestLine);
    this.#lines.push({ number: this.#count, atMs: this.#now(), text: kept });
    this.#characters += kept.length;
    while (this.#lines.length - this.#first > this.#mostLines || this.#characters > this.#mostCharacters) {
      this.#characters -= this.#lines[this.#first]?.text.length ?? 0;
      this.#first += 1;
    }
    // what is gone is let go of in pieces, so that a line costs the same however many are kept
    if (this.#first > this.#mostLines) {
      this.#lines = this.#lines.slice(this.#first);
      this.#first = 0;
    }
  }
}
