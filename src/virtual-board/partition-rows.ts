import { createHash } from 'node:crypto';
import { ByteReader } from '../base/byte-reader.ts';
import type { LogLevel } from './board-console.ts';
import type { NorFlash } from './nor-flash.ts';

/** One row of the partition table, as the chip reads it. */
export interface Row {
  readonly label: string;
  readonly type: number;
  readonly subtype: number;
  readonly offset: number;
  readonly size: number;
}

export const TYPE_APP = 0;
export const TYPE_DATA = 1;
export const APP_FACTORY = 0x00;
export const APP_OTA_0 = 0x10;
export const APP_TEST = 0x20;
export const DATA_OTA = 0x00;
export const DATA_NVS = 0x02;

const TABLE_BYTES = 0xc00;
const ROW_BYTES = 32;
const MAGIC_ROW = 0x50aa;
const MAGIC_MD5 = 0xebeb;

type Log = (level: LogLevel, tag: string, message: string) => void;

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((value, index) => value === right[index]);
}

/** Reads and verifies the table in flash, saying on the console what is wrong with it; undefined when the chip would refuse it.
 * `chipSizeBytes` is the flash size in the bootloader's header, which is what the chip believes.
 * @see ESP-IDF v5.5 components/bootloader_support/src/flash_partitions.c, `esp_partition_table_verify` */
export function readRows(
  flash: NorFlash,
  tableOffset: number,
  chipSizeBytes: number,
  log: Log,
): readonly Row[] | undefined {
  const table = flash.read(tableOffset, Math.min(TABLE_BYTES, flash.sizeBytes - tableOffset));
  const reader = new ByteReader(table);
  const rows: Row[] = [];
  let hasMd5 = false;
  for (let at = 0; at + ROW_BYTES <= table.length; at += ROW_BYTES) {
    const magic = reader.u16(at);
    if (magic === MAGIC_ROW) {
      const row: Row = {
        type: reader.u8(at + 2),
        subtype: reader.u8(at + 3),
        offset: reader.u32(at + 4),
        size: reader.u32(at + 8),
        label: reader.text(at + 12, 16),
      };
      if (row.offset > chipSizeBytes || row.offset + row.size > chipSizeBytes) {
        log(
          'E',
          'flash_parts',
          `partition ${at / ROW_BYTES} invalid - offset 0x${row.offset.toString(16)} size 0x${row.size.toString(16)} exceeds flash chip size 0x${chipSizeBytes.toString(16)}`,
        );
        return undefined;
      }
      rows.push(row);
    } else if (magic === MAGIC_MD5) {
      if (hasMd5) {
        log('E', 'flash_parts', 'Only one MD5 checksum is allowed');
        return undefined;
      }
      const digest = createHash('md5').update(table.subarray(0, at)).digest();
      if (!sameBytes(digest, reader.slice(at + 16, 16))) {
        log('E', 'flash_parts', 'Incorrect MD5 checksum');
        return undefined;
      }
      hasMd5 = true;
    } else if (magic === 0xffff && rows.length > 0) {
      return rows;
    } else {
      log('E', 'flash_parts', `partition ${at / ROW_BYTES} invalid magic number 0x${magic.toString(16)}`);
      return undefined;
    }
  }
  log('E', 'flash_parts', 'partition table has no terminating entry, not valid');
  return undefined;
}

/** The rows that were in a table once, without complaints: for looking at a board that is off. */
export function readRowsQuietly(flash: NorFlash, tableOffset: number): readonly Row[] {
  return readRows(flash, tableOffset, flash.sizeBytes, () => undefined) ?? [];
}

export function findRow(rows: readonly Row[], type: number, subtype: number): Row | undefined {
  return rows.find((row) => row.type === type && row.subtype === subtype);
}

export function isOtaRow(row: Row): boolean {
  return row.type === TYPE_APP && row.subtype >= APP_OTA_0 && row.subtype < APP_OTA_0 + 16;
}

/** The app's count: consecutive ota_0, ota_1, … until one is missing.
 * @see ESP-IDF v5.5 components/app_update/esp_ota_ops.c, `esp_ota_get_app_partition_count` */
export function countOtaRows(rows: readonly Row[]): number {
  let count = 0;
  while (count < 16 && findRow(rows, TYPE_APP, APP_OTA_0 + count) !== undefined) count++;
  return count;
}

const DATA_USAGE: Record<number, string> = {
  0x00: 'OTA data',
  0x01: 'RF data',
  0x02: 'WiFi data',
  0x04: 'NVS keys',
  0x05: 'efuse',
};

/** The words of the boot log for a row.
 * @see ESP-IDF v5.5 components/bootloader_support/src/bootloader_utility.c, `bootloader_utility_load_partition_table` */
export function usageWords(row: Row): string {
  if (row.type === TYPE_APP) {
    if (row.subtype === APP_FACTORY) return 'factory app';
    if (row.subtype === APP_TEST) return 'test app';
    return isOtaRow(row) ? 'OTA app' : 'Unknown app';
  }
  if (row.type === TYPE_DATA) return DATA_USAGE[row.subtype] ?? 'Unknown data';
  return 'unknown';
}
