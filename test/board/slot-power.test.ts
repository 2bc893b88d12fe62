import { afterAll, describe, expect, it } from 'vitest';
import { DisposableStore } from '../../src/base/disposable.ts';
import { isOtaError } from '../../src/base/ota-error.ts';
import { applySlotChange, planSlotChange, type SlotChange } from '../../src/flash/change-slots.ts';
import { openChip, type ChipSession } from '../../src/flash/chip-session.ts';
import { restoreSlot } from '../../src/flash/slot-images.ts';
import { readSlots } from '../../src/flash/slots.ts';
import { flashIntoSpareSlot } from '../../src/ota/slots.ts';
import { makeOtadata } from '../support/firmware.ts';
import { FACTORY_AND_TWO, NO_RESETS, slotImage, slotRig, THREE_SLOTS, type SlotRig } from '../support/slot-rig.ts';

// Power fails before, in and after every erase and every program of every change of the slots: whatever is in flash then, the board boots a
// version that is whole.
const store = new DisposableStore();
afterAll(() => {
  store.dispose();
});

const TWO_SLOTS = THREE_SLOTS.split('\n').slice(0, 5).join('\n');
type Entry = Parameters<typeof makeOtadata>[0];
const entry = (sequence: number, state: NonNullable<NonNullable<Entry>['state']>): Entry => ({ sequence, state });

interface Scenario {
  readonly name: string;
  readonly table: string;
  readonly otadata: readonly [Entry, Entry];
  readonly hasRollback?: boolean;
  /** Default: otadata is changed in this way. */
  readonly work?: (chip: ChipSession, rig: SlotRig) => Promise<unknown>;
  readonly change?: SlotChange;
  /** Version that boots when it came to its end. */
  readonly boots: string;
  /** Version that boots while the slot of the one before is being written. */
  readonly meanwhile?: string;
}

const VERSIONS: Readonly<Record<string, string>> = { factory: '0.9.0', ota_0: '1.0.0', ota_1: '1.1.0', ota_2: '1.2.0' };
const NEW_VERSION = '2.0.0';

const SCENARIOS: readonly Scenario[] = [
  {
    name: 'boot ota_1 where otadata is blank',
    table: TWO_SLOTS,
    otadata: [undefined, undefined],
    change: { kind: 'boot', target: { ota: 1 } },
    boots: '1.1.0',
  },
  {
    name: 'go back from ota_1 to ota_0',
    table: TWO_SLOTS,
    otadata: [entry(1, 'valid'), entry(2, 'valid')],
    change: { kind: 'previous' },
    boots: '1.0.0',
  },
  {
    name: 'boot ota_0 of three, written to the first sector',
    table: THREE_SLOTS,
    otadata: [entry(5, 'valid'), entry(6, 'undefined')],
    change: { kind: 'boot', target: { ota: 0 } },
    boots: '1.0.0',
  },
  {
    name: 'boot ota_1, whose entry says that it was rolled back',
    table: TWO_SLOTS,
    otadata: [entry(1, 'valid'), entry(2, 'aborted')],
    change: { kind: 'boot', target: { ota: 1 } },
    boots: '1.1.0',
  },
  {
    name: 'keep ota_1, which is on trial',
    table: TWO_SLOTS,
    otadata: [entry(1, 'valid'), entry(2, 'pendingVerify')],
    hasRollback: true,
    change: { kind: 'boot', target: { ota: 1 } },
    boots: '1.1.0',
  },
  {
    name: 'boot ota_0 while ota_1 is new',
    table: TWO_SLOTS,
    otadata: [entry(1, 'valid'), entry(2, 'new')],
    hasRollback: true,
    change: { kind: 'boot', target: { ota: 0 } },
    boots: '1.0.0',
  },
  {
    name: 'boot factory',
    table: FACTORY_AND_TWO,
    otadata: [entry(1, 'valid'), entry(2, 'valid')],
    change: { kind: 'boot', target: 'factory' },
    boots: '0.9.0',
  },
  {
    name: 'erase otadata where there is no factory',
    table: TWO_SLOTS,
    otadata: [entry(3, 'valid'), entry(2, 'valid')],
    change: { kind: 'eraseOtadata' },
    boots: '1.0.0',
  },
  {
    name: 'boot ota_1 when the numbers have run out',
    table: TWO_SLOTS,
    otadata: [entry(0xffff_fffd, 'valid'), entry(0xffff_fffe, 'valid')],
    change: { kind: 'boot', target: { ota: 0 } },
    boots: '1.0.0',
  },
  {
    name: 'flash into the spare slot',
    table: TWO_SLOTS,
    otadata: [entry(1, 'valid'), entry(2, 'valid')],
    work: async (chip, rig) => {
      const slots = await readSlots(chip, { rollbackEnabled: false });
      return flashIntoSpareSlot(chip, slots, slotImage(NEW_VERSION), { isFastReflash: rig.flash.sizeBytes < 0 });
    },
    boots: NEW_VERSION,
  },
  {
    name: 'restore the slot that boots',
    table: TWO_SLOTS,
    otadata: [entry(1, 'valid'), entry(2, 'valid')],
    work: async (chip) => {
      const slots = await readSlots(chip, { rollbackEnabled: false });
      const [, target] = slots.slots;
      if (target !== undefined)
        await restoreSlot(chip, slots, target, slotImage(NEW_VERSION), { isFastReflash: false });
    },
    boots: NEW_VERSION,
    meanwhile: '1.0.0',
  },
];

