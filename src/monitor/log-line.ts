export type LogLevel = 'E' | 'W' | 'I' | 'D' | 'V';

/** One console line, taken apart. A line that is no log line (ROM, panic, printf) has no level, timestamp and tag. */
export interface LogLine {
  readonly level?: LogLevel;
  /** As printed: ticks in milliseconds, or `HH:MM:SS.mmm` of the day. */
  readonly timestamp?: string;
  readonly tag?: string;
  /** Without colours and trailing blanks; leading blanks stay, since some listings are aligned with them. */
  readonly message: string;
  readonly raw: string;
}

const ESCAPE = 0x1b;
const REPLACEMENT = 0xfffd;

/** Any CSI sequence, of which the colours of a log line are one kind. */
const CSI = /\x1b\[[0-?]*[ -/]*[@-~]/g;

/** The line without colours and other CSI sequences, and without the noise that a reset leaves before it. */
export function withoutColours(line: string): string {
  let text = line;
  if (text.charCodeAt(0) === ESCAPE && text.charCodeAt(1) === 0x5b) {
    const end = text.indexOf('m', 2);
    // what stands between must be a colour: digits and semicolons
    if (end > 0 && end < 12) text = text.slice(end + 1);
  }
  if (text.endsWith('\u001b[0m')) text = text.slice(0, -4);
  if (text.includes('\u001b')) text = line.replace(CSI, '');
  let start = 0;
  for (let code = text.charCodeAt(0); code < 0x20 || code === REPLACEMENT; code = text.charCodeAt(start)) start++;
  return start === 0 ? text : text.slice(start);
}

/** `L (timestamp) tag: message`, with or without colours, in either time format, or without a timestamp.
 * @see ESP-IDF v5.5 `components/log/src/log_level`, `esp_log.h` */
export function parseLogLine(raw: string): LogLine {
  const text = withoutColours(raw);
  const level = levelOf(text);
  if (level === undefined) return { message: text.trimEnd(), raw };
  let at = 2;
  let timestamp: string | undefined;
  if (text.charCodeAt(2) === 0x28) {
    const end = text.indexOf(') ', 3);
    if (end < 0) return { message: text.trimEnd(), raw };
    timestamp = text.slice(3, end);
    at = end + 2;
  }
  const colon = text.indexOf(':', at);
  if (colon <= at) return { message: text.trimEnd(), raw };
  const tag = text.slice(at, colon);
  // without a timestamp only a single word can be told from a sentence
  if (timestamp === undefined)
    return tag.includes(' ') ? { message: text.trimEnd(), raw } : { level, tag, message: rest(text, colon), raw };
  return { level, timestamp, tag, message: rest(text, colon), raw };
}

function levelOf(text: string): LogLevel | undefined {
  if (text.charCodeAt(1) !== 0x20) return undefined;
  const first = text.charAt(0);
  switch (first) {
    case 'E':
    case 'W':
    case 'I':
    case 'D':
    case 'V':
      return first;
    default:
      return undefined;
  }
}

/** What follows the colon; the Wi-Fi library writes no blank behind it. */
function rest(text: string, colon: number): string {
  return text.slice(text.charCodeAt(colon + 1) === 0x20 ? colon + 2 : colon + 1).trimEnd();
}
