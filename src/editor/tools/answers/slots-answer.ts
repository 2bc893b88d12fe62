import type { SlotChangePlan } from '../../../flash/change-slots.ts';
import type { ChipSlot, ChipSlots } from '../../../flash/slots.ts';
import type { AppDescription } from '../../../image/app-description.ts';
import { bootReasonText, slotTitle } from '../../../texts/slot-texts.ts';
import type { ToolValue } from '../output.ts';

/** What a board has in its slots, and which of them it boots next and why. */
export function slotsAnswer(port: string, slots: ChipSlots, build: AppDescription | undefined): ToolValue {
  const next = slots.slots.find(({ isNext }) => isNext);
  return {
    port,
    readAt: new Date(slots.readAtMs).toISOString(),
    boots: next?.partition.label ?? null,
    reason: slots.boot.reason,
    summary: bootReasonText(slots.boot, next),
    slots: slots.slots.map((slot) => slotAnswer(slot, build)),
  };
}

function slotAnswer(slot: ChipSlot, build: AppDescription | undefined): ToolValue {
  const { partition, description, state, isNext, problem, imageBytes } = slot;
  return {
    label: partition.label,
    offset: `0x${partition.offset.toString(16)}`,
    sizeBytes: partition.size,
    ...(description === undefined
      ? {}
      : {
          project: description.projectName,
          version: description.version,
          built: `${description.date} ${description.time}`.trim(),
          idfVersion: description.idfVersion,
          isLocalBuild: build?.elfSha256 === description.elfSha256,
        }),
    ...(imageBytes === undefined ? {} : { imageBytes }),
    ...(state === undefined ? {} : { state }),
    ...(problem === undefined ? {} : { problem }),
    isNext,
  };
}

/** What a change of the slot that boots did, as read back; nothing is written when the board boots it already. */
export function slotChangeAnswer(port: string, plan: SlotChangePlan, after: ChipSlots): ToolValue {
  const now = after.slots.find(({ isNext }) => isNext);
  return {
    port,
    isChanged: plan.operations.length > 0,
    bootedBefore: plan.nextBefore === undefined ? null : slotTitle(plan.nextBefore),
    boots: now?.partition.label ?? null,
    version: now?.description?.version ?? null,
    otadataBefore: Buffer.from(plan.before).toString('hex'),
    otadataAfter: Buffer.from(plan.after).toString('hex'),
  };
}
