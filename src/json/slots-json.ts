import type { SlotChangePlan } from '../flash/change-slots.ts';
import type { ChipFacts } from '../flash/chip-session.ts';
import type { ChipSlots } from '../flash/slots.ts';
import type { AppDescription } from '../image/app-description.ts';
import { revisionText } from '../image/chips.ts';
import { slotRows } from '../ota/slot-rows.ts';
import { bootReasonText } from '../texts/slot-texts.ts';

/** A chip that was asked. */
export function chipJson({ name, target, revision, mac, flashSizeBytes }: ChipFacts) {
  return {
    name,
    target,
    ...(revision === undefined ? {} : { revision: revisionText(revision) }),
    ...(mac === undefined ? {} : { mac }),
    ...(flashSizeBytes === undefined ? {} : { flashSizeBytes }),
  };
}

/** What a board has in its slots, which of them it boots next, and why. */
export function slotsJson(slots: ChipSlots, build: AppDescription | undefined) {
  const { tableOffset, rollbackEnabled, otadata, boot } = slots;
  const next = slots.slots.find(({ isNext }) => isNext);
  return {
    tableOffset,
    rollbackEnabled,
    boots: next?.partition.label ?? null,
    reason: boot.reason,
    message: bootReasonText(boot, next),
    slots: slotRows(slots, build).map((row) => ({ ...row })),
    ...(otadata === undefined ? {} : { otadata: { offset: otadata.partition.offset, bytes: hex(otadata.raw) } }),
  };
}

/** What a change of the slot that boots did. Nothing is written when the board boots it already. */
export function slotChangeJson({ change, before, after, nextBefore, nextAfter, operations }: SlotChangePlan) {
  return {
    kind: change.kind,
    isWritten: operations.length > 0,
    bootsBefore: nextBefore?.partition.label ?? null,
    bootsAfter: nextAfter?.partition.label ?? null,
    before: hex(before),
    after: hex(after),
    operations: operations.map((one) => ({
      kind: one.kind,
      sector: one.sector,
      ...(one.kind === 'write' ? { bytes: hex(one.bytes) } : {}),
    })),
  };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
