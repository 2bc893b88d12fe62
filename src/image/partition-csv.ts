import { OtaError } from '../base/ota-error.ts';
import type { CsvOptions, CsvProblem, CsvProblemCode } from './csv-problem.ts';
import type { CsvField, CsvRow } from './csv-rows.ts';
import { splitCsvRows } from './csv-rows.ts';
import { checkLayout, type LayoutRow } from './partition-layout.ts';
import { DEFAULT_TABLE_OFFSET, type Partition } from './partition-table.ts';
import {
  isSince,
  knownKeywords,
  SUBTYPE_DATA_UNDEFINED,
  SUBTYPE_KEYWORDS,
  SUBTYPE_PRIMARY,
  SUBTYPE_RECOVERY,
  subtypeName,
  TYPE_APP,
  TYPE_BOOTLOADER,
  TYPE_KEYWORDS,
  TYPE_PARTITION_TABLE,
  typeName,
  type Keyword,
} from './partition-types.ts';
import { parsePythonInteger } from './python-integer.ts';

export type { CsvOptions, CsvProblem, CsvProblemCode, ExtraSubtype } from './csv-problem.ts';
export type { IdfVersion } from './partition-types.ts';

export interface CsvTable {
  /** Rows that could be read, with offsets and sizes worked out. Complete and right only when no problem is an error. */
  readonly partitions: readonly Partition[];
  /** In the order of the lines. */
  readonly problems: readonly CsvProblem[];
}

type Report = (code: CsvProblemCode, field: CsvField, details?: CsvProblem['details']) => void;

const WARNINGS: ReadonlySet<CsvProblemCode> = new Set<CsvProblemCode>([
  'labelIsKeyword',
  'labelTooLong',
  'labelQuoted',
  'extraColumns',
  'offsetNotSectorAligned',
]);
const LABEL_BYTES = 16;
/** Every word of every ESP-IDF version. */
const WORDS = new Set([TYPE_KEYWORDS, ...SUBTYPE_KEYWORDS.values()].flat().map(({ name }) => name));

function readNumber(field: CsvField, words: readonly Keyword[], report: Report): number | undefined {
  const number = parsePythonInteger(field.text);
  if ('value' in number) return number.value;
  // A suffix is cut off before words are looked up, so a word that ends in k or m is never found.
  const word = number.isCut ? undefined : words.find(({ name }) => name === field.text.toLowerCase());
  if (word !== undefined) return word.value;
  if (words.length === 0) report('badNumber', field, { value: field.written });
  else report('unknownKeyword', field, { value: field.written, known: words.map(({ name }) => name).join(', ') });
  return undefined;
}

function readByte(field: CsvField, words: readonly Keyword[], report: Report): number | undefined {
  const value = readNumber(field, words, report);
  if (value === undefined || (value >= 0 && value <= 0xff)) return value;
  report('valueTooLarge', field, { value: field.written, maximum: 0xff });
  return undefined;
}

type Place = Pick<LayoutRow, 'offset' | 'size' | 'isPrimary' | 'isPlaced'>;

/** Offset and size of rows of type bootloader and partition_table are not read but worked out; any text may stand there. */
function readPlace(
  fields: readonly CsvField[],
  type: number,
  subtype: number,
  options: CsvOptions,
  report: Report,
): Place {
  const [name, , , offsetField, sizeField] = fields as readonly [CsvField, CsvField, CsvField, CsvField, CsvField];
  const isComputed = type === TYPE_BOOTLOADER || type === TYPE_PARTITION_TABLE;
  const isPrimary = isComputed && subtype === SUBTYPE_PRIMARY;
  const tableOffset = options.tableOffset ?? DEFAULT_TABLE_OFFSET;
  const isRecovery = type === TYPE_BOOTLOADER && subtype === SUBTYPE_RECOVERY;
  let offset: number | undefined;
  if (isPrimary) offset = type === TYPE_BOOTLOADER ? options.primaryBootloaderOffset : tableOffset;
  else if (isRecovery) {
    offset = options.recoveryBootloaderOffset;
    if (offset === undefined) report('bootloaderOffsetUnknown', name, { which: 'recovery' });
  } else if (offsetField.text !== '') offset = readNumber(offsetField, [], report);

  let size: number | undefined;
  if (type === TYPE_PARTITION_TABLE) size = 0x1000;
  else if (type === TYPE_BOOTLOADER) {
    const primary = options.primaryBootloaderOffset;
    if (primary === undefined) report('bootloaderOffsetUnknown', name, { which: 'primary' });
    else size = tableOffset - primary;
  } else if (sizeField.text === '') report('emptySize', sizeField);
  else size = readNumber(sizeField, [], report);
  const isNext = !isPrimary && !isRecovery && offsetField.text === '';
  return { offset, size, isPrimary, isPlaced: size !== undefined && (offset !== undefined || isNext) };
}

