import './errors.ts';
import { throwIfCancelled } from '../base/abort.ts';
import { OtaError } from '../base/ota-error.ts';
import { chooseBootSlot, slotOfSequence, type BootChoice, type SwitchTarget } from '../image/boot-choice.ts';
import { OTADATA_ENTRY_BYTES, OTADATA_SECTOR_BYTES, parseOtadataEntry, type OtadataEntries } from '../image/otadata.ts';
import { otadataPartition, otaIndex, otaSlots, type Partition } from '../image/partition-table.ts';
import { SUBTYPE_FACTORY } from '../image/partition-types.ts';
import { applyOtadataOperations, planErase, planSwitch, type OtadataOperation } from '../image/slot-switch.ts';
import type { ChipSession } from './chip-session.ts';
import { eraseRegion, flashMd5 } from './commands.ts';
import { md5Hex } from './compare-flash.ts';
import type { OnProgress } from './progress.ts';
import { nextOf, rereadSlots, type ChipOtadata, type ChipSlot, type ChipSlots } from './slots.ts';
import { prepareRun, writeRun } from './write-run.ts';

/** What shall boot: a slot by its number, the version before the current one, or what boots without any entry. */
export type SlotChange =
  | { readonly kind: 'boot'; readonly target: SwitchTarget }
  | { readonly kind: 'previous' }
  | { readonly kind: 'eraseOtadata' };

/** The bytes that a change writes, and what the bootloader makes of them. */
export interface SlotChangePlan {
  readonly change: SlotChange;
  /** One flash sector each, in an order in which power may fail at any point. None when it is so already. */
  readonly operations: readonly OtadataOperation[];
  /** 64 bytes: the entry of the first sector, then that of the second. */
  readonly before: Uint8Array;
  readonly after: Uint8Array;
  readonly bootsBefore: BootChoice;
  readonly bootsAfter: BootChoice;
  /** What boots now and then, of what was seen in the slots. */
  readonly nextBefore?: ChipSlot;
  readonly nextAfter?: ChipSlot;
}

/** What to write for a change. Nothing is planned that leads to a slot with nothing bootable in it.
 * @throws {OtaError} `slots.noOtadata`, `slots.notBootable`, `slots.noPrevious`, `slots.noSuchSlot`, `otadata.noSuchSlot` */
export function planSlotChange(slots: ChipSlots, change: SlotChange): SlotChangePlan {
  const otadata = requireOtadata(slots);
  const { raw } = otadata;
  const operations = operationsOf(slots, otadata, change);
  const after = applyOtadataOperations(raw, operations, OTADATA_ENTRY_BYTES);
  const bootsAfter = chooseBootSlot(entriesOf(after), slots.partitions, { rollbackEnabled: slots.rollbackEnabled });
  const nextBefore = slots.slots.find(({ isNext }) => isNext);
  const next = nextOf(bootsAfter, slots.slots);
  const nextAfter = slots.slots.find(({ partition }) => partition.offset === next?.offset);
  return {
    change,
    operations,
    before: raw,
    after,
    bootsBefore: slots.boot,
    bootsAfter,
    ...(nextBefore === undefined ? {} : { nextBefore }),
    ...(nextAfter === undefined ? {} : { nextAfter }),
  };
}

function requireOtadata({ otadata, partitions }: ChipSlots): ChipOtadata {
  if (otadata !== undefined) return otadata;
  throw new OtaError('slots.noOtadata', { sizeBytes: otadataPartition(partitions)?.size ?? 0 });
}

function operationsOf(slots: ChipSlots, { entries }: ChipOtadata, change: SlotChange): readonly OtadataOperation[] {
  if (change.kind === 'eraseOtadata') return planErase(entries);
  const slot = change.kind === 'previous' ? previousSlot(slots) : slotOfTarget(slots, change.target);
  const target = slot === undefined ? undefined : switchTarget(slot.partition);
  if (slot === undefined || target === undefined) {
    const current = slots.slots.find(({ isNext }) => isNext)?.partition.label ?? '';
    if (change.kind === 'previous') throw new OtaError('slots.noPrevious', { slot: current });
    throw new OtaError('slots.noSuchSlot', { slot: targetLabel(change.target) });
  }
  if (slot.problem !== undefined) {
    throw new OtaError('slots.notBootable', { slot: slot.partition.label, problem: slot.problem });
  }
  return isSettled(slots, slot) ? [] : planSwitch(entries, slots.partitions, target).operations;
}

/** Whether it boots next and stays: not on trial, and not only because what should boot can not. */
function isSettled({ boot, otadata }: ChipSlots, slot: ChipSlot): boolean {
  if (!slot.isNext || boot.order[0]?.offset !== slot.partition.offset) return false;
  const state = boot.activeSector === undefined ? undefined : otadata?.entries[boot.activeSector].state;
  return state !== 'new' && state !== 'pendingVerify';
}

/** States of a version that was, or is about to be, rolled back. */
const ROLLED_BACK: ReadonlySet<unknown> = new Set(['invalid', 'aborted', 'pendingVerify']);