async function run(rig: SlotRig, work: (chip: ChipSession) => Promise<unknown>): Promise<boolean> {
  const { line } = rig;
  line.plugIn();
  const transport = await rig.open();
  // what has no power answers no more
  const watching = line.onMode((mode) => {
    if (mode === 'held' || mode === 'firmware') line.unplug();
  });
  try {
    const chip = await openChip(transport, NO_RESETS);
    try {
      await work(chip);
      return true;
    } finally {
      await chip.close({ restarts: false });
    }
  } catch (error) {
    if (!isOtaError(error)) throw error;
    return false;
  } finally {
    watching.dispose();
    line.unplug();
  }
}

describe('power fails at any point of', () => {
  it.each(SCENARIOS)('$name', async ({ table, otadata, hasRollback = false, work, change, boots, meanwhile }) => {
    const rig = await slotRig(store, {
      table,
      otadata: makeOtadata(...otadata),
      image: { totalSizeBytes: 32 * 1024 },
      setup: { bootloader: { hasRollback } },
    });
    rig.line.unplug();
    for (const row of rig.board.state.slots) {
      rig.put(row.label, slotImage(VERSIONS[row.label] ?? '', { image: { totalSizeBytes: 32 * 1024 } }));
    }
    // it may have booted already
    rig.flash.replace(0xd000, makeOtadata(...otadata));
    const start = rig.flash.snapshot();
    const before = await rig.boot();
    rig.line.unplug();
    rig.flash.restore(start);
    const doIt = (): Promise<boolean> =>
      run(rig, async (chip) => {
        if (work !== undefined) return work(chip, rig);
        const slots = await readSlots(chip, { rollbackEnabled: hasRollback });
        return applySlotChange(chip, slots, planSlotChange(slots, change ?? { kind: 'previous' }));
      });
    // single ones: an erase of a block counts for each of its sectors
    const operations: { readonly isEntry: boolean; readonly programmedBefore: number }[] = [];
    let programmed = 0;
    const counting = rig.flash.onOperation(({ kind, offsetBytes, lengthBytes }) => {
      const count = kind === 'erase' ? lengthBytes / 4096 : 1;
      const isOtadata = offsetBytes >= 0xd000 && offsetBytes < 0xf000;
      const isEntry = kind === 'program' && isOtadata;
      for (let index = 0; index < count; index++) operations.push({ isEntry, programmedBefore: programmed });
      if (kind === 'program') programmed += lengthBytes;
    });
    expect(await doIt()).toBe(true);
    counting.dispose();
    expect(await rig.boot()).toMatchObject({ version: boots });
    expect(operations.length).toBeGreaterThan(0);
    // nothing but the version that booted before or the one that is to boot: not just anything that is whole
    const allowed = [before?.version, boots, meanwhile].filter((version) => version !== undefined);
    let cuts = 0;
    for (const [index, operation] of operations.entries()) {
      for (const arm of armsOf(rig, operation, index)) {
        rig.line.unplug();
        rig.flash.restore(start);
        const armed = arm();
        const isDone = await doIt();
        armed.dispose();
        const booted = await rig.boot();
        expect(allowed, `cut ${cuts} at operation ${index}`).toContain(booted?.version);
        if (isDone) expect(booted).toMatchObject({ version: boots });
        cuts += 1;
      }
    }
    // and what was interrupted can be done again
    expect(await doIt()).toBe(true);
    expect(await rig.boot()).toMatchObject({ version: boots });
  });
});

/** In the middle of an operation, right after it, and (of an entry of otadata) after single bytes of it. */
function armsOf(
  { flash, line }: SlotRig,
  { isEntry, programmedBefore }: { readonly isEntry: boolean; readonly programmedBefore: number },
  index: number,
): (() => { dispose(): void })[] {
  const inside = (): { dispose(): void } => flash.cutPower({ afterOperations: index });
  const after = (): { dispose(): void } => {
    let seen = 0;
    return flash.onOperation(({ kind, lengthBytes }) => {
      seen += kind === 'erase' ? lengthBytes / 4096 : 1;
      if (seen === index + 1) line.unplug();
    });
  };
  const atBytes = isEntry ? [0, 1, 4, 24, 27, 28, 31] : [];
  return [
    inside,
    after,
    ...atBytes.map((count) => () => flash.cutPower({ afterProgrammedBytes: programmedBefore + count })),
  ];
}
