import { OtaError } from '../../base/ota-error.ts';

/** Questions that are kept. One that nobody answered is forgotten behind them. */
const MOST = 100;

/** What the user was asked last, by tool and input. Between the question and the answer a setting, a port or the server may have changed: then what
 * would run is not what was agreed to. */
export class Agreements {
  readonly #asked = new Map<string, string>();

  /** @param what will be done: every word of the question, and what stands behind its words */
  ask(tool: string, input: unknown, what: string): void {
    const key = keyOf(tool, input);
    this.#asked.delete(key);
    this.#asked.set(key, what);
    const [oldest] = this.#asked.keys();
    if (oldest !== undefined && this.#asked.size > MOST) this.#asked.delete(oldest);
  }

  /** @param what would be done now
   * @throws {OtaError} `tool.changed` when that is not what was asked last */
  mustMatch(tool: string, input: unknown, what: string): void {
    if (this.#asked.get(keyOf(tool, input)) !== what) throw new OtaError('tool.changed', {});
  }
}

/** The same for the same fields, in whatever order they come. */
function keyOf(tool: string, input: unknown): string {
  const fields = Object.entries(input ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return `${tool} ${JSON.stringify(fields)}`;
}
