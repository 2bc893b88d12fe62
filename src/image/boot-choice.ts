import {
  encodeOtadataEntry,
  OTADATA_BYTES,
  withState,
  type OtadataEntries,
  type OtadataEntry,
  type OtadataSector,
} from './otadata.ts';
import { factoryPartition, otadataPartition, otaIndex, otaSlots, type Partition } from './partition-table.ts';
import { SUBTYPE_TEST, TYPE_APP } from './partition-types.ts';

/** A slot that otadata can name: no entry means factory. */
export type SwitchTarget = 'factory' | { readonly ota: number };
/** A bootable slot. */
export type BootTarget = SwitchTarget | 'test';

/** Why the bootloader starts where it does. */
export type BootReason =
  /** The table has no otadata partition: factory. */
  | 'noOtadata'
  /** The otadata partition is shorter than two sectors: the bootloader gives up. */
  | 'otadataTooSmall'
  /** Both entries are empty, invalid or aborted, or the table has no OTA slot: factory. */
  | 'defaultFactory'
  /** As before, but there is no factory partition: OTA slot 0. */
  | 'noFactoryTryingOta0'
  /** An entry is active and names the slot. */
  | 'activeEntry'
  /** Entries are there, but none has a right CRC: factory. */
  | 'corruptFallingBackToFactory'
  /** As before, but there is no factory partition: every slot is tried in turn. */
  | 'corruptTryingAll';

/** 32 bytes that the bootloader writes to the start of an otadata sector, after erasing it. */
export interface OtadataWrite {
  readonly sector: OtadataSector;
  readonly bytes: Uint8Array;
  /** Before the image is loaded, or once one was loaded. */
  readonly when: 'beforeLoad' | 'afterLoad';
}

export interface BootChoice {
  /** What boots when its image verifies: the first of `order`. `undefined` when nothing can boot. */
  readonly target: BootTarget | undefined;
  readonly reason: BootReason;
  /** The sector of the active entry, where one decides. */
  readonly activeSector?: OtadataSector;
  /** Partitions in the order they are tried until an image in one verifies. */
  readonly order: readonly Partition[];
  /** What the bootloader writes on this boot, when the first of `order` loads. */
  readonly writes: readonly OtadataWrite[];
}

/** The entry the bootloader follows: the valid one, of two the one with the larger sequence, at a tie the first.
 * @see ESP-IDF v5.5 `bootloader_common_loader.c`, `bootloader_common_select_otadata` */
export function activeEntry(entries: OtadataEntries): OtadataEntry | undefined {
  const [first, second] = entries;
  if (first.isValid && second.isValid) return second.sequence > first.sequence ? second : first;
  if (first.isValid) return first;
  return second.isValid ? second : undefined;
}

/** The slot number of a sequence among `slotCount` slots. */
export function slotOfSequence(sequence: number, slotCount: number): number {
  return ((sequence - 1) >>> 0) % slotCount;
}

/** Which slot a bootloader without anti-rollback starts, why, and what it writes. `rollbackEnabled` is
 * `CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE` of the flashed bootloader. `entries` may be left out when the table has no
 * otadata, or one that is too small.
 * @see ESP-IDF v5.5 `bootloader_utility.c` (`bootloader_utility_get_selected_boot_partition`, `bootloader_utility_load_boot_image`) */
export function chooseBootSlot(
  entries: OtadataEntries | undefined,
  partitions: readonly Partition[],
  options: { readonly rollbackEnabled: boolean },
): BootChoice {
  const factory = factoryPartition(partitions);
  const slotCount = otaSlots(partitions).length;
  const otadata = otadataPartition(partitions);
  const choice = (start: SwitchTarget, reason: BootReason, more?: Partial<BootChoice>): BootChoice => {
    const order = loadOrder(partitions, start);
    return { target: order[0] === undefined ? undefined : targetOf(order[0]), reason, order, writes: [], ...more };
  };
  if (otadata !== undefined && otadata.size < OTADATA_BYTES) {
    return { target: undefined, reason: 'otadataTooSmall', order: [], writes: [] };
  }
  if (otadata === undefined || entries === undefined) return choice('factory', 'noOtadata');

  const writes: OtadataWrite[] = [];
  const afterAbort = (entry: OtadataEntry): OtadataEntry => {
    if (!options.rollbackEnabled || entry.state !== 'pendingVerify') return entry;
    const aborted = withState(entry, 'aborted');
    writes.push({ sector: entry.sector, bytes: aborted.raw, when: 'beforeLoad' });
    return aborted;
  };
  const [first, second] = [afterAbort(entries[0]), afterAbort(entries[1])];
  if ((first.isUnusable && second.isUnusable) || slotCount === 0) {
    if (factory !== undefined) return choice('factory', 'defaultFactory', { writes });
    const start = choice({ ota: 0 }, 'noFactoryTryingOta0');
    const loaded = start.order[0] === undefined ? undefined : otaIndex(start.order[0]);
    const isBlank = [first, second].every((entry) => entry.isEmpty || !entry.crcIsValid);
    if (isBlank && loaded !== undefined) {
      writes.push({ sector: 0, bytes: encodeOtadataEntry(loaded + 1, 'valid'), when: 'afterLoad' });
    }
    return { ...start, writes };
  }
  const active = activeEntry([first, second]);
  if (active !== undefined) {
    if (options.rollbackEnabled && active.state === 'new') {
      writes.push({ sector: active.sector, bytes: withState(active, 'pendingVerify').raw, when: 'beforeLoad' });
    }
    const start = { ota: slotOfSequence(active.sequence, slotCount) };
    return choice(start, 'activeEntry', { activeSector: active.sector, writes });
  }
  return choice('factory', factory === undefined ? 'corruptTryingAll' : 'corruptFallingBackToFactory', { writes });
}

function targetOf(partition: Partition): BootTarget {
  const ota = otaIndex(partition);
  if (ota !== undefined) return { ota };
  return partition.subtype === SUBTYPE_TEST ? 'test' : 'factory';
}

/** The order in which the bootloader tries the partitions: the start, downwards to factory, upwards from the start, then test.
 * A slot number is an index among the counted rows: with a gap in the numbers the last slots are never reached. */
export function loadOrder(partitions: readonly Partition[], start: SwitchTarget): readonly Partition[] {
  const slots = otaSlots(partitions);
  const reachable = (index: number): Partition | undefined =>
    index < slots.length ? slots.findLast((slot) => otaIndex(slot) === index) : undefined;
  const from = start === 'factory' ? -1 : start.ota;
  const order: (Partition | undefined)[] = [];
  for (let index = from; index >= 0; index--) order.push(reachable(index));
  order.push(factoryPartition(partitions));
  for (let index = from + 1; index < slots.length; index++) order.push(reachable(index));
  order.push(partitions.findLast(({ type, subtype }) => type === TYPE_APP && subtype === SUBTYPE_TEST));
  return order.flatMap((partition) => (partition === undefined || partition.size === 0 ? [] : [partition]));
}
