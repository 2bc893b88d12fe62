import { OtaError } from '../../base/ota-error.ts';
import { switchTarget } from '../../flash/change-slots.ts';
import type { ChipSlot, ChipSlots } from '../../flash/slots.ts';
import type { SwitchTarget } from '../../image/boot-choice.ts';

/** The slot with this label.
 * @throws {OtaError} `slots.noSuchSlot` */
export function slotOfLabel({ slots }: ChipSlots, label: string): ChipSlot {
  const slot = slots.find(({ partition }) => partition.label === label);
  if (slot === undefined) throw new OtaError('slots.noSuchSlot', { slot: label });
  return slot;
}

/** How otadata names the slot with this label.
 * @throws {OtaError} `slots.noSuchSlot` when there is none, or none that otadata can name */
export function slotTarget(slots: ChipSlots, label: string): SwitchTarget {
  const target = switchTarget(slotOfLabel(slots, label).partition);
  if (target === undefined) throw new OtaError('slots.noSuchSlot', { slot: label });
  return target;
}