/** What the board ran before: the slot of otadata's other entry, else factory, else the only other slot that may boot. Never one whose version
 * was rolled back. */
export function previousSlot({ slots, otadata, boot, partitions }: ChipSlots): ChipSlot | undefined {
  const count = otaSlots(partitions).length;
  const others = slots.filter(
    ({ isNext, problem, state, partition }) =>
      !isNext && problem === undefined && !ROLLED_BACK.has(state) && isReachable(partition, count),
  );
  const before = otadata?.entries.find(
    ({ sector, isValid }) => isValid && boot.activeSector !== undefined && sector !== boot.activeSector,
  );
  const index = before === undefined ? undefined : slotOfSequence(before.sequence, count);
  const ofEntry = others.find(({ partition }) => index !== undefined && otaIndex(partition) === index);
  const factory = others.find(({ partition }) => partition.subtype === SUBTYPE_FACTORY);
  return ofEntry ?? factory ?? (others.length === 1 ? others[0] : undefined);
}

function isReachable(partition: Partition, count: number): boolean {
  const target = switchTarget(partition);
  return target !== undefined && (target === 'factory' || target.ota < count);
}

/** How otadata names a slot; undefined for one it can't name (test). */
export function switchTarget(partition: Partition): SwitchTarget | undefined {
  const ota = otaIndex(partition);
  if (ota !== undefined) return { ota };
  return partition.subtype === SUBTYPE_FACTORY ? 'factory' : undefined;
}

function slotOfTarget({ slots }: ChipSlots, target: SwitchTarget): ChipSlot | undefined {
  return slots.findLast(({ partition }) => {
    const own = switchTarget(partition);
    return own !== undefined && targetLabel(own) === targetLabel(target);
  });
}

function targetLabel(target: SwitchTarget): string {
  return target === 'factory' ? target : `ota_${target.ota}`;
}

function entriesOf(raw: Uint8Array): OtadataEntries {
  return [parseOtadataEntry(raw, 0), parseOtadataEntry(raw.subarray(OTADATA_ENTRY_BYTES), 1)];
}

/** Carries a plan out, sector by sector: erase, program, and the chip's digest of the whole sector before the next one is touched. A cancel is
 * heard before the first; the whole takes as long as a few round trips. Gives the slots with otadata as it was read back.
 * @throws {OtaError} `slots.changed` before anything is written when the board holds other bytes than the plan was made from;
 * `flash.verifyFailed`, `flash.notProgrammed`, `flash.needsStub`, `flash.command*`, `serial.*`, `cancelled` */
export async function applySlotChange(
  chip: ChipSession,
  slots: ChipSlots,
  plan: SlotChangePlan,
  options: { readonly onProgress?: OnProgress } = {},
  signal?: AbortSignal,
): Promise<ChipSlots> {
  const { partition } = requireOtadata(slots);
  const found = await rereadSlots(chip, slots, undefined, signal);
  if (!isSame(found.otadata?.raw, plan.before)) throw new OtaError('slots.changed', { offset: partition.offset });
  throwIfCancelled(signal, 'slot');
  for (const [index, operation] of plan.operations.entries()) {
    options.onProgress?.({
      phase: operation.kind === 'write' ? 'writing' : 'erasing',
      file: partition.label,
      doneBytes: index * OTADATA_SECTOR_BYTES,
      totalBytes: plan.operations.length * OTADATA_SECTOR_BYTES,
    });
    await applyOperation(chip, partition, operation);
  }
  const changed = await rereadSlots(chip, slots);
  if (!isSame(changed.otadata?.raw, plan.after)) {
    throw verifyFailed(partition, partition.offset, plan.after, changed.otadata?.raw ?? new Uint8Array(0));
  }
  return changed;
}

function isSame(one: Uint8Array | undefined, other: Uint8Array): boolean {
  return one !== undefined && Buffer.compare(one, other) === 0;
}

function verifyFailed({ label }: Partition, offset: number, expected: Uint8Array, found: Uint8Array): OtaError {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  return new OtaError('flash.verifyFailed', { name: label, offset, expected: hex(expected), found: hex(found) });
}

const ATTEMPTS = 2;

/** One sector. */
async function applyOperation(chip: ChipSession, partition: Partition, operation: OtadataOperation): Promise<void> {
  const { link } = chip;
  const offset = partition.offset + operation.sector * OTADATA_SECTOR_BYTES;
  const expected = new Uint8Array(OTADATA_SECTOR_BYTES).fill(0xff);
  if (operation.kind === 'write') expected.set(operation.bytes);
  let found = '';
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    await eraseRegion(link, offset, OTADATA_SECTOR_BYTES);
    if (operation.kind === 'write') {
      const whole = { from: 0, end: operation.bytes.length };
      const run = await prepareRun(chip, partition.label, offset, operation.bytes, whole);
      await writeRun(chip, run, { onTouch: () => undefined, onBytes: () => undefined });
    }
    found = await flashMd5(link, offset, OTADATA_SECTOR_BYTES);
    if (found === md5Hex(expected)) return;
  }
  throw new OtaError('flash.verifyFailed', { name: partition.label, offset, expected: md5Hex(expected), found });
}
