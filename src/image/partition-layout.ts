import type { CsvRow } from './csv-rows.ts';
import type { CsvOptions, CsvProblem, CsvProblemCode } from './csv-problem.ts';
import { DEFAULT_TABLE_OFFSET, maximumRows, type Partition } from './partition-table.ts';
import {
  isSince,
  SUBTYPE_DATA_COREDUMP,
  SUBTYPE_DATA_NVS,
  SUBTYPE_DATA_OTA,
  SUBTYPE_DATA_TEE_OTA,
  TYPE_APP,
  TYPE_BOOTLOADER,
  TYPE_DATA,
} from './partition-types.ts';
import { SECTOR_BYTES } from './flash-sector.ts';

/** A row whose words are read, before it has a place. */
export interface LayoutRow {
  readonly row: CsvRow;
  readonly label: string;
  readonly type: number;
  readonly subtype: number;
  readonly isEncrypted: boolean;
  readonly isReadonly: boolean;
  /** The running bootloader or table: stands outside the order of the others. */
  readonly isPrimary: boolean;
  /** Absent: right after the row before. */
  readonly offset: number | undefined;
  /** Negative: up to that address. */
  readonly size: number | undefined;
  /** Offset and size could be read. */
  readonly isPlaced: boolean;
}

/** Field of a row that a problem is about. */
const NAME = 0;
const OFFSET = 3;
const SIZE = 4;

type Report = (row: CsvRow, code: CsvProblemCode, field: number, details?: CsvProblem['details']) => void;
type Placed = Partition & { readonly row: CsvRow; readonly isPrimary: boolean; isReported: boolean };

const APP_ALIGNMENT = 0x1_0000;
const MAXIMUM = 0xffff_ffff;
const NVS_MINIMUM_BYTES = 0x3000;

function offsetAlignment(type: number, options: CsvOptions): number {
  if (type === TYPE_APP) return APP_ALIGNMENT;
  return isSince(options.idfVersion, { major: 5, minor: 0 }) ? SECTOR_BYTES : 4;
}

/** 1 where any size goes. Before ESP-IDF 5.3 only images for secure boot had to keep to a step. */
function sizeAlignment(type: number, { secure, idfVersion }: CsvOptions): number {
  if (type !== TYPE_APP) return 1;
  if (secure === 'v1') return APP_ALIGNMENT;
  if (secure === 'v2') return isSince(idfVersion, { major: 5, minor: 0 }) ? SECTOR_BYTES : APP_ALIGNMENT;
  return isSince(idfVersion, { major: 5, minor: 3 }) ? SECTOR_BYTES : 1;
}

/** Gives every row its place, in the order of the file. */
function place(rows: readonly LayoutRow[], options: CsvOptions, report: Report): Placed[] {
  const tableOffset = options.tableOffset ?? DEFAULT_TABLE_OFFSET;
  const tableEnd = tableOffset + SECTOR_BYTES;
  let previousEnd = tableEnd;
  let isFirst = true;
  const placed: Placed[] = [];
  for (const entry of rows) {
    const { row, label, type, subtype, isEncrypted, isReadonly, isPrimary } = entry;
    if (!entry.isPlaced || entry.size === undefined) continue;
    const alignment = offsetAlignment(type, options);
    const offset = entry.offset ?? Math.ceil(previousEnd / alignment) * alignment;
    const size = entry.size < 0 ? -entry.size - offset : entry.size;
    const item: Placed = {
      label,
      type,
      subtype,
      offset,
      size,
      isEncrypted,
      isReadonly,
      row,
      isPrimary,
      isReported: false,
    };
    placed.push(item);
    if (isPrimary) {
      if (type === TYPE_BOOTLOADER && offset >= tableOffset) {
        report(row, 'bootloaderAboveTable', NAME, { offset, tableOffset });
      }
      continue;
    }
    if (entry.offset !== undefined && offset < previousEnd) {
      item.isReported = true;
      if (isFirst) report(row, 'belowTable', OFFSET, { offset, tableOffset, freeOffset: tableEnd });
      else report(row, 'overlap', OFFSET, { offset, previousEnd });
    }
    isFirst = false;
    if (size < 0) report(row, 'negativeSize', SIZE, { offset, end: -entry.size });
    if (offset > MAXIMUM) report(row, 'valueTooLarge', OFFSET, { value: offset, maximum: MAXIMUM });
    if (size > MAXIMUM) report(row, 'valueTooLarge', SIZE, { value: size, maximum: MAXIMUM });
    previousEnd = offset + Math.max(0, size);
  }
  return placed;
}

