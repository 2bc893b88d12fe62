/** A field of a row, trimmed, with its place in the file. */
export interface CsvField {
  /** With what variables stand for. */
  readonly text: string;
  /** As it stands in the file. What variables stand for may be a secret, and is for nobody to be told. */
  readonly written: string;
  /** 1-based, in UTF-16 units, as editors count. */
  readonly column: number;
  /** In UTF-16 units; 0 for a field that is not there. */
  readonly length: number;
}

/** A row of the CSV that is neither blank nor a comment. */
export interface CsvRow {
  /** 1-based, as editors count lines. */
  readonly line: number;
  readonly column: number;
  readonly length: number;
  /** At least six: name, type, subtype, offset, size, flags. */
  readonly fields: readonly CsvField[];
  /** A variable at the start of the row that the environment does not have. */
  readonly unknownVariable?: string;
}

/** What Python's `str.splitlines` splits at. Of these an editor counts only CR, LF and CR LF as line ends. */
const LINE_END = /\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/g;
const VARIABLE = /\$(?:(\w+)|\{([^}]*)\})/g;
/** The same where no brace closes any more: every open one would be read to the end of the line. */
const PLAIN_VARIABLE = /\$(\w+)/g;
const FIELD_COUNT = 6;
/** Fields of a row that are looked at: what follows changes nothing. */
const MAXIMUM_FIELDS = 32;
/** Rows that are looked at: a table holds 95. */
const MAXIMUM_ROWS = 1000;

interface Expanded {
  readonly text: string;
  /** The source column (0-based) of a position in `text`. */
  sourceOf(position: number): number;
  /** The source column behind it: of a value, behind the whole variable. */
  endOf(position: number): number;
}

/** Replaces `$NAME` and `${NAME}` with values from the environment; what the environment does not have stays as it is. */
function expandVariables(line: string, environment: Readonly<Record<string, string | undefined>>): Expanded {
  if (!line.includes('$')) return { text: line, sourceOf: (position) => position, endOf: (position) => position + 1 };
  let text = '';
  const spans: { from: number; to: number; source: number; variable: number }[] = [];
  /** @param variable length of the variable that the piece is the value of; 0 where it stands in the file itself */
  const add = (piece: string, source: number, variable: number): void => {
    spans.push({ from: text.length, to: text.length + piece.length, source, variable });
    text += piece;
  };
  let done = 0;
  const open = line.lastIndexOf('}') + 1;
  const replace = (match: RegExpExecArray, from: number): void => {
    const name = match[1] ?? match[2] ?? '';
    const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
    if (value === undefined) return;
    const at = from + match.index;
    add(line.slice(done, at), done, 0);
    add(value, at, match[0].length);
    done = at + match[0].length;
  };
  for (const match of line.slice(0, open).matchAll(VARIABLE)) replace(match, 0);
  for (const match of line.slice(open).matchAll(PLAIN_VARIABLE)) replace(match, open);
  add(line.slice(done), done, 0);
  const placeOf = (position: number): { readonly start: number; readonly end: number } => {
    const span = spans.find(({ from, to }) => position >= from && position < to);
    if (span === undefined) return { start: line.length, end: line.length };
    if (span.variable > 0) return { start: span.source, end: span.source + span.variable };
    const start = span.source + position - span.from;
    return { start, end: start + 1 };
  };
  return { text, sourceOf: (position) => placeOf(position).start, endOf: (position) => placeOf(position).end };
}

function splitFields(line: string, expanded: Expanded, column: number): readonly CsvField[] {
  const fields: CsvField[] = [];
  const { text } = expanded;
  let at = 0;
  for (;;) {
    const comma = text.indexOf(',', at);
    const end = comma < 0 ? text.length : comma;
    const raw = text.slice(at, end);
    const start = at + (raw.length - raw.trimStart().length);
    const trimmed = raw.trim();
    const source = expanded.sourceOf(trimmed === '' ? at : start);
    const last = trimmed === '' ? source : expanded.endOf(start + trimmed.length - 1);
    const written = line.slice(source, Math.max(source, last));
    fields.push({ text: trimmed, written, column: column + source, length: written.length });
    if (comma < 0 || fields.length === MAXIMUM_FIELDS) break;
    at = comma + 1;
  }
  while (fields.length < FIELD_COUNT) {
    fields.push({ text: '', written: '', column: column + expanded.sourceOf(text.length), length: 0 });
  }
  return fields;
}

/** The rows of a partition CSV: variables expanded first, then blank lines and lines that begin with `#` left out, then split at commas.
 * There are no quotes and no comments behind a row. At most 1000 rows of at most 32 fields are given, which is far beyond any table.
 * @see ESP-IDF v6.0 `gen_esp32part.py`, `PartitionTable.from_csv` */
export function splitCsvRows(
  text: string,
  environment: Readonly<Record<string, string | undefined>>,
): readonly CsvRow[] {
  const rows: CsvRow[] = [];
  let line = 1;
  let column = 1;
  let at = 0;
  const take = (source: string): void => {
    const expanded = expandVariables(source, environment);
    const trimmed = expanded.text.trim();
    if (trimmed === '' || trimmed.startsWith('#')) return;
    const unknownVariable = /^\$([A-Za-z_]\w*)/.exec(expanded.text)?.[1];
    const indent = source.length - source.trimStart().length;
    rows.push({
      line,
      column: column + indent,
      length: source.trim().length,
      fields: splitFields(source, expanded, column),
      ...(unknownVariable === undefined ? {} : { unknownVariable }),
    });
  };
  for (const match of text.matchAll(LINE_END)) {
    take(text.slice(at, match.index));
    const end = match.index + match[0].length;
    if (match[0] === '\r\n' || match[0] === '\n' || match[0] === '\r') {
      line++;
      column = 1;
    } else {
      column += end - at;
    }
    at = end;
    if (rows.length >= MAXIMUM_ROWS) return rows;
  }
  take(text.slice(at));
  return rows;
}
