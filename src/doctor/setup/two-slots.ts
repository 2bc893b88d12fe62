import { otaSlots, otadataPartition, type Partition } from '../../image/partition-table.ts';
import {
  SUBTYPE_DATA_OTA,
  SUBTYPE_FACTORY,
  SUBTYPE_OTA_FIRST,
  SUBTYPE_OTA_LAST,
  TYPE_APP,
  TYPE_DATA,
} from '../../image/partition-types.ts';

export interface LayoutRequest {
  /** Of the table in use. Everything but its applications and otadata keeps its place and size, so that no data is lost. */
  readonly partitions: readonly Partition[];
  readonly tableOffset: number;
  readonly flashSizeBytes: number;
  /** What each slot has to hold at least. */
  readonly slotBytes: number;
}

/** Applications begin and, with the first secure boot, end at 64 KB. */
const SLOT_UNIT = 0x1_0000;
const SECTOR = 0x1000;
const OTADATA_BYTES = 0x2000;
/** Larger slots than an application is likely to need would only take the room of data that may come. */
const MOST_SLOT_BYTES = 0x40_0000;

interface Gap {
  readonly start: number;
  readonly end: number;
}

/** The table with otadata and two OTA slots, equal and as large as the flash allows (4 MB at most unless more is wanted), in the order of offsets; undefined when two slots of the size wanted find
 * no room beside the data that is there. */
export function layOutTwoSlots(request: LayoutRequest): readonly Partition[] | undefined {
  const { tableOffset, flashSizeBytes } = request;
  const old = otadataPartition(request.partitions);
  const isSlot = ({ type, subtype }: Partition): boolean =>
    type === TYPE_APP && (subtype === SUBTYPE_FACTORY || (subtype >= SUBTYPE_OTA_FIRST && subtype <= SUBTYPE_OTA_LAST));
  const kept = request.partitions.filter((one) => !isSlot(one) && one !== old);
  const isOldRight = old?.size === OTADATA_BYTES && old.offset % SECTOR === 0;
  const otadata = isOldRight ? old : placeOtadata(gapsOf(kept, tableOffset, flashSizeBytes), labelFor('otadata', kept));
  if (otadata === undefined) return undefined;
  const fixed = [...kept, otadata];
  const slots = placeSlots(gapsOf(fixed, tableOffset, flashSizeBytes), request.slotBytes);
  if (slots === undefined) return undefined;
  const labels = ['ota_0', 'ota_1'].map((name) => labelFor(name, fixed));
  return [...fixed, ...slots.map((slot, index) => ({ ...slot, label: labels[index] ?? '' }))].sort(
    (one, other) => one.offset - other.offset,
  );
}

/** Whether a table can be updated with at all: otadata of the right size and two OTA slots that each hold so many bytes. */
export function hasTwoSlots(partitions: readonly Partition[], slotBytes: number): boolean {
  const slots = otaSlots(partitions);
  return (
    otadataPartition(partitions)?.size === OTADATA_BYTES &&
    slots.length >= 2 &&
    slots.every(({ size }) => size >= slotBytes)
  );
}

function labelFor(name: string, taken: readonly Partition[]): string {
  return taken.some(({ label }) => label === name) ? `${name}_new` : name;
}

function gapsOf(taken: readonly Partition[], tableOffset: number, flashSizeBytes: number): readonly Gap[] {
  const gaps: Gap[] = [];
  let start = tableOffset + SECTOR;
  for (const { offset, size } of [...taken].sort((one, other) => one.offset - other.offset)) {
    if (offset > start) gaps.push({ start, end: Math.min(offset, flashSizeBytes) });
    start = Math.max(start, offset + size);
  }
  if (start < flashSizeBytes) gaps.push({ start, end: flashSizeBytes });
  return gaps;
}

function alignUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}

const NO_FLAGS = { isEncrypted: false, isReadonly: false };

function placeOtadata(gaps: readonly Gap[], label: string): Partition | undefined {
  for (const gap of gaps) {
    const offset = alignUp(gap.start, SECTOR);
    if (offset + OTADATA_BYTES > gap.end) continue;
    return { label, type: TYPE_DATA, subtype: SUBTYPE_DATA_OTA, offset, size: OTADATA_BYTES, ...NO_FLAGS };
  }
  return undefined;
}

/** Two equal slots: both in one gap, or each in one, whichever makes them larger. */
function placeSlots(gaps: readonly Gap[], slotBytes: number): readonly Omit<Partition, 'label'>[] | undefined {
  const rooms = gaps
    .map(({ start, end }) => ({ start: alignUp(start, SLOT_UNIT), end: end - (end % SLOT_UNIT) }))
    .map((room) => ({ ...room, bytes: Math.max(0, room.end - room.start) }))
    .sort((one, other) => other.bytes - one.bytes);
  const [first, second] = rooms;
  if (first === undefined) return undefined;
  const half = Math.floor(first.bytes / 2 / SLOT_UNIT) * SLOT_UNIT;
  const apart = second?.bytes ?? 0;
  const wanted = alignUp(Math.max(slotBytes, SLOT_UNIT), SLOT_UNIT);
  const size = Math.min(Math.max(half, apart), Math.max(MOST_SLOT_BYTES, wanted));
  if (size < wanted) return undefined;
  const starts = half >= size || second === undefined ? [first.start, first.start + size] : [first.start, second.start];
  return starts
    .sort((one, other) => one - other)
    .map((offset, index) => ({ type: TYPE_APP, subtype: SUBTYPE_OTA_FIRST + index, offset, size, ...NO_FLAGS }));
}
