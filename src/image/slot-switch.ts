import { OtaError } from '../base/ota-error.ts';
import type { SwitchTarget } from './boot-choice.ts';
import {
  EMPTY_SEQUENCE,
  encodeOtadataEntry,
  OTADATA_SECTOR_BYTES,
  type OtadataEntries,
  type OtadataEntry,
  type OtadataSector,
} from './otadata.ts';
import { factoryPartition, otaIndex, otaSlots, type Partition } from './partition-table.ts';

/** One step on one flash sector. `write` erases the sector and programs the 32 bytes at its start. */
export type OtadataOperation =
  | { readonly kind: 'write'; readonly sector: OtadataSector; readonly bytes: Uint8Array }
  | { readonly kind: 'erase'; readonly sector: OtadataSector };

/** Steps in an order in which power may fail between or during any of them: the board then still starts the slot it had or the new one. */
export interface SwitchPlan {
  readonly operations: readonly OtadataOperation[];
  /** Of the new entry; absent when the target is factory. */
  readonly sequence?: number;
}

/** The entry that has to survive until the new one is there: the one that boots for certain. An entry that waits for its confirmation does
 * not when the bootloader rolls back, so a confirmed one goes first. */
function entryToKeep(entries: OtadataEntries): OtadataEntry | undefined {
  const rank = (entry: OtadataEntry): number => (entry.state === 'pendingVerify' ? 0 : 1);
  const valid = entries.filter((entry) => entry.isValid);
  return valid.sort((a, b) => rank(b) - rank(a) || b.sequence - a.sequence || a.sector - b.sector)[0];
}

/** The smallest sequence from `least` on that names slot `index` of `count`. */
function sequenceFor(index: number, count: number, least: number): number {
  const wanted = (index + 1) % count;
  return least + ((wanted - (least % count) + count) % count);
}

function other(sector: OtadataSector): OtadataSector {
  return sector === 0 ? 1 : 0;
}

/** What to write so that the next boot starts `target`. A new entry has all 32 bytes, in state `undefined`: whatever state the sector had
 * before, invalid or aborted, does not live on. It goes into the sector that the board does not need to boot.
 *
 * A sequence that the kept entry has already may be used again when it names the wanted slot, as ESP-IDF's `otatool.py` does.
 * @throws {OtaError} `otadata.noSuchSlot` when the table has no such slot, or numbers with a gap put it out of the bootloader's reach
 * @see ESP-IDF v5.5 `otatool.py` (`switch_ota_partition`), `esp_ota_ops.c` (`esp_rewrite_ota_data`) */
export function planSwitch(
  entries: OtadataEntries,
  partitions: readonly Partition[],
  target: SwitchTarget,
): SwitchPlan {
  const slots = otaSlots(partitions);
  const count = slots.length;
  const kept = entryToKeep(entries);
  if (target === 'factory') {
    if (factoryPartition(partitions) === undefined) {
      throw new OtaError('otadata.noSuchSlot', { slot: 'factory', slotCount: count });
    }
    return { operations: planErase(entries) };
  }
  const exists = target.ota < count && slots.some((slot) => otaIndex(slot) === target.ota);
  if (!exists) throw new OtaError('otadata.noSuchSlot', { slot: `ota_${target.ota}`, slotCount: count });

  if (kept === undefined) {
    const sequence = target.ota + 1;
    return { operations: [{ kind: 'write', sector: 0, bytes: encodeOtadataEntry(sequence) }], sequence };
  }
  const isSettled = kept.state === 'valid' || kept.state === 'undefined';
  const sequence = sequenceFor(target.ota, count, Math.max(1, kept.sequence + (isSettled ? 0 : 1)));
  const sector = other(kept.sector);
  if (sequence < EMPTY_SEQUENCE) {
    return { operations: [{ kind: 'write', sector, bytes: encodeOtadataEntry(sequence) }], sequence };
  }
  // The numbers ran out: the new entry begins again from below and decides once the old one is erased.
  const restarted = target.ota + 1;
  return {
    operations: [
      { kind: 'write', sector, bytes: encodeOtadataEntry(restarted) },
      { kind: 'erase', sector: kept.sector },
    ],
    sequence: restarted,
  };
}

/** Erases both entries, so that factory boots (or slot 0 where there is none). The sector that boots now goes last: until then nothing
 * changes. A sector that is blank already is left alone. */
export function planErase(entries: OtadataEntries): readonly OtadataOperation[] {
  const kept = entryToKeep(entries);
  const order: readonly OtadataSector[] = kept?.sector === 0 ? [1, 0] : [0, 1];
  return order
    .filter((sector) => !entries[sector].raw.every((byte) => byte === 0xff))
    .map((sector) => ({ kind: 'erase', sector }));
}

/** The otadata partition after the operations, as a copy. `sectorBytes` is how far its two entries are apart in the bytes that are given, in flash by
 * default. */
export function applyOtadataOperations(
  otadata: Uint8Array,
  operations: readonly OtadataOperation[],
  sectorBytes = OTADATA_SECTOR_BYTES,
): Uint8Array {
  // a Buffer’s own slice would share its bytes
  const after = Uint8Array.from(otadata);
  for (const operation of operations) {
    const start = operation.sector * sectorBytes;
    after.fill(0xff, start, start + sectorBytes);
    if (operation.kind === 'write') after.set(operation.bytes, start);
  }
  return after;
}
