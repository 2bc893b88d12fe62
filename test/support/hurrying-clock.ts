import { toDisposable } from '../../src/base/disposable.ts';
import { systemClock, type Clock } from '../../src/base/clock.ts';

/** Every wait ends as soon as the promises that are due have run, the shortest first, and time moves by it. */
export class HurryingClock implements Clock {
  #nowMs = 1_000_000;
  readonly #waits = new Set<{ atMs: number; run: () => void }>();
  /** Delays in the order they were asked for. */
  readonly asked: number[] = [];
  #isDue = false;

  now(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): { dispose(): void } {
    this.asked.push(delayMs);
    const wait = { atMs: this.#nowMs + delayMs, run };
    this.#waits.add(wait);
    this.#hurry();
    return toDisposable(() => this.#waits.delete(wait));
  }

  #hurry(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      const next = [...this.#waits].sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) return;
      this.#waits.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.run();
      if (this.#waits.size > 0) this.#hurry();
    });
  }
}

/** Time moves only when told to. */
export class ManualClock implements Clock {
  #nowMs = 1_000_000;
  readonly #waits = new Set<{ atMs: number; run: () => void }>();

  now(): number {
    return this.#nowMs;
  }

  get waiting(): number {
    return this.#waits.size;
  }

  after(delayMs: number, run: () => void): { dispose(): void } {
    const wait = { atMs: this.#nowMs + delayMs, run };
    this.#waits.add(wait);
    return toDisposable(() => this.#waits.delete(wait));
  }

  /** Runs what is due, in order, with the promises in between. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      const due = [...this.#waits].filter((wait) => wait.atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (due === undefined) break;
      this.#waits.delete(due);
      this.#nowMs = due.atMs;
      due.run();
    }
    this.#nowMs = untilMs;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** The computer's clock, with the delays that were asked for written down. */
export function recordingClock(): Clock & { readonly asked: number[] } {
  const asked: number[] = [];
  return {
    asked,
    now: () => systemClock.now(),
    after: (delayMs, run) => {
      asked.push(delayMs);
      return systemClock.after(delayMs, run);
    },
  };
}
