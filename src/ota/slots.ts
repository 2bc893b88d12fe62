import { OtaError } from '../base/ota-error.ts';
import { applySlotChange, planSlotChange, switchTarget, type SlotChangePlan } from '../flash/change-slots.ts';
import type { ChipSession } from '../flash/chip-session.ts';
import { restoreSlot, type RestoreOptions } from '../flash/slot-images.ts';
import type { ChipSlot, ChipSlots } from '../flash/slots.ts';
import type { WrittenFile } from '../flash/write-files.ts';
import { spareSlot } from './slot-rows.ts';

export interface SpareFlash {
  readonly slots: ChipSlots;
  readonly slot: ChipSlot;
  readonly plan: SlotChangePlan;
  readonly written: WrittenFile | undefined;
}

/** Writes an image into the slot that does not boot, and has it booted: the image first, as the chip's digest proves it, otadata after that. Until
 * the last sector is written the board boots what it booted before.
 * @throws {OtaError} `slots.noSpare`, `slots.noOtadata`, those of `restoreSlot` and `applySlotChange` */
export async function flashIntoSpareSlot(
  chip: ChipSession,
  slots: ChipSlots,
  image: Uint8Array,
  options: RestoreOptions = {},
  signal?: AbortSignal,
): Promise<SpareFlash> {
  const spare = spareSlot(slots);
  const target = switchTarget(spare.partition);
  if (target === undefined || slots.otadata === undefined) throw new OtaError('slots.noOtadata', { sizeBytes: 0 });
  const { slots: written, written: file } = await restoreSlot(chip, slots, spare, image, options, signal);
  const plan = planSlotChange(written, { kind: 'boot', target });
  const changed = await applySlotChange(chip, written, plan, options, signal);
  return { slots: changed, slot: spareNow(changed, spare), plan, written: file };
}

function spareNow({ slots }: ChipSlots, spare: ChipSlot): ChipSlot {
  return slots.find(({ partition }) => partition.offset === spare.partition.offset) ?? spare;
}
