import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isOtaError } from '../../../src/base/ota-error.ts';
import { planSlotChange, previousSlot, switchTarget, type SlotChange } from '../../../src/flash/change-slots.ts';
import { nextOf, type ChipSlot, type ChipSlots, type SlotProblem } from '../../../src/flash/slots.ts';
import { chooseBootSlot } from '../../../src/image/boot-choice.ts';
import {
  encodeOtadataEntry,
  parseOtadataEntry,
  type OtadataEntries,
  type OtaState,
} from '../../../src/image/otadata.ts';
import type { Partition } from '../../../src/image/partition-table.ts';
import { codeOf } from '../image/code-of.ts';

const BLANK = new Uint8Array(32).fill(0xff);

function partition(label: string, type: number, subtype: number, offset: number, size: number): Partition {
  return { label, type, subtype, offset, size, isEncrypted: false, isReadonly: false };
}

interface Recipe {
  readonly entries: readonly [Uint8Array, Uint8Array];
  readonly hasFactory?: boolean;
  readonly count?: number;
  readonly problems?: readonly (SlotProblem | undefined)[];
  readonly rollbackEnabled?: boolean;
  readonly otadataBytes?: number;
}

/** What reading a board would give. */
function board(recipe: Recipe): ChipSlots {
  const { entries: raws, hasFactory = false, count = 2, problems = [], rollbackEnabled = false } = recipe;
  const otadata = partition('otadata', 1, 0, 0xd000, recipe.otadataBytes ?? 0x2000);
  const apps = [
    ...(hasFactory ? [partition('factory', 0, 0, 0x10000, 0x10000)] : []),
    ...Array.from({ length: count }, (_, index) =>
      partition(`ota_${index}`, 0, 0x10 + index, 0x20000 + index * 0x10000, 0x10000),
    ),
  ];
  const partitions = [otadata, ...apps];
  const entries: OtadataEntries = [parseOtadataEntry(raws[0], 0), parseOtadataEntry(raws[1], 1)];
  const boot = chooseBootSlot(entries, partitions, { rollbackEnabled });
  const found = apps.map((app, index) => {
    const problem = problems[index];
    return { partition: app, ...(problem === undefined ? {} : { problem }) };
  });
  const next = nextOf(boot, found);
  const slots: ChipSlot[] = found.map((slot) => ({ ...slot, isNext: slot.partition.offset === next?.offset }));
  const base = { tableOffset: 0x8000, partitions, slots, boot, rollbackEnabled, bytesRead: 0, readAtMs: 0 };
  if (recipe.otadataBytes !== undefined && recipe.otadataBytes < 0x2000) return base;
  return { ...base, otadata: { partition: otadata, entries, raw: Buffer.concat(raws) } };
}

function labelAfter(slots: ChipSlots, change: SlotChange): string | undefined {
  return planSlotChange(slots, change).nextAfter?.partition.label;
}