function readRow(row: CsvRow, options: CsvOptions, report: Report): LayoutRow | undefined {
  const [name, typeField, subtypeField, , , flagsField, ...extra] = row.fields as readonly [
    CsvField,
    CsvField,
    CsvField,
    CsvField,
    CsvField,
    CsvField,
    ...CsvField[],
  ];
  const version = options.idfVersion;
  if (row.unknownVariable !== undefined) report('unknownVariable', name, { name: row.unknownVariable });
  const surplus = extra.find(({ text }) => text !== '');
  if (surplus !== undefined) report('extraColumns', surplus);

  let type: number | undefined;
  if (typeField.text === '') report('emptyType', typeField);
  else type = readByte(typeField, knownKeywords(TYPE_KEYWORDS, version), report);

  let subtype: number | undefined;
  if (type !== undefined && subtypeField.text === '') {
    if (type === TYPE_APP) report('emptySubtype', subtypeField);
    else subtype = SUBTYPE_DATA_UNDEFINED;
  } else if (type !== undefined) {
    const words = knownKeywords(SUBTYPE_KEYWORDS.get(type) ?? [], version);
    const extraWords = (options.extraSubtypes ?? [])
      .filter((word) => word.type === type)
      .map((word) => ({ name: word.name.toLowerCase(), value: word.subtype }));
    subtype = readByte(subtypeField, [...words, ...extraWords], report);
  }

  const flags = flagsField.text.split(':');
  const known = isSince(version, { major: 5, minor: 2 }) ? ['encrypted', 'readonly'] : ['encrypted'];
  for (const flag of flags) {
    if (flag !== '' && !known.includes(flag)) {
      const told = flagsField.written === flagsField.text ? flag : flagsField.written;
      report('unknownFlag', flagsField, { flag: told, isComment: flag.trimStart().startsWith('#') });
    }
  }
  if (type === undefined || subtype === undefined) return undefined;
  const has = (flag: string): boolean => known.includes(flag) && flags.includes(flag);
  return {
    row,
    label: name.text,
    type,
    subtype,
    isEncrypted: has('encrypted'),
    isReadonly: has('readonly'),
    ...readPlace(row.fields, type, subtype, options, report),
  };
}

