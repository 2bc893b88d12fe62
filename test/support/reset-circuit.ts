import type { ModemLines } from '../../src/serial/serial-transport.ts';

export type Booted = 'untouched' | 'app' | 'loader' | 'held';

/** The two transistors of a development kit: EN is low while RTS is asserted and DTR is not, IO0 low while DTR is asserted and RTS is not. EN
 * rises slowly: IO0 is looked at `riseMs` after it was let go.
 * @see ESP32-DevKitC V4 schematic, "Auto program" truth table */
export class ResetCircuit {
  readonly #riseMs: number;
  #lines: ModemLines;
  #risesAtMs: number | undefined;
  #booted: Booted = 'untouched';
  readonly history: Booted[] = [];

  constructor(lines: ModemLines = { dtr: false, rts: false }, riseMs = 3) {
    this.#lines = lines;
    this.#riseMs = riseMs;
  }

  /** What runs at a moment. */
  at(nowMs: number): Booted {
    if (this.#risesAtMs !== undefined && nowMs >= this.#risesAtMs + this.#riseMs) {
      this.#booted = this.#lines.dtr && !this.#lines.rts ? 'loader' : 'app';
      this.history.push(this.#booted);
      this.#risesAtMs = undefined;
    }
    return this.#booted;
  }

  get lines(): ModemLines {
    return this.#lines;
  }

  set(lines: ModemLines, nowMs: number): void {
    this.at(nowMs);
    const isLow = (of: ModemLines): boolean => of.rts && !of.dtr;
    if (isLow(lines)) {
      this.#booted = 'held';
      this.#risesAtMs = undefined;
    } else if (isLow(this.#lines)) {
      this.#risesAtMs = nowMs;
    }
    this.#lines = lines;
  }
}

type Step = Partial<ModemLines> | { readonly waitMs: number };

/** What a sequence does to a board, played with 1 ms between steps that have no wait. */
export function bootedAs(sequence: readonly Step[], before: ModemLines = { dtr: false, rts: false }): Booted {
  const circuit = new ResetCircuit(before);
  let nowMs = 0;
  for (const step of sequence) {
    if ('waitMs' in step) nowMs += step.waitMs;
    else circuit.set({ ...circuit.lines, ...step }, nowMs++);
  }
  return circuit.at(nowMs + 1000);
}