function checkEach(partition: Placed, options: CsvOptions, report: Report): void {
  const { row, type, subtype, offset, size, isReadonly } = partition;
  const alignment = offsetAlignment(type, options);
  if (offset % alignment !== 0) report(row, 'offsetNotAligned', OFFSET, { offset, alignment });
  else if (offset % SECTOR_BYTES !== 0)
    report(row, 'offsetNotSectorAligned', OFFSET, { offset, alignment: SECTOR_BYTES });
  const step = sizeAlignment(type, options);
  if (size > 0 && size % step !== 0) report(row, 'sizeNotAligned', SIZE, { size, alignment: step });
  if (type !== TYPE_DATA) return;
  if ((subtype === SUBTYPE_DATA_OTA || subtype === SUBTYPE_DATA_COREDUMP) && isReadonly) {
    report(row, 'alwaysReadWrite', 5);
  }
  const isSmall = subtype === SUBTYPE_DATA_NVS && size >= 0 && size < NVS_MINIMUM_BYTES && !isReadonly;
  if (isSmall && isSince(options.idfVersion, { major: 5, minor: 5 })) {
    report(row, 'nvsTooSmall', SIZE, { size, minimum: NVS_MINIMUM_BYTES });
  }
}

function checkOtadata(partitions: readonly Placed[], subtype: number, report: Report): void {
  const found = partitions.filter((partition) => partition.type === TYPE_DATA && partition.subtype === subtype);
  for (const extra of found.slice(1))
    report(extra.row, 'multipleOtadata', NAME, { firstLine: found[0]?.row.line ?? 0 });
  const [only] = found;
  if (found.length === 1 && only !== undefined && only.size !== 0x2000) {
    report(only.row, 'otadataSize', SIZE, { size: only.size, expected: 0x2000 });
  }
}

function checkOverlaps(partitions: readonly Placed[], options: CsvOptions, report: Report): void {
  const tableOffset = options.tableOffset ?? DEFAULT_TABLE_OFFSET;
  const tableEnd = tableOffset + SECTOR_BYTES;
  let last: Placed | undefined;
  for (const partition of [...partitions].sort((a, b) => a.offset - b.offset)) {
    const { row, offset, isPrimary } = partition;
    if (!partition.isReported && !isPrimary && offset < tableEnd) {
      partition.isReported = true;
      report(row, 'belowTable', OFFSET, { offset, tableOffset, freeOffset: tableEnd });
    }
    const previousEnd = last === undefined ? 0 : last.offset + last.size;
    if (!partition.isReported && last?.isReported !== true && offset < previousEnd) {
      report(row, 'overlap', OFFSET, { offset, previousEnd });
    }
    last = partition;
  }
}

function checkFlashEnd(partitions: readonly Placed[], { flashSizeBytes }: CsvOptions, report: Report): void {
  if (flashSizeBytes === undefined) return;
  for (const { row, offset, size } of partitions) {
    const end = offset + size;
    if (end > flashSizeBytes) report(row, 'exceedsFlash', SIZE, { end, flashSizeBytes });
  }
}

/** Places the rows and reports what is wrong with the table as a whole.
 * @see ESP-IDF v6.0 `gen_esp32part.py` (`PartitionTable.from_csv`, `PartitionTable.verify`, `PartitionDefinition.verify`) */
export function checkLayout(rows: readonly LayoutRow[], options: CsvOptions, report: Report): readonly Partition[] {
  const placed = place(rows, options, report);
  for (const partition of placed) checkEach(partition, options, report);
  checkOverlaps(placed, options, report);
  checkOtadata(placed, SUBTYPE_DATA_OTA, report);
  if (isSince(options.idfVersion, { major: 5, minor: 5 })) checkOtadata(placed, SUBTYPE_DATA_TEE_OTA, report);
  checkFlashEnd(placed, options, report);
  const maximum = maximumRows(options.md5 ?? true);
  const surplus = placed[maximum];
  if (surplus !== undefined) report(surplus.row, 'tooManyRows', NAME, { count: placed.length, maximum });
  return placed.map(({ label, type, subtype, offset, size, isEncrypted, isReadonly }) => ({
    label,
    type,
    subtype,
    offset,
    size,
    isEncrypted,
    isReadonly,
  }));
}
