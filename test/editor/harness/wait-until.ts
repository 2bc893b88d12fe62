import { setTimeout as wait } from 'node:timers/promises';

/**
 * Asks again and again until the answer is there, and gives it. For effects outside the page (a file, a server), where there is no event.
 * @param ask undefined and false mean "not yet"; what it throws counts as "not yet" too, and is told when the time is over
 * @param what for the message: "the file build/app.bin"; a function is asked when the time is over
 * @param timeoutMs default 45,000
 */
export async function waitUntil<T>(
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  what: string | (() => string),
  timeoutMs = 45_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  let lastError: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() > deadline) {
      throw new Error(`waited ${timeoutMs} ms in vain for ${typeof what === 'string' ? what : what()}`, {
        cause: lastError,
      });
    }
    await wait(50);
  }
}
