import './errors.ts';
import { isOtaError, OtaError } from '../base/ota-error.ts';
import { readAppDescription, type AppDescription } from '../image/app-description.ts';
import { checksumOffset, DIGEST_BYTES, isSegmentLength, SEGMENT_HEADER_BYTES } from '../image/app-image.ts';
import { chooseBootSlot, slotOfSequence, type BootChoice } from '../image/boot-choice.ts';
import { revisionFits } from '../image/chip-revision.ts';
import { HEADER_BYTES, parseImageHeader, type ImageHeader } from '../image/image-header.ts';
import {
  OTADATA_BYTES,
  OTADATA_ENTRY_BYTES,
  OTADATA_SECTOR_BYTES,
  parseOtadataEntry,
  type OtadataEntries,
  type OtaState,
} from '../image/otadata.ts';
import {
  appPartitions,
  DEFAULT_TABLE_OFFSET,
  otadataPartition,
  otaIndex,
  otaSlots,
  PARTITION_TABLE_BYTES,
  parsePartitionTable,
  type Partition,
} from '../image/partition-table.ts';
import type { ChipSession } from './chip-session.ts';
import { flashMd5 } from './commands.ts';
import { md5Hex } from './compare-flash.ts';
import type { OnProgress } from './progress.ts';
import { readFlash } from './read-flash.ts';
import { isEncrypted } from './security.ts';

/** Why the bootloader would pass over a slot, as far as its headers tell:
 * - `empty`: erased.
 * - `notAnImage`: something else than an image begins there.
 * - `damaged`: its segments do not fit each other or the slot, or it was not written to its end.
 * - `wrongChip`, `wrongRevision`: an image for another chip, or another revision of it. */
export type SlotProblem = 'empty' | 'notAnImage' | 'damaged' | 'wrongChip' | 'wrongRevision';

/** A slot of a board as its headers describe it; what lies between them was not read. */
export interface ChipSlot {
  readonly partition: Partition;
  /** Absent where there is no image, or one without a description. */
  readonly description?: AppDescription;
  /** `chip_id` of the image's header. */
  readonly chipId?: number;
  /** From the header through checksum and digest, without a signature. */
  readonly imageBytes?: number;
  /** That of the newest entry of otadata that names this slot; absent when none does. */
  readonly state?: OtaState | number;
  /** The bootloader starts it at the next reset, provided that its image verifies. */
  readonly isNext: boolean;
  readonly problem?: SlotProblem;
}

export interface ChipOtadata {
  readonly partition: Partition;
  readonly entries: OtadataEntries;
  /** 64 bytes: the entry of the first sector, then that of the second. */
  readonly raw: Uint8Array;
}

/** What a board has in its slots, and which of them it boots. A snapshot, plain values throughout. */
export interface ChipSlots {
  readonly tableOffset: number;
  readonly partitions: readonly Partition[];
  /** Absent when the table has no otadata, or one that is too small. */
  readonly otadata?: ChipOtadata;
  /** In the table's order. */
  readonly slots: readonly ChipSlot[];
  readonly boot: BootChoice;
  /** `CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE` of the bootloader, as it was assumed. */
  readonly rollbackEnabled: boolean;
  /** Of flash that were read for this. */
  readonly bytesRead: number;
  readonly readAtMs: number;
}

export interface ReadSlotsOptions {
  /** Default 0x8000. */
  readonly tableOffset?: number;
  /** `CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE` of the flashed bootloader, which does not say it itself. */
  readonly rollbackEnabled: boolean;
  readonly onProgress?: OnProgress;
}

/** Header, header of the first segment, description. */
const HEAD_BYTES = 288;

/** Reads what decides about booting: the partition table, the two entries of otadata, and of every slot the header, the description and the
 * headers of its segments.
 * @throws {OtaError} `slots.noTable`, `slots.encrypted`, `flash.needsStub`, `flash.outsideFlash` (the table names more
 * flash than the chip has), `flash.readFailed`, `flash.command*`, `serial.*`, `cancelled`
 * @see ESP-IDF v5.5 `bootloader_utility.c` (`bootloader_utility_load_partition_table`), `esp_image_format.c` */
