import { createDeviceText } from './device-text.ts';
import { parsePrintFilter, type PrintFilter } from './print-filter.ts';

export interface RenderOptions {
  /** The time of day before each line. Default off. */
  readonly hasTimestamps?: boolean;
  /** Default: everything is shown. */
  readonly filter?: PrintFilter;
}

export interface RenderContext {
  readonly nowMs: number;
  /** A line of a panic, which no filter hides. */
  readonly isPanic: boolean;
}

const RESET = '\u001b[0m';
const NOTICE = '\u001b[36m';
const COLOURS: Readonly<Record<string, string>> = { E: '\u001b[0;31m', W: '\u001b[0;33m', I: '\u001b[0;32m' };
const COLOURED = /^[EWI] \([\d:. -]+\) /;

/** More than this of an unfinished line is not waited with. */
const LONGEST_PART = 4096;

/** Turns what a board sends into text for a terminal: escape sequences that could act on it are taken out, lines get the colour of their level when
 * the firmware sends none, a timestamp, and are left out when the filter says so. Carriage returns within a line stay, for progress bars.
 * @see esp-idf-monitor 1.8 `base/serial_handler.py`, `base/logger.py`: the same colours */
export class ConsoleRenderer {
  readonly #text = createDeviceText();
  readonly #everything = parsePrintFilter('');
  #options: RenderOptions;
  /** The beginning of a line that was not shown yet. */
  #part = '';
  /** A line whose beginning was shown, or left out, already. */
  #open: { readonly isShown: boolean; readonly isColoured: boolean } | undefined;

  constructor(options: RenderOptions = {}) {
    this.#options = options;
  }

  get options(): RenderOptions {
    return this.#options;
  }

  configure(change: RenderOptions): void {
    this.#options = { ...this.#options, ...change };
  }

  /** Whether the beginning of a line waits for its end; see {@link flush}. */
  get hasPart(): boolean {
    return this.#part !== '';
  }

  /** The text for the next bytes. Give it whole lines where there are some. */
  push(bytes: Uint8Array, context: RenderContext): string {
    const text = this.#text.push(bytes);
    let shown = '';
    let from = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      shown += this.#line(withoutCr(this.#part + text.slice(from, end)), context);
      this.#part = '';
      from = end + 1;
    }
    this.#part += text.slice(from);
    return this.#part.length > LONGEST_PART || this.#open !== undefined ? shown + this.flush(context) : shown;
  }

  /** Shows what has come of an unfinished line, such as a prompt. What follows continues it. */
  flush(context: RenderContext): string {
    const part = this.#part;
    if (part === '') return '';
    this.#part = '';
    if (this.#open !== undefined) return this.#open.isShown ? part : '';
    const isShown = this.#isShown(part, context);
    const colour = colourOf(part);
    this.#open = { isShown, isColoured: colour !== '' };
    return isShown ? `${this.#timestamp(context)}${colour}${part}` : '';
  }

  /** Lines of the monitor itself, on lines of their own. */
  notice(text: string): string {
    const isWithin = this.#open?.isShown === true;
    this.#open = undefined;
    return `${isWithin ? `${RESET}\r\n` : ''}${noticeText(text)}`;
  }

  #line(line: string, context: RenderContext): string {
    const open = this.#open;
    this.#open = undefined;
    if (open !== undefined) return open.isShown ? `${line}${open.isColoured ? RESET : ''}\r\n` : '';
    if (!this.#isShown(line, context)) return '';
    const colour = colourOf(line);
    return `${this.#timestamp(context)}${colour}${line}${colour === '' ? '' : RESET}\r\n`;
  }

  #isShown(line: string, { isPanic }: RenderContext): boolean {
    return isPanic || (this.#options.filter ?? this.#everything).shows(line);
  }

  #timestamp({ nowMs }: RenderContext): string {
    return this.#options.hasTimestamps === true ? `${timeOfDay(nowMs)} ` : '';
  }
}

/** One or more lines of the monitor itself, where a line begins anyhow. */
export function noticeText(text: string): string {
  // names of functions and what was typed are in it: they do not act on the terminal either
  return text
    .replace(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/g, '')
    .split('\n')
    .map((line) => `${NOTICE}--- ${line}${RESET}\r\n`)
    .join('');
}

function colourOf(line: string): string {
  return COLOURED.test(line) ? (COLOURS[line.charAt(0)] ?? '') : '';
}

function withoutCr(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}

/** `10:20:30.456`, in the zone of this computer. */
export function timeOfDay(atMs: number): string {
  const at = new Date(atMs);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, '0')}`;
}
