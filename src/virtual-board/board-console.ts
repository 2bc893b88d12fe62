import type { Clock } from '../base/clock.ts';
import type { Disposable } from '../base/disposable.ts';
import { Emitter, type Event } from '../base/emitter.ts';

export type LogLevel = 'E' | 'W' | 'I';

const COLOURS: Record<LogLevel, string> = { E: '\u001b[0;31m', W: '\u001b[0;33m', I: '\u001b[0;32m' };
const RECENT_LINES = 2000;

/** The UART of the board, in the words of the firmware: `I (527) tag: message`, and bare lines of the ROM and of panics. */
export class BoardConsole implements Disposable {
  readonly #clock: Clock;
  readonly #bytes = new Emitter<Uint8Array>();
  readonly #lines = new Emitter<string>();
  readonly #recent: string[] = [];
  readonly #encoder = new TextEncoder();
  #bootedMs: number;
  /** Whether log lines carry ANSI colours (`CONFIG_LOG_COLORS`: default y up to 5.3, n from 5.4). */
  hasColours = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#bootedMs = clock.now();
  }

  /** What the UART sends, as bytes; each event is one line with its CR LF. */
  get onBytes(): Event<Uint8Array> {
    return this.#bytes.event;
  }

  /** The same, as text without colours and line end. */
  get onLine(): Event<string> {
    return this.#lines.event;
  }

  /** The last lines, at most 2000, oldest first, without colours. */
  get recentLines(): readonly string[] {
    return this.#recent;
  }

  /** Ticks begin again: a reset. */
  restart(): void {
    this.#bootedMs = this.#clock.now();
  }

  /** A line without level and tag. */
  raw(line: string): void {
    this.#emit(line, line);
  }

  log(level: LogLevel, tag: string, message: string): void {
    // the ROM needs some 25 ms before the first line of the bootloader
    const ticks = Math.max(0, Math.round(this.#clock.now() - this.#bootedMs)) + 25;
    const line = `${level} (${ticks}) ${tag}: ${message}`;
    this.#emit(line, this.hasColours ? `${COLOURS[level]}${line}\u001b[0m` : line);
  }

  dispose(): void {
    this.#bytes.dispose();
    this.#lines.dispose();
  }

  #emit(plain: string, sent: string): void {
    this.#recent.push(plain);
    if (this.#recent.length > RECENT_LINES) this.#recent.shift();
    this.#bytes.fire(this.#encoder.encode(`${sent}\r\n`));
    this.#lines.fire(plain);
  }
}