export async function readSlots(
  chip: ChipSession,
  options: ReadSlotsOptions,
  signal?: AbortSignal,
): Promise<ChipSlots> {
  const { tableOffset = DEFAULT_TABLE_OFFSET, rollbackEnabled, onProgress } = options;
  let bytesRead = 0;
  const read = reader(chip, (lengthBytes) => (bytesRead += lengthBytes), signal);
  onProgress?.({ phase: 'reading' });
  const partitions = await readTable(chip, tableOffset, read);
  const otadata = await readOtadata(partitions, read);
  const apps = appPartitions(partitions);
  const found: Found[] = [];
  for (const partition of apps) {
    onProgress?.({ phase: 'reading', file: partition.label });
    found.push(await readSlot(chip, partition, read));
  }
  return withBootChoice({
    tableOffset,
    partitions,
    ...(otadata === undefined ? {} : { otadata }),
    slots: found,
    rollbackEnabled,
    bytesRead,
    readAtMs: chip.link.clock.now(),
  });
}

type Found = Omit<ChipSlot, 'isNext' | 'state'>;
type Read = (offset: number, lengthBytes: number) => Promise<Uint8Array>;

const ATTEMPTS = 8;

/** Reads what decides: a request has no checksum, so that one damaged on its way gives the bytes of another place, with the right digest. The chip is
 * asked for the digest of the place as well. */
function reader(chip: ChipSession, onRead: (lengthBytes: number) => void, signal: AbortSignal | undefined): Read {
  return async (offset, lengthBytes) => {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      onRead(lengthBytes);
      const bytes = await readFlash(chip, offset, lengthBytes, {}, signal);
      if ((await flashMd5(chip.link, offset, lengthBytes, signal)) === md5Hex(bytes)) return bytes;
    }
    throw new OtaError('flash.readFailed', { offset, lengthBytes });
  };
}

async function readTable({ facts }: ChipSession, tableOffset: number, read: Read): Promise<readonly Partition[]> {
  if (isEncrypted(facts.security)) throw new OtaError('slots.encrypted', { chip: facts.name });
  const bytes = await read(tableOffset, PARTITION_TABLE_BYTES);
  try {
    return parsePartitionTable(bytes).partitions;
  } catch (error) {
    if (!isOtaError(error)) throw error;
    const isErased = bytes.every((byte) => byte === 0xff);
    throw new OtaError('slots.noTable', { offset: tableOffset, isErased, problem: error.code }, { cause: error });
  }
}

/** The same with otadata, and the slot at `offset` if one is given, read anew.
 * @throws {OtaError} `flash.needsStub`, `flash.readFailed`, `flash.command*`, `serial.*`, `cancelled` */
export async function rereadSlots(
  chip: ChipSession,
  slots: ChipSlots,
  offset?: number,
  signal?: AbortSignal,
): Promise<ChipSlots> {
  let { bytesRead } = slots;
  const read = reader(chip, (lengthBytes) => (bytesRead += lengthBytes), signal);
  const otadata = await readOtadata(slots.partitions, read);
  const found: Found[] = [];
  for (const slot of slots.slots) {
    found.push(slot.partition.offset === offset ? await readSlot(chip, slot.partition, read) : slot);
  }
  const readAtMs = chip.link.clock.now();
  return withBootChoice({
    ...slots,
    ...(otadata === undefined ? {} : { otadata }),
    slots: found,
    bytesRead,
    readAtMs,
  });
}

async function readOtadata(partitions: readonly Partition[], read: Read): Promise<ChipOtadata | undefined> {
  const partition = otadataPartition(partitions);
  if (partition === undefined || partition.size < OTADATA_BYTES) return undefined;
  const first = await read(partition.offset, OTADATA_ENTRY_BYTES);
  const second = await read(partition.offset + OTADATA_SECTOR_BYTES, OTADATA_ENTRY_BYTES);
  return otadataOf(partition, Buffer.concat([first, second]));
}

/** @param raw the 32 bytes of the first entry, then those of the second
 * @throws {OtaError} `otadata.truncated` */
function otadataOf(partition: Partition, raw: Uint8Array): ChipOtadata {
  const entries: OtadataEntries = [parseOtadataEntry(raw, 0), parseOtadataEntry(raw.subarray(OTADATA_ENTRY_BYTES), 1)];
  return { partition, entries, raw: Uint8Array.from(raw) };
}

