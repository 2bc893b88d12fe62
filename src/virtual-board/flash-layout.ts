import { ByteReader } from '../base/byte-reader.ts';
import { HEADER_BYTES, readHeader } from './image-in-flash.ts';
import type { NorFlash } from './nor-flash.ts';
import { readRowsQuietly, TYPE_APP, type Row } from './partition-rows.ts';

/** What lies where in a board's flash: its table, and the images by their own headers. */
export interface FlashLayout {
  readonly flashSizeBytes: number;
  readonly tableOffset: number;
  /** The flashed bootloader was built with rollback. */
  readonly hasRollback: boolean;
  /** Empty when the chip would refuse the table. */
  readonly partitions: readonly Row[];
  /** The bootloader and what the application slots hold; `lengthBytes` from the header to the end of the appended digest. */
  readonly images: readonly { readonly offset: number; readonly lengthBytes: number }[];
}

const MOST_SEGMENTS = 16;

/** How long the image at an offset is, by its segment headers; undefined where none begins, or where it runs out of the flash.
 * @see ESP-IDF v5.5 components/bootloader_support/include/esp_app_format.h, `esp_image_header_t`, `esp_image_segment_header_t` */
export function imageLength(flash: NorFlash, offset: number): number | undefined {
  if (offset + HEADER_BYTES > flash.sizeBytes) return undefined;
  const header = readHeader(flash.view(offset, HEADER_BYTES));
  if (header === undefined || header.segmentCount > MOST_SEGMENTS) return undefined;
  let at = offset + HEADER_BYTES;
  for (let index = 0; index < header.segmentCount; index++) {
    if (at + 8 > flash.sizeBytes) return undefined;
    at += 8 + new ByteReader(flash.view(at, 8)).u32(4);
  }
  // the checksum is the last byte of a block of 16
  const length = at - offset + (16 - ((at - offset) % 16)) + (header.hasHash ? 32 : 0);
  return offset + length > flash.sizeBytes ? undefined : length;
}

/** @param bootloaderOffset where this chip's ROM looks for it */
export function layoutOf(
  flash: NorFlash,
  tableOffset: number,
  bootloaderOffset: number,
  hasRollback: boolean,
): FlashLayout {
  const partitions = readRowsQuietly(flash, tableOffset);
  const slots = partitions.filter((row) => row.type === TYPE_APP).map((row) => row.offset);
  const images = [bootloaderOffset, ...slots].flatMap((offset) => {
    const lengthBytes = imageLength(flash, offset);
    return lengthBytes === undefined ? [] : [{ offset, lengthBytes }];
  });
  return { flashSizeBytes: flash.sizeBytes, tableOffset, hasRollback, partitions, images };
}
