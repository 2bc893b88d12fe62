import { OtaError } from '../base/ota-error.ts';

const MAX_WAITING_LINES = 100;

/** What is typed at the board: lines ended by CR, LF or both. A reset forgets what was not read. */
export class ConsoleInput {
  readonly #lines: string[] = [];
  #partial = '';
  #wake: (() => void) | undefined;

  send(text: string): void {
    const parts = (this.#partial + text).replace(/\r\n?/g, '\n').split('\n');
    this.#partial = parts.pop() ?? '';
    // an empty line is what is left of a line end that came in two
    this.#lines.push(...parts.filter((line) => line !== ''));
    this.#lines.splice(0, this.#lines.length - MAX_WAITING_LINES);
    this.#wake?.();
  }

  clear(): void {
    this.#lines.length = 0;
    this.#partial = '';
  }

  /** @throws {OtaError} `cancelled` */
  async readLine(signal: AbortSignal): Promise<string> {
    for (;;) {
      if (signal.aborted) throw new OtaError('cancelled', { what: 'virtual board' });
      const line = this.#lines.shift();
      if (line !== undefined) return line;
      await new Promise<void>((resolve) => {
        const done = (): void => {
          signal.removeEventListener('abort', done);
          this.#wake = undefined;
          resolve();
        };
        this.#wake = done;
        signal.addEventListener('abort', done, { once: true });
      });
    }
  }
}
