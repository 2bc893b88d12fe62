import { activeEntry, slotOfSequence, type BootChoice, type BootReason } from '../image/boot-choice.ts';
import type { OtadataEntries, OtaState } from '../image/otadata.ts';
import { otadataPartition, otaSlots, type Partition } from '../image/partition-table.ts';
import { TYPE_APP, TYPE_BOOTLOADER, TYPE_DATA, TYPE_PARTITION_TABLE } from '../image/partition-types.ts';
import { comparePartitions, type PartitionDifference } from './partition-differences.ts';

/** Bytes of flash that the table takes: one sector.
 * @see ESP-IDF v5.5 `gen_esp32part.py`, `PARTITION_TABLE_SIZE` */
const TABLE_SECTOR_BYTES = 0x1000;

/** `reserved`: before the end of the partition table, where no partition may begin, and nothing is known to lie. */
export type RegionKind = 'bootloader' | 'partitionTable' | 'app' | 'data' | 'other' | 'free' | 'reserved';

/** What lies in a region, or would lie there after flashing the build. */
export type RegionContent =
  | {
      readonly kind: 'image';
      readonly from: 'board' | 'build';
      /** From the start of the region; undefined where it could not be told. */
      readonly bytes?: number;
      readonly version?: string;
      readonly projectName?: string;
      /** It is the application that the project's last build made. */
      readonly isBuild?: boolean;
      /** Why the bootloader passes over it. */
      readonly problem?: ImageProblem;
    }
  | { readonly kind: 'empty' }
  /** Something is there, but no image. */
  | { readonly kind: 'unreadable' };

export type ImageProblem = 'damaged' | 'wrongChip' | 'wrongRevision';

export type RegionProblem =
  /** It begins before the region in front of it has ended. */
  | 'overlaps'
  /** It ends behind the flash. */
  | 'beyondFlash'
  /** The image is larger than the region. */
  | 'imageTooLarge';

export interface FlashRegion {
  /** Unique in a map, and the same as long as the region is: `app@0x10000`. */
  readonly id: string;
  readonly kind: RegionKind;
  /** Of the partition; empty for everything else. */
  readonly label: string;
  /** From the start of flash, in bytes. */
  readonly offset: number;
  /** In bytes. */
  readonly size: number;
  /** Of a partition. */
  readonly type?: number;
  readonly subtype?: number;
  readonly isEncrypted: boolean;
  readonly isReadonly: boolean;
  readonly content?: RegionContent;
  /** The application in it runs, as far as that is known. */
  readonly isRunning: boolean;
  /** The bootloader starts it at the next reset. */
  readonly isNext: boolean;
  /** What otadata says of the slot. */
  readonly state?: OtaState | number;
  readonly problems: readonly RegionProblem[];
  /** How the partition differs from the project's one of that name. */
  readonly difference?: PartitionDifference;
}

export interface OtadataSectorState {
  readonly status: 'empty' | 'damaged' | 'entry';
  readonly sequence?: number;
  readonly state?: OtaState | number;
  /** Label of the slot it names. */
  readonly slot?: string;
  /** The bootloader follows it at the next reset. */
  readonly isActive: boolean;
}

/** The flash of a board, or of a project that is on no board yet, from its first to its last byte. Plain data. */
export interface FlashMap {
  /** Undefined when nobody said; the map then ends with the last partition. */
  readonly flashSizeBytes?: number;
  /** Where the map ends: the flash, or what lies beyond it. */
  readonly endBytes: number;
  readonly tableOffset: number;
  /** In the order of their offsets. Without gaps: what belongs to nothing is a region too. */
  readonly regions: readonly FlashRegion[];
  /** Both sectors, where the table has an otadata partition that was read. */
  readonly otadata?: readonly [OtadataSectorState, OtadataSectorState];
  /** What the next reset starts, and why; missing for a project without a board. */
  readonly boot?: { readonly label?: string; readonly reason: BootReason };
  /** From the project's table, where there is one to compare with. */
  readonly differences?: readonly PartitionDifference[];
}

/** What is known of an application partition, found by its offset. */
export interface SlotContent {
  readonly offset: number;
  readonly content?: RegionContent;
  readonly state?: OtaState | number;
  readonly isRunning?: boolean;
}

export interface FlashMapInput {
  readonly flashSizeBytes?: number | undefined;
  /** Where the ROM looks for it, and how long the image there is. */
  readonly bootloader?: { readonly offset: number; readonly bytes?: number | undefined } | undefined;
  readonly tableOffset: number;
  readonly partitions: readonly Partition[];
  readonly slots?: readonly SlotContent[];
  readonly otadata?: OtadataEntries | undefined;
  readonly boot?: BootChoice | undefined;
  /** The table of the project on disk. */
  readonly projectPartitions?: readonly Partition[] | undefined;
}

export function flashMapOf(input: FlashMapInput): FlashMap {
  const { flashSizeBytes, tableOffset, partitions, boot, otadata } = input;
  const differences =
    input.projectPartitions === undefined ? undefined : comparePartitions(partitions, input.projectPartitions);
  const next = nextToBoot(input);
  const known = [
    ...fixedRegions(input),
    ...partitions.map((partition) => partitionRegion(partition, input, next, differences)),
  ].sort((a, b) => a.offset - b.offset || a.size - b.size);
  const endBytes = Math.max(flashSizeBytes ?? 0, ...known.map(({ offset, size }) => offset + size));
  return {
    ...(flashSizeBytes === undefined ? {} : { flashSizeBytes }),
    endBytes,
    tableOffset,
    regions: withGaps(known, endBytes, flashSizeBytes ?? endBytes, tableOffset + TABLE_SECTOR_BYTES),
    ...(otadata === undefined || otadataPartition(partitions) === undefined
      ? {}
      : { otadata: otadataStates(otadata, partitions, boot) }),
    ...(boot === undefined
      ? {}
      : { boot: { reason: boot.reason, ...(next === undefined ? {} : { label: next.label }) } }),
    ...(differences === undefined ? {} : { differences }),
  };
}

