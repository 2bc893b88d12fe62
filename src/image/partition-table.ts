import { createHash } from 'node:crypto';
import { ByteReader } from '../base/byte-reader.ts';
import { OtaError } from '../base/ota-error.ts';
import {
  SUBTYPE_DATA_OTA,
  SUBTYPE_FACTORY,
  SUBTYPE_OTA_FIRST,
  SUBTYPE_OTA_LAST,
  SUBTYPE_TEST,
  TYPE_APP,
  TYPE_DATA,
} from './partition-types.ts';

export { subtypeName, typeName } from './partition-types.ts';

/** Bytes of an encoded table. The rest of its 4 KB sector is for a signature.
 * @see ESP-IDF v6.0 `gen_esp32part.py`, `MAX_PARTITION_LENGTH` */
export const PARTITION_TABLE_BYTES = 0xc00;
/** Where a table stands in flash unless `CONFIG_PARTITION_TABLE_OFFSET` says otherwise. */
export const DEFAULT_TABLE_OFFSET = 0x8000;

const ROW_BYTES = 32;
const LABEL_BYTES = 16;
/** `AA 50` as a little-endian number. */
const ROW_MAGIC = 0x50aa;
const MD5_MAGIC = 0xebeb;
const ENCRYPTED = 1;
const READONLY = 2;

export interface Partition {
  /** At most 16 bytes of UTF-8 reach the device, a longer label is cut. */
  readonly label: string;
  /** 0 app, 1 data, 2 bootloader, 3 partition table, 0x40 … 0xfe the project's own. */
  readonly type: number;
  readonly subtype: number;
  /** From the start of flash, in bytes. */
  readonly offset: number;
  /** In bytes. */
  readonly size: number;
  readonly isEncrypted: boolean;
  readonly isReadonly: boolean;
}

export interface PartitionTable {
  /** In the table's order. */
  readonly partitions: readonly Partition[];
  readonly hasMd5: boolean;
  /** Flag bits that ESP-IDF gives no meaning, by the index of their row; a device ignores them. */
  readonly unknownFlags: readonly { readonly index: number; readonly flags: number }[];
}

/** Reads a binary partition table: rows, at most one MD5 row, the end marker. Anything after the end marker is left alone.
 * @throws {OtaError} `partitionTable.truncated`, `partitionTable.badMagic`, `partitionTable.md5Mismatch`, `partitionTable.secondMd5`,
 * `partitionTable.empty`, each with the offset in bytes
 * @see ESP-IDF v5.5 `flash_partitions.c` (`esp_partition_table_verify`), `esp_flash_partitions.h` (`esp_partition_info_t`) */
export function parsePartitionTable(bytes: Uint8Array): PartitionTable {
  const reader = new ByteReader(bytes);
  const partitions: Partition[] = [];
  const unknownFlags: { index: number; flags: number }[] = [];
  let hasMd5 = false;
  const limit = Math.min(bytes.length, PARTITION_TABLE_BYTES);
  for (let offset = 0; offset + ROW_BYTES <= limit; offset += ROW_BYTES) {
    const row = reader.slice(offset, ROW_BYTES);
    const magic = reader.u16(offset);
    if (magic === ROW_MAGIC) {
      const flags = reader.u32(offset + 28);
      const unknown = (flags & ~(ENCRYPTED | READONLY)) >>> 0;
      if (unknown !== 0) unknownFlags.push({ index: partitions.length, flags: unknown });
      partitions.push({
        label: reader.text(offset + 12, LABEL_BYTES),
        type: reader.u8(offset + 2),
        subtype: reader.u8(offset + 3),
        offset: reader.u32(offset + 4),
        size: reader.u32(offset + 8),
        isEncrypted: (flags & ENCRYPTED) !== 0,
        isReadonly: (flags & READONLY) !== 0,
      });
    } else if (magic === MD5_MAGIC) {
      if (hasMd5) throw new OtaError('partitionTable.secondMd5', { offsetBytes: offset });
      const stored = Buffer.from(row.subarray(16)).toString('hex');
      const computed = createHash('md5').update(reader.slice(0, offset)).digest('hex');
      if (stored !== computed) {
        throw new OtaError('partitionTable.md5Mismatch', { offsetBytes: offset, stored, computed });
      }
      hasMd5 = true;
    } else if (row.every((byte) => byte === 0xff)) {
      if (partitions.length === 0) throw new OtaError('partitionTable.empty', { offsetBytes: offset });
      return { partitions, hasMd5, unknownFlags };
    } else {
      throw new OtaError('partitionTable.badMagic', { offsetBytes: offset, found: magic });
    }
  }
  throw new OtaError('partitionTable.truncated', {
    offsetBytes: limit - (limit % ROW_BYTES),
    availableBytes: bytes.length,
  });
}