describe('a change of what boots', () => {
  it('names the sector and all 32 bytes, with what boots before and after', () => {
    const slots = board({ entries: [encodeOtadataEntry(1, 'valid'), encodeOtadataEntry(2, 'valid')] });
    const plan = planSlotChange(slots, { kind: 'boot', target: { ota: 0 } });
    expect(plan.operations).toEqual([{ kind: 'write', sector: 0, bytes: encodeOtadataEntry(3) }]);
    expect(
      Buffer.from(plan.before).equals(Buffer.concat([encodeOtadataEntry(1, 'valid'), encodeOtadataEntry(2, 'valid')])),
    ).toBe(true);
    expect(Buffer.from(plan.after).equals(Buffer.concat([encodeOtadataEntry(3), encodeOtadataEntry(2, 'valid')]))).toBe(
      true,
    );
    expect([plan.nextBefore?.partition.label, plan.nextAfter?.partition.label]).toEqual(['ota_1', 'ota_0']);
  });

  it('writes nothing when the slot boots already and stays', () => {
    const slots = board({ entries: [encodeOtadataEntry(1, 'valid'), BLANK] });
    expect(planSlotChange(slots, { kind: 'boot', target: { ota: 0 } }).operations).toEqual([]);
    expect(planSlotChange(board({ entries: [BLANK, BLANK] }), { kind: 'eraseOtadata' }).operations).toEqual([]);
  });

  it('writes an entry for a slot that boots on trial only', () => {
    const slots = board({
      entries: [encodeOtadataEntry(1, 'valid'), encodeOtadataEntry(2, 'new')],
      rollbackEnabled: true,
    });
    const plan = planSlotChange(slots, { kind: 'boot', target: { ota: 1 } });
    expect(plan.operations).toHaveLength(1);
    expect(plan.bootsAfter.writes).toEqual([]);
  });

  it('refuses a slot from which nothing can boot, and one that is not there', () => {
    const slots = board({ entries: [BLANK, BLANK], problems: [undefined, 'damaged'] });
    expect(codeOf(() => planSlotChange(slots, { kind: 'boot', target: { ota: 1 } }))).toBe('slots.notBootable');
    expect(codeOf(() => planSlotChange(slots, { kind: 'boot', target: { ota: 2 } }))).toBe('slots.noSuchSlot');
    expect(codeOf(() => planSlotChange(slots, { kind: 'boot', target: 'factory' }))).toBe('slots.noSuchSlot');
    const small = board({ entries: [BLANK, BLANK], otadataBytes: 0x1000 });
    expect(codeOf(() => planSlotChange(small, { kind: 'eraseOtadata' }))).toBe('slots.noOtadata');
  });

  it('goes back to the slot of the other entry, and forth again', () => {
    const entries = [encodeOtadataEntry(4, 'valid'), encodeOtadataEntry(5, 'valid')] as const;
    const slots = board({ entries, count: 3, hasFactory: true });
    expect(labelAfter(slots, { kind: 'previous' })).toBe('ota_0');
    const { after } = planSlotChange(slots, { kind: 'previous' });
    const back = board({ entries: [after.subarray(0, 32), after.subarray(32)], count: 3, hasFactory: true });
    expect(labelAfter(back, { kind: 'previous' })).toBe('ota_1');
  });

  it('goes back to factory, or to the only other one, where otadata has no other entry', () => {
    const entries = [encodeOtadataEntry(1), BLANK] as const;
    expect(labelAfter(board({ entries, hasFactory: true }), { kind: 'previous' })).toBe('factory');
    expect(labelAfter(board({ entries }), { kind: 'previous' })).toBe('ota_1');
    expect(previousSlot(board({ entries, count: 3 }))).toBeUndefined();
  });

  it('never goes back to a version that was rolled back', () => {
    for (const state of ['invalid', 'aborted', 'pendingVerify'] as const) {
      const entries = [encodeOtadataEntry(1, 'valid'), encodeOtadataEntry(2, state)] as const;
      const slots = board({ entries, rollbackEnabled: true });
      const withStates = {
        ...slots,
        slots: slots.slots.map((slot, index): ChipSlot => ({ ...slot, state: index === 0 ? 'valid' : state })),
      };
      expect(
        codeOf(() => planSlotChange(withStates, { kind: 'previous' })),
        state,
      ).toBe('slots.noPrevious');
    }
  });
});

const states = fc.constantFrom<OtaState>('new', 'pendingVerify', 'valid', 'invalid', 'aborted', 'undefined');
const entry = fc.oneof(
  fc.constant(BLANK),
  fc
    .tuple(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(0xffff_fffd, 0xffff_fffe)), states)
    .map(([sequence, state]) => encodeOtadataEntry(sequence, state)),
  fc.uint8Array({ minLength: 32, maxLength: 32 }),
);
const recipes = fc.record({
  entries: fc.tuple(entry, entry),
  hasFactory: fc.boolean(),
  count: fc.integer({ min: 1, max: 4 }),
  problems: fc.array(fc.constantFrom<SlotProblem | undefined>(undefined, undefined, 'empty', 'damaged'), {
    maxLength: 5,
  }),
  rollbackEnabled: fc.boolean(),
});

describe('any otadata, whatever lies in the slots', () => {
  it('ends with the wanted slot, and boots something after every step and in the middle of it', () => {
    fc.assert(
      fc.property(recipes, fc.nat(), (recipe, choice) => {
        const slots = board(recipe);
        const wanted = slots.slots[choice % slots.slots.length];
        const target = wanted === undefined ? undefined : switchTarget(wanted.partition);
        if (wanted === undefined || target === undefined) return;
        let plan;
        try {
          plan = planSlotChange(slots, { kind: 'boot', target });
        } catch (error) {
          expect(isOtaError(error, 'slots.notBootable')).toBe(wanted.problem !== undefined);
          return;
        }
        const bootsWith = (raw: Uint8Array): number | undefined => {
          const now = chooseBootSlot(
            [parseOtadataEntry(raw, 0), parseOtadataEntry(raw.subarray(32), 1)],
            slots.partitions,
            { rollbackEnabled: slots.rollbackEnabled },
          );
          return nextOf(now, slots.slots)?.offset;
        };
        const raw = Uint8Array.from(plan.before);
        for (const operation of plan.operations) {
          const at = operation.sector * 32;
          raw.fill(0xff, at, at + 32);
          expect(bootsWith(raw)).toBeDefined();
          if (operation.kind === 'write') raw.set(operation.bytes, at);
          expect(bootsWith(raw)).toBeDefined();
        }
        expect(raw).toEqual(Uint8Array.from(plan.after));
        expect(bootsWith(raw)).toBe(wanted.partition.offset);
      }),
    );
  });
});
