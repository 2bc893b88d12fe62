import { readAppDescription, type AppDescription } from './app-description.ts';
import { parseImage, walkSegments, type EspImage } from './app-image.ts';
import { readBootloaderDescription, type BootloaderDescription } from './bootloader-description.ts';
import { chipById } from './chips.ts';
import { recogniseContainer, type ContainerKind } from './containers.ts';
import { IMAGE_MAGIC } from './image-header.ts';
import { OTADATA_BYTES, parseOtadata } from './otadata.ts';
import { appPartitions, parsePartitionTable, type PartitionTable } from './partition-table.ts';
import { SECTOR_BYTES } from './flash-sector.ts';

/** What a file is. Only `app` can be delivered as it is; the rest has a name so that the user can be told. */
export type FileKind =
  | {
      readonly kind: 'app';
      readonly chipId: number;
      /** Absent in applications made without ESP-IDF's build (NuttX, Zephyr). */
      readonly description?: AppDescription;
      /** False when the file ends early or is damaged so that its segments cannot be followed. */
      readonly isComplete: boolean;
    }
  | { readonly kind: 'bootloader'; readonly chipId: number; readonly description?: BootloaderDescription }
  | { readonly kind: 'partitionTable'; readonly partitionCount: number; readonly hasMd5: boolean }
  | { readonly kind: 'otadata'; readonly sequences: readonly number[] }
  | {
      readonly kind: 'mergedFlash';
      readonly chipId: number;
      /** Flash offset of the file's first byte: 0, or that of the bootloader. */
      readonly flashOffset: number;
      /** Flash offset of its partition table. */
      readonly tableOffset: number;
    }
  | ContainerKind
  /** All bytes the same, 0xFF (erased flash) or 0. */
  | { readonly kind: 'erased'; readonly fill: number; readonly lengthBytes: number }
  | { readonly kind: 'empty' }
  | {
      readonly kind: 'unknown';
      /** Up to 16, as hex. */
      readonly firstBytes: string;
    };

/** Where a partition table is looked for, at most: the largest offsets in use are far below. */
const TABLE_SEARCH_BYTES = 0x4_0000;
/** The longest a bootloader gets before the partition table. */
const MAXIMUM_BOOTLOADER_BYTES = 0x1_0000;

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

function tableAt(bytes: Uint8Array, offset: number): PartitionTable | undefined {
  if (bytes[offset] !== 0xaa || bytes[offset + 1] !== 0x50) return undefined;
  return attempt(() => parsePartitionTable(bytes.subarray(offset)));
}

/** The place of a table with at least one application, on a sector boundary from `from` on. */
function findTable(bytes: Uint8Array, from: number): number | undefined {
  const limit = Math.min(bytes.length, from + TABLE_SEARCH_BYTES);
  for (let at = Math.ceil(from / SECTOR_BYTES) * SECTOR_BYTES; at < limit; at += SECTOR_BYTES) {
    const table = tableAt(bytes, at);
    if (table !== undefined && appPartitions(table.partitions).length > 0) return at;
  }
  return undefined;
}

/** A whole flash, or the part of it from the bootloader on: a bootloader (after erased bytes, or at the start), then a table. */
function recogniseMerged(bytes: Uint8Array): FileKind | undefined {
  for (const start of [0, 0x1000, 0x2000]) {
    if (bytes[start] !== IMAGE_MAGIC) continue;
    if (!bytes.subarray(0, start).every((byte) => byte === 0xff)) continue;
    const walked = attempt(() => walkSegments(bytes.subarray(start)));
    if (walked === undefined || readAppDescription(bytes.subarray(start)) !== undefined) continue;
    const { chipId } = walked.header;
    const table = findTable(bytes, start + walked.end);
    if (table === undefined) continue;
    const flashOffset = Math.max(0, (chipById(chipId)?.bootloaderOffset ?? start) - start);
    return { kind: 'mergedFlash', chipId, flashOffset, tableOffset: table + flashOffset };
  }
  return undefined;
}

/** Without a description: a bootloader is short, ends with its file, and has nothing that is mapped from flash. */
function looksLikeBootloader(bytes: Uint8Array, image: EspImage): boolean {
  const ranges = chipById(image.header.chipId)?.flashMapped ?? [];
  const isMapped = image.segments.some(({ loadAddress }) =>
    ranges.some(([from, to]) => loadAddress >= from && loadAddress < to),
  );
  return !isMapped && image.segments.length > 0 && bytes.length <= MAXIMUM_BOOTLOADER_BYTES;
}

function recogniseImage(bytes: Uint8Array): FileKind | undefined {
  if (bytes[0] !== IMAGE_MAGIC) return undefined;
  const walked = attempt(() => walkSegments(bytes));
  const image = walked === undefined ? undefined : attempt(() => parseImage(bytes));
  const chipId = (bytes[12] ?? 0) | ((bytes[13] ?? 0) << 8);
  const app = readAppDescription(bytes);
  if (app !== undefined) return { kind: 'app', chipId, description: app, isComplete: image !== undefined };
  const bootloader = readBootloaderDescription(bytes);
  if (bootloader !== undefined) return { kind: 'bootloader', chipId, description: bootloader };
  if (image === undefined) {
    // A magic byte alone may be chance; a chip that exists makes it an image that was cut off.
    return chipById(chipId) === undefined ? undefined : { kind: 'app', chipId, isComplete: false };
  }
  return looksLikeBootloader(bytes, image) ? { kind: 'bootloader', chipId } : { kind: 'app', chipId, isComplete: true };
}

function recogniseOtadata(bytes: Uint8Array): FileKind | undefined {
  if (bytes.length !== OTADATA_BYTES) return undefined;
  const valid = (attempt(() => parseOtadata(bytes)) ?? []).filter((entry) => !entry.isEmpty && entry.crcIsValid);
  return valid.length === 0 ? undefined : { kind: 'otadata', sequences: valid.map(({ sequence }) => sequence) };
}

function recogniseErased(bytes: Uint8Array): FileKind | undefined {
  const fill = bytes[0];
  if (fill === undefined) return { kind: 'empty' };
  if (fill !== 0xff && fill !== 0) return undefined;
  // All bytes are the same when the bytes equal themselves moved by one: one comparison of memory, however long the file.
  if (Buffer.compare(bytes.subarray(1), bytes.subarray(0, -1)) !== 0) return undefined;
  return { kind: 'erased', fill, lengthBytes: bytes.length };
}

/** Says what a file is, by its content alone. Never throws. */
export function recogniseFile(bytes: Uint8Array): FileKind {
  const found = recogniseErased(bytes) ?? recogniseMerged(bytes) ?? recogniseContainer(bytes) ?? recogniseImage(bytes);
  if (found !== undefined) return found;
  const table = tableAt(bytes, 0);
  if (table !== undefined) {
    return { kind: 'partitionTable', partitionCount: table.partitions.length, hasMd5: table.hasMd5 };
  }
  return recogniseOtadata(bytes) ?? { kind: 'unknown', firstBytes: Buffer.from(bytes.subarray(0, 16)).toString('hex') };
}