/** Rows that fit a table: the generator refuses one whose rows, with the MD5 row, fill it up. */
export function maximumRows(md5: boolean): number {
  return PARTITION_TABLE_BYTES / ROW_BYTES - (md5 ? 2 : 1);
}

function putNumber(view: DataView, at: number, width: 1 | 4, value: number, index: number, field: string): void {
  if (!Number.isInteger(value) || value < 0 || value >= 2 ** (8 * width)) {
    throw new OtaError('partitionTable.badValue', { index, field, value });
  }
  if (width === 1) view.setUint8(at, value);
  else view.setUint32(at, value, true);
}

/** A binary table of 3072 bytes, padded with 0xFF, as the generator of ESP-IDF writes it. `md5` (default true) is
 * `CONFIG_PARTITION_TABLE_MD5`. Labels are cut to 16 bytes.
 * @throws {OtaError} `partitionTable.tooManyRows` (94 fit with the MD5 row, 95 without), `partitionTable.badValue` */
export function encodePartitionTable(
  partitions: readonly Partition[],
  options?: { readonly md5?: boolean },
): Uint8Array {
  const md5 = options?.md5 ?? true;
  if (partitions.length > maximumRows(md5)) {
    throw new OtaError('partitionTable.tooManyRows', { count: partitions.length, maximum: maximumRows(md5) });
  }
  const bytes = new Uint8Array(PARTITION_TABLE_BYTES).fill(0xff);
  const view = new DataView(bytes.buffer);
  partitions.forEach((partition, index) => {
    const at = index * ROW_BYTES;
    view.setUint16(at, ROW_MAGIC, true);
    putNumber(view, at + 2, 1, partition.type, index, 'type');
    putNumber(view, at + 3, 1, partition.subtype, index, 'subtype');
    putNumber(view, at + 4, 4, partition.offset, index, 'offset');
    putNumber(view, at + 8, 4, partition.size, index, 'size');
    bytes.fill(0, at + 12, at + 28);
    bytes.set(new TextEncoder().encode(partition.label).subarray(0, LABEL_BYTES), at + 12);
    view.setUint32(at + 28, (partition.isEncrypted ? ENCRYPTED : 0) | (partition.isReadonly ? READONLY : 0), true);
  });
  if (md5) {
    const at = partitions.length * ROW_BYTES;
    view.setUint16(at, MD5_MAGIC, true);
    bytes.set(createHash('md5').update(bytes.subarray(0, at)).digest(), at + 16);
  }
  return bytes;
}

/** True for ota_0 … ota_15. */
export function isOtaSlot(partition: Partition): boolean {
  const { type, subtype } = partition;
  return type === TYPE_APP && subtype >= SUBTYPE_OTA_FIRST && subtype <= SUBTYPE_OTA_LAST;
}

/** 0 … 15 of an OTA slot, `undefined` of anything else. */
export function otaIndex(partition: Partition): number | undefined {
  return isOtaSlot(partition) ? partition.subtype - SUBTYPE_OTA_FIRST : undefined;
}

/** The partitions an application can be booted from: factory, ota_0 … ota_15, test, in the table's order. */
export function appPartitions(partitions: readonly Partition[]): readonly Partition[] {
  return partitions.filter(
    (partition) =>
      isOtaSlot(partition) ||
      (partition.type === TYPE_APP && [SUBTYPE_FACTORY, SUBTYPE_TEST].includes(partition.subtype)),
  );
}

/** The OTA slots, in the order of their number. */
export function otaSlots(partitions: readonly Partition[]): readonly Partition[] {
  return partitions.filter(isOtaSlot).sort((a, b) => a.subtype - b.subtype);
}

/** The factory partition. With several, the last row: that is the one the bootloader keeps. */
export function factoryPartition(partitions: readonly Partition[]): Partition | undefined {
  return partitions.findLast(({ type, subtype }) => type === TYPE_APP && subtype === SUBTYPE_FACTORY);
}

/** The otadata partition (data, ota). */
export function otadataPartition(partitions: readonly Partition[]): Partition | undefined {
  return partitions.findLast(({ type, subtype }) => type === TYPE_DATA && subtype === SUBTYPE_DATA_OTA);
}
