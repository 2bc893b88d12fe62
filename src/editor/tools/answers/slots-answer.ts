import type { SlotChangePlan } from '../../../flash/change-slots.ts';
import type { ChipSlots } from '../../../flash/slots.ts';
import type { AppDescription } from '../../../image/app-description.ts';
import { slotChangeJson, slotsJson } from '../../../json/slots-json.ts';
import type { ToolValue } from '../output.ts';

/** What a board has in its slots, and which of them it boots next and why. They may have been read long ago. */
export function slotsAnswer(port: string, slots: ChipSlots, build: AppDescription | undefined) {
  return { port, readAt: new Date(slots.readAtMs).toISOString(), ...slotsJson(slots, build) } satisfies ToolValue;
}

/** What a change of the slot that boots did, and the slots as read back; nothing is written when the board boots it already. */
export function slotChangeAnswer(
  port: string,
  plan: SlotChangePlan,
  after: ChipSlots,
  build: AppDescription | undefined,
): ToolValue {
  return { ...slotsAnswer(port, after, build), change: slotChangeJson(plan) };
}
