import { OtaError } from '../base/ota-error.ts';
import './errors.ts';
import { BYTE_ORDER_MARK, dominantEnding, joinLines, splitLines, type TextLine } from './text-lines.ts';

/** One assignment. */
export interface SdkconfigEntry {
  /** Without `CONFIG_`. */
  readonly name: string;
  /** As written after `=`, trailing blanks removed; `n` for a line `# CONFIG_X is not set`. */
  readonly raw: string;
  /** The text inside the quotes with its escapes undone, or `raw` when it is not quoted. */
  readonly value: string;
  readonly isQuoted: boolean;
  /** ESP-IDF 6 marked the value as a default (`# default:` above it): an edit has to take the mark away, or the value is replaced. */
  readonly isDefault: boolean;
  /** 1-based. */
  readonly line: number;
}

export interface SdkconfigProblem {
  readonly code: 'sdkconfig.malformedLine';
  readonly line: number;
  readonly details: { readonly text: string };
}

export interface Sdkconfig {
  /** By name without `CONFIG_`; the last assignment of a name counts. */
  readonly entries: ReadonlyMap<string, SdkconfigEntry>;
  /** Old names that ESP-IDF repeats at the end of the file for other tools. It does not read them back. */
  readonly deprecated: ReadonlyMap<string, SdkconfigEntry>;
  /** Version in the header, such as `5.4.4`. */
  readonly idfVersion?: string;
  readonly problems: readonly SdkconfigProblem[];
}

/** What a symbol is set to: a bool, a whole number (hexadecimal stays hexadecimal), a hexadecimal number, or a string. */
export type SdkconfigValue = boolean | number | string | { readonly hex: number };

const DEPRECATED_BEGIN = '# Deprecated options for backward compatibility';
const DEPRECATED_END = '# End of deprecated options';
const HEADER = /^# Espressif IoT Development Framework \(ESP-IDF\)\s+(\S+)\s+Project (?:Minimal )?Configuration/;

type Line =
  | {
      readonly kind: 'assignment';
      readonly name: string;
      readonly raw: string;
      readonly value: string;
      readonly isQuoted: boolean;
    }
  | { readonly kind: 'defaultMark' | 'deprecatedBegin' | 'deprecatedEnd' | 'comment' | 'malformed' };

/** The name without `CONFIG_`, whichever way it is given. */
export function symbolName(name: string): string {
  return name.startsWith('CONFIG_') ? name.slice('CONFIG_'.length) : name;
}

function readLine(text: string): Line {
  const line = text.trimEnd();
  if (line === '') return { kind: 'comment' };
  if (line.startsWith('#')) {
    if (line === '# default:') return { kind: 'defaultMark' };
    if (line === DEPRECATED_BEGIN) return { kind: 'deprecatedBegin' };
    if (line === DEPRECATED_END) return { kind: 'deprecatedEnd' };
    const unset = /^# CONFIG_([A-Za-z0-9_]+) is not set/.exec(line);
    return unset?.[1] === undefined
      ? { kind: 'comment' }
      : { kind: 'assignment', name: unset[1], raw: 'n', value: 'n', isQuoted: false };
  }
  const set = /^CONFIG_([A-Za-z0-9_]+)=(.*)$/s.exec(line);
  if (set?.[1] === undefined || set[2] === undefined) return { kind: 'malformed' };
  const raw = set[2];
  if (!raw.startsWith('"')) return { kind: 'assignment', name: set[1], raw, value: raw, isQuoted: false };
  const value = readQuoted(raw);
  return value === undefined ? { kind: 'malformed' } : { kind: 'assignment', name: set[1], raw, value, isQuoted: true };
}

/** The content of a text that starts with a quote; what follows the closing quote is ignored, as Kconfig does. */
function readQuoted(raw: string): string | undefined {
  let value = '';
  for (let index = 1; index < raw.length; index++) {
    const character = raw.charAt(index);
    if (character === '"') return value;
    if (character === '\\') index++;
    if (index < raw.length) value += raw.charAt(index);
  }
  return undefined;
}

/** Reads an sdkconfig or sdkconfig.defaults. Total: a line that Kconfig would skip with a warning is a problem, not an error.
 * @see esp-idf-kconfig `kconfiglib/core.py` (`_load_config`), `kconfgen/core.py` (`DeprecatedOptions`) */
export function parseSdkconfig(text: string): Sdkconfig {
  const entries = new Map<string, SdkconfigEntry>();
  const deprecated = new Map<string, SdkconfigEntry>();
  const problems: SdkconfigProblem[] = [];
  let idfVersion: string | undefined;
  let isInDeprecated = false;
  let isDefault = false;
  splitLines(text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text).forEach((source, index) => {
    const line = readLine(source.text);
    if (line.kind === 'deprecatedBegin') isInDeprecated = true;
    else if (line.kind === 'deprecatedEnd') isInDeprecated = false;
    else if (line.kind === 'malformed') {
      problems.push({ code: 'sdkconfig.malformedLine', line: index + 1, details: { text: source.text.slice(0, 200) } });
    } else if (line.kind === 'assignment') {
      const { name, raw, value, isQuoted } = line;
      (isInDeprecated ? deprecated : entries).set(name, { name, raw, value, isQuoted, isDefault, line: index + 1 });
    } else if (line.kind === 'comment') {
      idfVersion ??= HEADER.exec(source.text)?.[1];
    }
    isDefault = line.kind === 'defaultMark';
  });
  return { entries, deprecated, ...(idfVersion === undefined ? {} : { idfVersion }), problems };
}

