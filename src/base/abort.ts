import { systemClock, type Clock } from './clock.ts';
import { OtaError } from './ota-error.ts';

/** @throws {OtaError} `cancelled` when the signal is aborted already. */
export function throwIfCancelled(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted === true) throw new OtaError('cancelled', { what });
}

/** Waits, and ends early when cancelled.
 * @throws {OtaError} `cancelled` */
export function sleep(delayMs: number, signal?: AbortSignal, clock: Clock = systemClock): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(new OtaError('cancelled', { what: 'wait' }));
      return;
    }
    const timer = clock.after(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    const onAbort = (): void => {
      timer.dispose();
      reject(new OtaError('cancelled', { what: 'wait' }));
    };
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** The promise's value, unless `afterMs` pass or the signal is aborted first. The work itself goes on: hand it the same signal to end it.
 * @throws {OtaError} `timeout`, `cancelled` */
export async function withDeadline<T>(
  work: Promise<T>,
  afterMs: number,
  what: string,
  signal?: AbortSignal,
  clock: Clock = systemClock,
): Promise<T> {
  const stop = new AbortController();
  const onAbort = (): void => {
    stop.abort();
  };
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted === true) onAbort();
  try {
    return await Promise.race([
      work,
      sleep(afterMs, stop.signal, clock).then(
        () => Promise.reject(new OtaError('timeout', { what, afterMs })),
        () => Promise.reject(new OtaError('cancelled', { what })),
      ),
    ]);
  } finally {
    signal?.removeEventListener('abort', onAbort);
    stop.abort();
  }
}

/** The promise's value, unless the signal is aborted first: for what can't be ended, such as a question that stands until it is answered.
 * @throws {OtaError} `cancelled` */
export async function unlessCancelled<T>(work: Promise<T>, what: string, signal: AbortSignal): Promise<T> {
  // whatever it comes to then, nobody waits for it
  work.catch(() => undefined);
  throwIfCancelled(signal, what);
  let cancel: () => void = () => undefined;
  const cancelled = new Promise<never>((_, reject) => {
    cancel = () => {
      reject(new OtaError('cancelled', { what }));
    };
  });
  signal.addEventListener('abort', cancel, { once: true });
  try {
    return await Promise.race([work, cancelled]);
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}
