/**
 * Seconds with one digit, as all the scripts print times: `3.2 s`.
 * @param {number} ms
 */
export const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;

/**
 * One line for the person at the terminal.
 * @param {string} text
 */
export function say(text) {
  process.stdout.write(`${text}\n`);
}

/**
 * Says what is being done and, when it is done, how long it took. What fails is passed on.
 * @template T
 * @param {string} title
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function timed(title, work) {
  const start = performance.now();
  say(`… ${title}`);
  const result = await work();
  say(`✓ ${title}, ${seconds(performance.now() - start)}`);
  return result;
}

/** A failure whose message is all the user needs: printed without a stack. */
export class PlainError extends Error {}

/**
 * The text of anything that was thrown: the message of a {@link PlainError}, the stack of everything else.
 * @param {unknown} error
 */
export function explain(error) {
  if (error instanceof PlainError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
