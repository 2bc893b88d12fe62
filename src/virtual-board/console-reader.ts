import type { Clock } from '../base/clock.ts';
import type { Disposable } from '../base/disposable.ts';
import type { Event } from '../base/emitter.ts';
import { OtaError } from '../base/ota-error.ts';

/** What a line has to contain, match or satisfy. */
export type LineMatch = string | RegExp | ((line: string) => boolean);

export interface WaitOptions {
  readonly signal?: AbortSignal | undefined;
  /** Default 10000. */
  readonly timeoutMs?: number | undefined;
}

function isMatch(line: string, match: LineMatch): boolean {
  if (typeof match === 'string') return line.includes(match);
  return match instanceof RegExp ? match.test(line) : match(line);
}

const MAX_UNREAD_LINES = 10_000;

/** Follows a console in order, as `pexpect` does: each wait goes on behind the line that ended the one before, so nothing between is missed. */
export class ConsoleReader implements Disposable {
  readonly #clock: Clock;
  readonly #subscription: Disposable;
  readonly #unread: string[] = [];
  #wake: (() => void) | undefined;

  constructor(onLine: Event<string>, clock: Clock) {
    this.#clock = clock;
    this.#subscription = onLine((line) => {
      this.#unread.push(line);
      if (this.#unread.length > MAX_UNREAD_LINES) this.#unread.shift();
      this.#wake?.();
    });
  }

  /** The next line that matches; the ones before it are passed over.
   * @throws {OtaError} `timeout` (its cause has the lines that came instead), `cancelled` */
  async until(match: LineMatch, options: WaitOptions = {}): Promise<string> {
    const { signal, timeoutMs = 10_000 } = options;
    const passed: string[] = [];
    const deadline = this.#clock.now() + timeoutMs;
    for (;;) {
      for (let line = this.#unread.shift(); line !== undefined; line = this.#unread.shift()) {
        if (isMatch(line, match)) return line;
        passed.push(line);
      }
      if (signal?.aborted === true) throw new OtaError('cancelled', { what: String(match) });
      const leftMs = deadline - this.#clock.now();
      if (leftMs <= 0) {
        const cause = new Error(`console instead:\n${passed.slice(-60).join('\n')}`);
        throw new OtaError('timeout', { what: String(match), afterMs: timeoutMs }, { cause });
      }
      await this.#news(leftMs, signal);
    }
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#wake?.();
  }

  #news(withinMs: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        timer.dispose();
        signal?.removeEventListener('abort', done);
        this.#wake = undefined;
        resolve();
      };
      const timer = this.#clock.after(withinMs, done);
      this.#wake = done;
      signal?.addEventListener('abort', done, { once: true });
    });
  }
}