function checkLabel({ label, type, subtype, row }: LayoutRow, options: CsvOptions, report: Report): void {
  const [name] = row.fields;
  if (name === undefined) return;
  if (/^(["']).*\1$/.test(label)) report('labelQuoted', name, { label: name.written });
  const bytes = new TextEncoder().encode(label).length;
  if (bytes > LABEL_BYTES) report('labelTooLong', name, { label: name.written, bytes, maximum: LABEL_BYTES });
  if (!WORDS.has(label)) return;
  const asType = knownKeywords(TYPE_KEYWORDS, options.idfVersion).find((word) => word.name === label);
  const words = [...SUBTYPE_KEYWORDS].flatMap(([of, list]) =>
    knownKeywords(list, options.idfVersion).map((word) => ({ ...word, of })),
  );
  const asSubtype = words.filter((word) => word.name === label);
  const isOtherSubtype = asSubtype.length > 0 && !asSubtype.some((word) => word.of === type && word.value === subtype);
  if ((asType !== undefined && asType.value !== type) || isOtherSubtype) {
    report('labelIsKeyword', name, { label, type: typeName(type), subtype: subtypeName(type, subtype) });
  }
}

function checkUnique(rows: readonly CsvRow[], reportAt: (row: CsvRow) => Report): void {
  const firstLines = new Map<string, number>();
  for (const row of rows) {
    const [name] = row.fields;
    if (name === undefined) continue;
    const firstLine = firstLines.get(name.text);
    if (firstLine === undefined) firstLines.set(name.text, row.line);
    else reportAt(row)('duplicateLabel', name, { label: name.written, firstLine });
  }
}

/** Reads a partition CSV by the rules of ESP-IDF's generator, and goes on after an error: `problems` lists them all.
 * Never throws.
 * @see ESP-IDF v6.0 `components/partition_table/gen_esp32part.py`; docs "Partition Tables" */
export function parsePartitionCsv(text: string, options: CsvOptions = {}): CsvTable {
  const problems: CsvProblem[] = [];
  const reportAt =
    (row: Pick<CsvRow, 'line' | 'column' | 'length'>): Report =>
    (code, field, details = {}) => {
      const { column, length } = field.length > 0 ? field : row;
      const severity = WARNINGS.has(code) ? 'warning' : 'error';
      problems.push({ severity, code, line: row.line, column, length: Math.max(1, length), details });
    };
  const hasMark = text.startsWith('\uFEFF');
  const start: CsvField = { text: '', written: '', column: 1, length: 1 };
  if (hasMark && !isSince(options.idfVersion, { major: 5, minor: 4 })) {
    reportAt({ line: 1, column: 1, length: 1 })('byteOrderMark', start);
  }
  const rows = splitCsvRows(hasMark ? text.slice(1) : text, options.environment ?? {});
  const read: LayoutRow[] = [];
  for (const row of rows) {
    const report = reportAt(row);
    const found = readRow(row, options, report);
    if (found === undefined) continue;
    checkLabel(found, options, report);
    read.push(found);
  }
  checkUnique(rows, reportAt);
  if (rows.length === 0) reportAt({ line: 1, column: 1, length: 1 })('noPartitions', start);
  const partitions = checkLayout(read, options, (row, code, index, details) => {
    reportAt(row)(code, row.fields[index] ?? start, details);
  });
  problems.sort((a, b) => a.line - b.line || a.column - b.column);
  return { partitions, problems };
}

/** As `parsePartitionCsv`, for who can do nothing with a table that has errors. Warnings pass.
 * @throws {OtaError} `partitionCsv.invalid` with the place of the first error */
export function readPartitionCsv(text: string, options: CsvOptions = {}): readonly Partition[] {
  const { partitions, problems } = parsePartitionCsv(text, options);
  const errors = problems.filter(({ severity }) => severity === 'error');
  const [first] = errors;
  if (first === undefined) return partitions;
  throw new OtaError('partitionCsv.invalid', {
    problem: first.code,
    line: first.line,
    column: first.column,
    count: errors.length,
  });
}

function formatSize(size: number): string {
  if (size !== 0 && size % 0x10_0000 === 0) return `${size / 0x10_0000}M`;
  if (size !== 0 && size % 0x400 === 0) return `${size / 0x400}K`;
  return `0x${size.toString(16)}`;
}

/** A partition CSV in the words of the generator, one row a partition, every offset explicit. A label that the CSV has no way to write
 * (with a comma, a line end, blanks around it, `$`, or `#` first) does not come back as it was. */
export function formatPartitionCsv(partitions: readonly Partition[]): string {
  const rows = partitions.map((partition) => {
    const { label, type, subtype, offset, size } = partition;
    const flags = [partition.isEncrypted ? 'encrypted' : '', partition.isReadonly ? 'readonly' : ''].filter(Boolean);
    const place = [`0x${offset.toString(16)}`, formatSize(size)];
    return [label, typeName(type), subtypeName(type, subtype), ...place, flags.join(':')].join(', ').trimEnd();
  });
  return ['# ESP-IDF Partition Table', '# Name, Type, SubType, Offset, Size, Flags', ...rows, ''].join('\n');
}