async function readSlot({ facts }: ChipSession, partition: Partition, read: Read): Promise<Found> {
  const { offset, size } = partition;
  if (size < HEAD_BYTES) return { partition, problem: 'damaged' };
  const head = await read(offset, HEAD_BYTES);
  if (head.every((byte) => byte === 0xff)) return { partition, problem: 'empty' };
  const header = headerOf(head);
  if (header === undefined) return { partition, problem: 'notAnImage' };
  const description = readAppDescription(head);
  const known: Found = { partition, chipId: header.chipId, ...(description === undefined ? {} : { description }) };
  const imageBytes = await imageLength(header, head, partition, read);
  if (imageBytes === undefined) return { ...known, problem: 'damaged' };
  const problem = misfit(header, facts.chipId, facts.revision);
  return { ...known, imageBytes, ...(problem === undefined ? {} : { problem }) };
}

function headerOf(head: Uint8Array): ImageHeader | undefined {
  try {
    return parseImageHeader(head);
  } catch (error) {
    if (isOtaError(error)) return undefined;
    throw error;
  }
}

/** Walks from one segment's header to the next. Undefined when they lead out of the slot. */
async function imageLength(
  header: ImageHeader,
  head: Uint8Array,
  { offset, size }: Partition,
  read: Read,
): Promise<number | undefined> {
  let at = HEADER_BYTES;
  for (let index = 0; index < header.segmentCount; index++) {
    if (at + SEGMENT_HEADER_BYTES > size) return undefined;
    const bytes =
      at + SEGMENT_HEADER_BYTES <= head.length ? head.subarray(at) : await read(offset + at, SEGMENT_HEADER_BYTES);
    const length = Buffer.from(bytes).readUInt32LE(4);
    if (!isSegmentLength(length)) return undefined;
    at += SEGMENT_HEADER_BYTES + length;
  }
  const end = checksumOffset(at) + 1 + (header.hashAppended ? DIGEST_BYTES : 0);
  if (end > size) return undefined;
  // what was not written to its end has no digest yet
  if (!header.hashAppended) return end;
  const digest = await read(offset + end - DIGEST_BYTES, DIGEST_BYTES);
  return digest.every((byte) => byte === 0xff) ? undefined : end;
}

function misfit(header: ImageHeader, chipId: number, revision: number | undefined): SlotProblem | undefined {
  if (header.chipId !== chipId) return 'wrongChip';
  if (revision === undefined) return undefined;
  return revisionFits(header, revision) ? undefined : 'wrongRevision';
}

/** Says of every slot whether it boots next and what otadata keeps of it. What `slots` said of that before is put right. */
function withBootChoice(read: Omit<ChipSlots, 'boot' | 'slots'> & { readonly slots: readonly Found[] }): ChipSlots {
  const { otadata, partitions, rollbackEnabled } = read;
  const boot = chooseBootSlot(otadata?.entries, partitions, { rollbackEnabled });
  const next = nextOf(boot, read.slots);
  const count = otaSlots(partitions).length;
  const slots = read.slots.map((slot): ChipSlot => {
    const { partition, description, chipId, imageBytes, problem } = slot;
    const state = otadata === undefined ? undefined : stateOf(otadata.entries, partition, count);
    return {
      partition,
      ...(description === undefined ? {} : { description }),
      ...(chipId === undefined ? {} : { chipId }),
      ...(imageBytes === undefined ? {} : { imageBytes }),
      ...(state === undefined ? {} : { state }),
      isNext: partition.offset === next?.offset,
      ...(problem === undefined ? {} : { problem }),
    };
  });
  return { ...read, slots, boot };
}

/** The first partition of those the bootloader tries in which something bootable was seen. */
export function nextOf(
  boot: BootChoice,
  slots: readonly Pick<ChipSlot, 'partition' | 'problem'>[],
): Partition | undefined {
  return boot.order.find((partition) =>
    slots.some((slot) => slot.partition.offset === partition.offset && slot.problem === undefined),
  );
}

function stateOf(entries: OtadataEntries, partition: Partition, count: number): OtaState | number | undefined {
  const index = otaIndex(partition);
  if (index === undefined || count === 0) return undefined;
  return entries
    .filter((entry) => !entry.isEmpty && entry.crcIsValid && slotOfSequence(entry.sequence, count) === index)
    .sort((a, b) => b.sequence - a.sequence)[0]?.state;
}
