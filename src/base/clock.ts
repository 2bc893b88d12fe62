import { toDisposable, type Disposable } from './disposable.ts';

/** Where time comes from, so that tests own it. Milliseconds everywhere. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Runs once after `delayMs`; dispose to call it off. */
  after(delayMs: number, run: () => void): Disposable;
}

/** The computer's own clock. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    timer.unref();
    return toDisposable(() => {
      clearTimeout(timer);
    });
  },
};