/** A line for a symbol.
 * @throws {OtaError} `sdkconfig.badName`, `sdkconfig.badValue` */
export function formatAssignment(name: string, value: SdkconfigValue, style: 'decimal' | 'hex' = 'decimal'): string {
  const symbol = symbolName(name);
  if (!/^[A-Za-z0-9_]+$/.test(symbol)) throw new OtaError('sdkconfig.badName', { name });
  if (typeof value === 'boolean') return value ? `CONFIG_${symbol}=y` : `# CONFIG_${symbol} is not set`;
  if (typeof value === 'string') {
    if (/[\r\n\0]/.test(value)) throw new OtaError('sdkconfig.badValue', { name, reason: 'lineBreak' });
    return `CONFIG_${symbol}="${value.replace(/["\\]/g, '\\$&')}"`;
  }
  const number = typeof value === 'number' ? value : value.hex;
  if (!Number.isSafeInteger(number)) throw new OtaError('sdkconfig.badValue', { name, reason: 'notInteger' });
  const isHex = (typeof value === 'object' || style === 'hex') && number >= 0;
  return `CONFIG_${symbol}=${isHex ? `0x${number.toString(16)}` : number}`;
}

/** Sets symbols (`null` takes a symbol out, so that its default counts again) and keeps every other byte: line endings, comments, order, a byte
 * order mark, a missing final line ending.
 *
 * - Of several assignments the last one, which counts, is changed.
 * - A `# default:` mark of a changed symbol goes away: ESP-IDF 6 would replace the value otherwise.
 * - The block of deprecated names is never touched: ESP-IDF skips it when reading and writes it anew.
 * - A new symbol goes below the symbol with the longest common beginning of its name, else in front of the deprecated block or at the end.
 *
 * @throws {OtaError} `sdkconfig.badName`, `sdkconfig.badValue` */
export function editSdkconfig(text: string, changes: ReadonlyMap<string, SdkconfigValue | null>): string {
  const mark = text.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK : '';
  const lines = splitLines(text.slice(mark.length));
  const ending = dominantEnding(lines);
  for (const [name, value] of changes) {
    if (value === null) removeSymbol(lines, symbolName(name));
    else setSymbol(lines, symbolName(name), value, ending);
  }
  return mark + joinLines(lines);
}

/** Where symbols of the live part stand: indexes into `lines`. The deprecated block begins at `endIndex` at the latest. */
function liveAssignments(lines: readonly TextLine[]): { found: { index: number; name: string }[]; endIndex: number } {
  const found: { index: number; name: string }[] = [];
  let endIndex = lines.length;
  let isInDeprecated = false;
  lines.forEach((source, index) => {
    const line = readLine(source.text);
    if (line.kind === 'deprecatedBegin') {
      isInDeprecated = true;
      endIndex = Math.min(endIndex, index);
    } else if (line.kind === 'deprecatedEnd') isInDeprecated = false;
    else if (line.kind === 'assignment' && !isInDeprecated) found.push({ index, name: line.name });
  });
  return { found, endIndex };
}

function takeDefaultMark(lines: TextLine[], index: number): void {
  const above = lines[index - 1];
  if (above !== undefined && readLine(above.text).kind === 'defaultMark') lines.splice(index - 1, 1);
}

function removeSymbol(lines: TextLine[], name: string): void {
  for (const { index } of liveAssignments(lines)
    .found.filter((line) => line.name === name)
    .reverse()) {
    lines.splice(index, 1);
    takeDefaultMark(lines, index);
  }
}

function setSymbol(lines: TextLine[], name: string, value: SdkconfigValue, ending: TextLine['ending']): void {
  const { found, endIndex } = liveAssignments(lines);
  const place = found.filter((line) => line.name === name).at(-1);
  const old = place === undefined ? undefined : lines[place.index];
  if (place !== undefined && old !== undefined) {
    const text = formatAssignment(name, value, /=0[xX]/.test(old.text) ? 'hex' : 'decimal');
    lines[place.index] = { text, ending: old.ending };
    takeDefaultMark(lines, place.index);
    return;
  }
  insertLine(lines, newPlace(lines, found, endIndex, name), formatAssignment(name, value), ending);
}

function newPlace(
  lines: readonly TextLine[],
  found: readonly { index: number; name: string }[],
  endIndex: number,
  name: string,
): number {
  let best: { index: number; words: number } | undefined;
  for (const line of found) {
    const words = commonWords(line.name, name);
    if (words >= 2 && line.index < endIndex && (best === undefined || words >= best.words)) {
      best = { index: line.index + 1, words };
    }
  }
  if (best !== undefined) return best.index;
  let index = endIndex;
  while (endIndex < lines.length && index > 0 && lines[index - 1]?.text.trim() === '') index--;
  // below a mark that stands alone the new value would count as a default
  while (index > 0 && readLine(lines[index - 1]?.text ?? '').kind === 'defaultMark') index--;
  return index;
}

function commonWords(one: string, other: string): number {
  const words = one.split('_');
  const others = other.split('_');
  let count = 0;
  while (count < words.length && words[count] === others[count]) count++;
  return count;
}

function insertLine(lines: TextLine[], index: number, text: string, ending: TextLine['ending']): void {
  const above = lines[index - 1];
  if (index === lines.length && above?.ending === '') {
    lines[index - 1] = { ...above, ending };
    lines.push({ text, ending: '' });
  } else {
    lines.splice(index, 0, { text, ending });
  }
}
