import type { ChipFacts } from '../../flash/chip-session.ts';
import type { ChipSlots } from '../../flash/slots.ts';
import type { AppDescription } from '../../image/app-description.ts';
import { slotRows } from '../../ota/slot-rows.ts';

/** `v3.1` of major * 100 + minor. */
export function revisionText(revision: number): string {
  return `v${Math.floor(revision / 100)}.${revision % 100}`;
}

/** What JSON output says of a chip. */
export function chipJson({ name, target, revision, mac, flashSizeBytes }: ChipFacts): Record<string, unknown> {
  return {
    name,
    target,
    ...(revision === undefined ? {} : { revision: revisionText(revision) }),
    ...(mac === undefined ? {} : { mac }),
    ...(flashSizeBytes === undefined ? {} : { flashSizeBytes }),
  };
}

/** What JSON output says of slots. */
export function slotsJson(slots: ChipSlots, build: AppDescription | undefined): Record<string, unknown> {
  const { tableOffset, rollbackEnabled, otadata, boot } = slots;
  const next = slots.slots.find(({ isNext }) => isNext);
  return {
    tableOffset,
    rollbackEnabled,
    boots: next?.partition.label ?? null,
    reason: boot.reason,
    slots: slotRows(slots, build),
    ...(otadata === undefined
      ? {}
      : { otadata: { offset: otadata.partition.offset, bytes: Buffer.from(otadata.raw).toString('hex') } }),
  };
}
