import { toDisposable, type Disposable } from './disposable.ts';

/** Where time comes from, so that tests own it. Milliseconds everywhere. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Runs once after `delayMs`, which is finite; dispose to call it off. */
  after(delayMs: number, run: () => void): Disposable;
}

/** The longest a timer of Node can wait; told to wait longer it does not wait at all. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The computer's own clock. Its timers do not keep the process alive.
 * @throws {RangeError} from `after` for a delay that is not finite, which a timer would take for none */
export const systemClock: Clock = {
  now: () => Date.now(),
  after: (delayMs, run) => {
    if (!Number.isFinite(delayMs)) throw new RangeError(`a delay of ${delayMs} ms`);
    let timer: NodeJS.Timeout;
    const wait = (leftMs: number): void => {
      const stepMs = Math.min(leftMs, LONGEST_TIMER_MS);
      timer = setTimeout(() => {
        if (stepMs < leftMs) wait(leftMs - stepMs);
        else run();
      }, stepMs);
      timer.unref();
    };
    wait(delayMs);
    return toDisposable(() => {
      clearTimeout(timer);
    });
  },
};