/** The first of the order that holds an image; without any, what the bootloader tries first. */
function nextToBoot({ boot, slots = [] }: FlashMapInput): Partition | undefined {
  const holdsImage = (partition: Partition): boolean =>
    slots.some(
      ({ offset, content }) =>
        offset === partition.offset && content?.kind === 'image' && content.problem === undefined,
    );
  return boot?.order.find(holdsImage);
}

function region(kind: RegionKind, offset: number, size: number, more: Partial<FlashRegion> = {}): FlashRegion {
  return {
    id: `${kind}@0x${offset.toString(16)}`,
    kind,
    label: '',
    offset,
    size,
    isEncrypted: false,
    isReadonly: false,
    isRunning: false,
    isNext: false,
    problems: [],
    ...more,
  };
}

/** Bootloader and table, unless the table names them itself (ESP-IDF 5.4 and later can). */
function fixedRegions({ bootloader, tableOffset, partitions }: FlashMapInput): FlashRegion[] {
  const isNamed = (offset: number, type: number): boolean =>
    partitions.some((one) => one.type === type && one.offset <= offset && offset < one.offset + one.size);
  const regions: FlashRegion[] = [];
  if (bootloader !== undefined && !isNamed(bootloader.offset, TYPE_BOOTLOADER) && bootloader.offset < tableOffset) {
    const { offset, bytes } = bootloader;
    const content: RegionContent | undefined =
      bytes === undefined ? undefined : { kind: 'image', from: 'board', bytes };
    regions.push(region('bootloader', offset, tableOffset - offset, content === undefined ? {} : { content }));
  }
  if (!isNamed(tableOffset, TYPE_PARTITION_TABLE)) {
    regions.push(region('partitionTable', tableOffset, TABLE_SECTOR_BYTES));
  }
  return regions;
}

const KINDS: Readonly<Record<number, RegionKind>> = {
  [TYPE_APP]: 'app',
  [TYPE_DATA]: 'data',
  [TYPE_BOOTLOADER]: 'bootloader',
  [TYPE_PARTITION_TABLE]: 'partitionTable',
};

function partitionRegion(
  partition: Partition,
  { slots = [] }: FlashMapInput,
  next: Partition | undefined,
  differences: readonly PartitionDifference[] | undefined,
): FlashRegion {
  const { type, subtype, offset, size, label, isEncrypted, isReadonly } = partition;
  const slot = slots.find((one) => one.offset === offset);
  const difference = differences?.find(
    ({ kind, onBoard }) => kind !== 'onlyInProject' && onBoard?.offset === offset && onBoard.label === label,
  );
  return region(KINDS[type] ?? 'other', offset, size, {
    label,
    type,
    subtype,
    isEncrypted,
    isReadonly,
    ...(slot?.content === undefined ? {} : { content: slot.content }),
    ...(slot?.state === undefined ? {} : { state: slot.state }),
    ...(difference === undefined ? {} : { difference }),
    isRunning: slot?.isRunning === true,
    isNext: next?.offset === offset && next.label === label,
  });
}

/** Finds what is wrong with the regions, and puts one into every gap. */
function withGaps(
  known: readonly FlashRegion[],
  endBytes: number,
  flashSizeBytes: number,
  firstUsable: number,
): readonly FlashRegion[] {
  const regions: FlashRegion[] = [];
  const ids = new Set<string>();
  let at = 0;
  const fill = (until: number): void => {
    if (until > at) regions.push(region(at < firstUsable ? 'reserved' : 'free', at, until - at));
  };
  for (const one of known) {
    fill(one.offset);
    const imageBytes = one.content?.kind === 'image' ? (one.content.bytes ?? 0) : 0;
    const problems: RegionProblem[] = [
      ...(one.offset < at ? (['overlaps'] as const) : []),
      ...(one.offset + one.size > flashSizeBytes ? (['beyondFlash'] as const) : []),
      ...(imageBytes > one.size ? (['imageTooLarge'] as const) : []),
    ];
    let id = one.id;
    for (let copy = 2; ids.has(id); copy++) id = `${one.id}#${copy}`;
    ids.add(id);
    regions.push({ ...one, id, problems });
    at = Math.max(at, one.offset + one.size);
  }
  fill(endBytes);
  return regions;
}

function otadataStates(
  entries: OtadataEntries,
  partitions: readonly Partition[],
  boot: BootChoice | undefined,
): readonly [OtadataSectorState, OtadataSectorState] {
  const slots = otaSlots(partitions);
  // an entry on trial is given up at the next reset where rollback is on: what boots then says which one counts
  const active = boot === undefined ? activeEntry(entries)?.sector : boot.activeSector;
  const stateOf = (entry: OtadataEntries[number]): OtadataSectorState => {
    if (entry.isEmpty) return { status: 'empty', isActive: false };
    const named = slots.length === 0 ? undefined : slots[slotOfSequence(entry.sequence, slots.length)];
    return {
      status: entry.crcIsValid ? 'entry' : 'damaged',
      sequence: entry.sequence,
      state: entry.state,
      ...(named === undefined ? {} : { slot: named.label }),
      isActive: entry.sector === active,
    };
  };
  return [stateOf(entries[0]), stateOf(entries[1])];
}
