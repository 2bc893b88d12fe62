import { afterAll, describe, expect, it } from 'vitest';
import { DisposableStore } from '../../src/base/disposable.ts';
import { applySlotChange, planSlotChange } from '../../src/flash/change-slots.ts';
import type { ChipSession } from '../../src/flash/chip-session.ts';
import { flashBoard } from '../../src/flash/flash-board.ts';
import type { FlashProgress } from '../../src/flash/progress.ts';
import { restoreSlot, saveSlot } from '../../src/flash/slot-images.ts';
import { readSlots, rereadSlots, type ChipSlot, type ChipSlots } from '../../src/flash/slots.ts';
import { verifyImage } from '../../src/image/verify-image.ts';
import {
  afterAppFlash,
  slotOfBuild,
  slotOfFlashed,
  slotRows,
  spareSlot,
  type AfterAppFlash,
} from '../../src/ota/slot-rows.ts';
import { flashIntoSpareSlot } from '../../src/ota/slots.ts';
import { caught } from '../support/caught.ts';
import { appendSignature, makeOtadata } from '../support/firmware.ts';
import { FACTORY_AND_TWO, NO_RESETS, slotImage, slotRig, THREE_SLOTS, type SlotRig } from '../support/slot-rig.ts';

const store = new DisposableStore();
afterAll(() => {
  store.dispose();
});

const READ = { rollbackEnabled: false };
const KIB = 1024;
const BOTH_VALID = makeOtadata({ sequence: 1, state: 'valid' }, { sequence: 2, state: 'valid' });

function labelled({ slots }: ChipSlots, label: string): ChipSlot {
  const slot = slots.find(({ partition }) => partition.label === label);
  if (slot === undefined) throw new Error(`no slot ${label}`);
  return slot;
}

/** Two versions in three slots; the third is empty. */
async function threeSlots(otadata = BOTH_VALID, options = {}): Promise<SlotRig> {
  const rig = await slotRig(store, { table: THREE_SLOTS, otadata, ...options });
  rig.put('ota_1', slotImage('1.1.0', options));
  return rig;
}

const read = (rig: SlotRig): Promise<ChipSlots> => rig.withChip((chip) => readSlots(chip, READ));

describe('reading the slots of a board', () => {
  it.each([
    [200, 'wrongRevision'],
    [300, undefined],
  ])('holds the revision byte of old images against a chip of revision %i', async (chipRevision, problem) => {
    const rig = await slotRig(store, { table: FACTORY_AND_TWO, setup: { chipRevision } });
    const image = slotImage('1.1.0');
    // major number 3 in the legacy byte, and nothing in the two fields that came later
    image.set([3, 0, 0, 0, 0], 14);
    rig.put('ota_0', image);
    const slot = labelled(await read(rig), 'ota_0');
    expect(slot.problem).toBe(problem);
    const check = verifyImage(image, { chipId: 0, chipRevision }).find(({ id }) => id === 'revision');
    expect(check?.outcome).toBe(problem === undefined ? 'passed' : 'failed');
  });

  it.each(['virtual', 'socket', 'rfc2217'] as const)('says what each holds and which boots next: %s', async (line) => {
    const rig = await slotRig(store, { table: FACTORY_AND_TWO, otadata: BOTH_VALID }, { line });
    rig.put('ota_0', slotImage('1.1.0'));
    rig.put('ota_1', slotImage('1.2.0'));
    const slots = await read(rig);
    expect(slotRows(slots, labelled(slots, 'ota_0').description)).toMatchObject([
      { label: 'factory', version: '1.0.0', isNext: false, matchesBuild: false },
      {
        label: 'ota_0',
        version: '1.1.0',
        projectName: 'ota_example',
        isNext: false,
        state: 'valid',
        matchesBuild: true,
      },
      { label: 'ota_1', version: '1.2.0', imageBytes: 64 * KIB, isNext: true, state: 'valid', matchesBuild: false },
    ]);
    expect(slots.boot).toMatchObject({ target: { ota: 1 }, reason: 'activeEntry', activeSector: 1 });
    expect(slots.otadata?.raw).toHaveLength(64);
    // with connecting, the stub and the restart
    expect(rig.count.toBoard + rig.count.toHost).toBeLessThanOrEqual(32 * KIB);
    expect(await rig.boot()).toEqual({ version: '1.2.0', label: 'ota_1' });
  });

  it('sees what the bootloader would pass over, and what boots instead', async () => {
    const rig = await threeSlots(makeOtadata({ sequence: 2, state: 'valid' }, { sequence: 3, state: 'valid' }));
    const image = slotImage('1.1.0');
    image[28] = 0xfd;
    rig.put('ota_1', image);
    rig.put('ota_2', slotImage('1.2.0', { target: 'esp32c3' }));
    const slots = await read(rig);
    expect(slots.slots.map(({ problem, isNext }) => [problem, isNext])).toEqual([
      [undefined, true],
      ['damaged', false],
      ['wrongChip', false],
    ]);
    expect(slots.boot).toMatchObject({ target: { ota: 2 } });
    rig.put('ota_1', new Uint8Array(4096).fill(0x55));
    const again = await read(rig);
    expect(again.slots.map(({ problem }) => problem)).toEqual([undefined, 'notAnImage', 'wrongChip']);
    expect(await rig.boot()).toMatchObject({ label: 'ota_0' });
  });

  it('knows that a version on trial is rolled back at the next reset', async () => {
    const rig = await threeSlots(BOTH_VALID, { setup: { bootloader: { hasRollback: true } } });
    const slots = await rig.withChip((chip) => {
      rig.flash.replace(0xd000, makeOtadata({ sequence: 1, state: 'valid' }, { sequence: 2, state: 'pendingVerify' }));
      return readSlots(chip, { rollbackEnabled: true });
    });
    expect(slots.slots.map(({ state, isNext }) => [state, isNext])).toEqual([
      ['valid', true],
      ['pendingVerify', false],
      [undefined, false],
    ]);
    expect(await rig.boot()).toMatchObject({ label: 'ota_0' });
  });

  it('says when there is no table, and where the table has no otadata', async () => {
    const rig = await threeSlots();
    const { details } = await caught(
      rig.withChip((chip) => readSlots(chip, { ...READ, tableOffset: 0x10000 })),
      'slots.noTable',
    );
    expect(details).toMatchObject({ offset: 0x10000, isErased: false });
    const single = await slotRig(store, { table: 'factory,app,factory,0x10000,0x80000\n' });
    const slots = await read(single);
    expect(slots.boot).toMatchObject({ target: 'factory', reason: 'noOtadata' });
    await caught(() => planSlotChange(slots, { kind: 'eraseOtadata' }), 'slots.noOtadata');
  });

  it('gets every byte through a line that flips bits', async () => {
    const rig = await threeSlots();
    const slots = await rig.withChip((chip) => {
      rig.line.turnKnobs({ bitErrorRate: 5e-5 });
      return readSlots(chip, READ);
    });
    rig.line.turnKnobs({});
    expect(slots.slots.map(({ description }) => description?.version)).toEqual(['1.0.0', '1.1.0', undefined]);
  });
});

describe('changing what boots', () => {
  it('writes nothing to a board that has changed its otadata since', async () => {
    const rig = await threeSlots();
    const slots = await read(rig);
    const plan = planSlotChange(slots, { kind: 'previous' });
    rig.flash.replace(0xd000, makeOtadata({ sequence: 3, state: 'valid' }).subarray(0, 4096));
    const before = rig.flash.snapshot();
    await caught(
      rig.withChip((chip) => applySlotChange(chip, slots, plan)),
      'slots.changed',
    );
    expect(Buffer.compare(rig.flash.snapshot(), before)).toBe(0);
  });

  it('touches one sector of otadata and nothing else, and gives what was read back', async () => {
    const rig = await threeSlots();
    const before = rig.flash.snapshot();
    const changed = await rig.withChip(async (chip) => {
      const slots = await readSlots(chip, READ);
      return applySlotChange(chip, slots, planSlotChange(slots, { kind: 'boot', target: { ota: 0 } }));
    });
    expect(changed.slots.map(({ isNext }) => isNext)).toEqual([true, false, false]);
    const after = rig.flash.snapshot();
    expect(after.subarray(0xd000, 0xe000)).toEqual(makeOtadata({ sequence: 4 }).subarray(0, 4096));
    before.fill(0, 0xd000, 0xe000);
    after.fill(0, 0xd000, 0xe000);
    expect(Buffer.compare(after, before)).toBe(0);
    expect(await rig.boot()).toMatchObject({ label: 'ota_0' });
  });

  it('fails when the flash does not take the bytes, and the old slot boots', async () => {
    const rig = await threeSlots();
    await caught(
      rig.withChip(async (chip) => {
        const slots = await readSlots(chip, READ);
        rig.line.turnKnobs({ stuckSector: { offsetBytes: 0xd000 } });
        await applySlotChange(chip, slots, planSlotChange(slots, { kind: 'boot', target: { ota: 0 } }));
      }),
      'flash.verifyFailed',
    );
    rig.line.turnKnobs({});
    expect(await rig.boot()).toMatchObject({ label: 'ota_1' });
  });

  it('ends with the entry written through a line that flips bits', async () => {
    const rig = await threeSlots();
    const changed = await rig.withChip(async (chip) => {
      const slots = await readSlots(chip, READ);
      rig.line.turnKnobs({ bitErrorRate: 1e-4, noiseSeed: 7 });
      return applySlotChange(chip, slots, planSlotChange(slots, { kind: 'boot', target: { ota: 0 } }));
    });
    rig.line.turnKnobs({});
    expect(labelled(changed, 'ota_0').isNext).toBe(true);
    expect(await rig.boot()).toMatchObject({ label: 'ota_0' });
  });

  it('is cancelled before the first sector: nothing is written', async () => {
    const rig = await threeSlots();
    const before = rig.flash.snapshot();
    await caught(
      rig.withChip(async (chip) => {
        const slots = await readSlots(chip, READ);
        const plan = planSlotChange(slots, { kind: 'previous' });
        await applySlotChange(chip, slots, plan, {}, AbortSignal.abort());
      }),
      'cancelled',
    );
    expect(Buffer.compare(rig.flash.snapshot(), before)).toBe(0);
  });
});

describe('saving and restoring a slot', () => {
  it.each([undefined, 'rsa-v2', 'ecdsa-v1'] as const)('saves the bytes of the build, signature: %s', async (scheme) => {
    const plain = slotImage('1.1.0');
    const image = scheme === undefined ? plain : appendSignature(plain, scheme);
    const rig = await threeSlots();
    // something larger was there before
    rig.put('ota_2', slotImage('0.1.0', { image: { totalSizeBytes: 128 * KIB } }));
    rig.put('ota_2', image);
    const saved = await rig.withChip(async (chip) => saveSlot(chip, labelled(await readSlots(chip, READ), 'ota_2')));
    expect(Buffer.compare(saved, image)).toBe(0);
  });

  it('saves nothing of a slot that has no whole image', async () => {
    const rig = await threeSlots();
    const image = slotImage('1.1.0');
    image[30_000] = (image[30_000] ?? 0) ^ 1;
    rig.put('ota_1', image);
    await rig.withChip(async (chip) => {
      const slots = await readSlots(chip, READ);
      expect(await caught(saveSlot(chip, labelled(slots, 'ota_1')), 'slots.noImage')).toMatchObject({
        details: { slot: 'ota_1', problem: 'damaged' },
      });
      expect(await caught(saveSlot(chip, labelled(slots, 'ota_2')), 'slots.noImage')).toMatchObject({
        details: { problem: 'empty' },
      });
    });
  });

  it('restores an image, and otadata stays as it is', async () => {
    const rig = await threeSlots();
    const { slots } = await rig.withChip(async (chip) => {
      const found = await readSlots(chip, READ);
      return restoreSlot(chip, found, labelled(found, 'ota_2'), slotImage('1.2.0'));
    });
    expect(labelled(slots, 'ota_2')).toMatchObject({ description: { version: '1.2.0' }, isNext: false });
    expect(rig.flash.read(0xd000, 0x2000)).toEqual(BOTH_VALID);
    expect(await rig.boot()).toMatchObject({ label: 'ota_1' });
  });

  it('refuses what would not boot there before a byte is written', async () => {
    const rig = await threeSlots();
    const before = rig.flash.snapshot();
    const damaged = slotImage('1.2.0');
    damaged[30_000] = (damaged[30_000] ?? 0) ^ 1;
    await rig.withChip(async (chip) => {
      const slots = await readSlots(chip, READ);
      const into = (image: Uint8Array): Promise<unknown> => restoreSlot(chip, slots, labelled(slots, 'ota_2'), image);
      await caught(into(damaged), 'flash.badImage');
      await caught(into(slotImage('1.2.0', { target: 'esp32c3' })), 'flash.wrongChip');
      await caught(into(slotImage('1.2.0', { image: { totalSizeBytes: 600 * KIB } })), 'flash.tooBigForPartition');
      await caught(into(Buffer.from('<html>')), 'flash.badImage');
    });
    expect(Buffer.compare(rig.flash.snapshot(), before)).toBe(0);
  });

  it('writes to the only slot that boots when it is told to, and not otherwise', async () => {
    const rig = await slotRig(store, { table: THREE_SLOTS });
    await rig.withChip(async (chip) => {
      const slots = await readSlots(chip, READ);
      const [first] = slots.slots;
      if (first === undefined) throw new Error('no slot');
      await caught(restoreSlot(chip, slots, first, slotImage('2.0.0')), 'slots.onlyBootable');
      await restoreSlot(chip, slots, first, slotImage('2.0.0'), { acceptsRisk: true });
    });
    expect(await rig.boot()).toEqual({ version: '2.0.0', label: 'ota_0' });
  });
});

describe('flashing an application alone', () => {
  /** What the flashing finds out before the board is restarted. */
  async function flashApp(rig: SlotRig, image: Uint8Array): Promise<AfterAppFlash | undefined> {
    const found: { after?: AfterAppFlash | undefined } = {};
    const request = { files: [{ name: 'app', offset: 0x10000, bytes: image }] };
    const outcome = await flashBoard(await rig.open(), request, {
      ...NO_RESETS,
      inspect: async (chip: ChipSession) => {
        found.after = afterAppFlash(await readSlots(chip, READ), 0x10000);
      },
    });
    expect(outcome).toMatchObject({ end: 'done', state: { kind: 'verified' } });
    return found.after;
  }

  it('does not boot it while otadata names another slot, and says so', async () => {
    const rig = await threeSlots();
    const after = await flashApp(rig, slotImage('2.0.0'));
    expect(after).toMatchObject({
      willBoot: false,
      reason: 'activeEntry',
      flashed: { description: { version: '2.0.0' } },
      next: { partition: { label: 'ota_1' } },
    });
    expect(await rig.boot()).toMatchObject({ version: '1.1.0' });
    await rig.withChip(async (chip) => {
      const slots = await readSlots(chip, READ);
      const { description } = labelled(slots, 'ota_0');
      if (description === undefined) throw new Error('no description');
      expect(slotOfBuild(slots, description).partition.label).toBe('ota_0');
      // only as long as it is still there
      const { elfSha256 } = description;
      expect(slotOfFlashed(slots, { offset: 0x10000, elfSha256 })?.partition.label).toBe('ota_0');
      expect(slotOfFlashed(slots, { offset: 0x90000, elfSha256 })).toBeUndefined();
      expect(slotOfFlashed(slots, { offset: 0x110000, elfSha256: undefined })).toBeUndefined();
      expect(slotOfFlashed(slots, undefined)).toBeUndefined();
      await applySlotChange(chip, slots, planSlotChange(slots, { kind: 'boot', target: { ota: 0 } }));
    });
    expect(await rig.boot()).toMatchObject({ version: '2.0.0' });
  });

  it('boots it where otadata names its slot, or none', async () => {
    const rig = await threeSlots(makeOtadata());
    expect(await flashApp(rig, slotImage('2.0.0'))).toMatchObject({ willBoot: true });
    expect(await rig.boot()).toMatchObject({ version: '2.0.0' });
  });

  it('is done all the same when the chip can not be asked', async () => {
    const rig = await threeSlots();
    const request = { files: [{ name: 'app', offset: 0x10000, bytes: slotImage('2.0.0') }] };
    const outcome = await flashBoard(await rig.open(), request, {
      ...NO_RESETS,
      inspect: async (chip) => {
        await readSlots(chip, { ...READ, tableOffset: 0x20000 });
      },
    });
    expect(outcome).toMatchObject({ end: 'done', isRestarted: true });
  });
});

describe('flashing into the spare slot', () => {
  it('takes the slot after the one that boots, as an update does, and boots it', async () => {
    const rig = await threeSlots();
    const done = await rig.withChip(async (chip) =>
      flashIntoSpareSlot(chip, await readSlots(chip, READ), slotImage('2.0.0')),
    );
    expect(done.slot).toMatchObject({ partition: { label: 'ota_2' }, isNext: true, state: 'undefined' });
    expect(await rig.boot()).toEqual({ version: '2.0.0', label: 'ota_2' });
    const next = await rig.withChip(async (chip) =>
      flashIntoSpareSlot(chip, await readSlots(chip, READ), slotImage('3.0.0')),
    );
    expect(next.slot.partition.label).toBe('ota_0');
    expect(await rig.boot()).toEqual({ version: '3.0.0', label: 'ota_0' });
  });

  it('takes the first OTA slot while factory boots', async () => {
    const rig = await slotRig(store, { table: FACTORY_AND_TWO });
    const { slot } = await rig.withChip(async (chip) =>
      flashIntoSpareSlot(chip, await readSlots(chip, READ), slotImage('2.0.0')),
    );
    expect(slot.partition.label).toBe('ota_0');
    expect(await rig.boot()).toEqual({ version: '2.0.0', label: 'ota_0' });
  });

  it('leaves otadata alone when the image is refused, or the cable is pulled while it is written', async () => {
    const rig = await threeSlots();
    const flash = (image: Uint8Array): Promise<unknown> =>
      rig.withChip(async (chip) => {
        const slots = await readSlots(chip, READ);
        if (image.length > 100 * KIB) rig.line.turnKnobs({ pullCableAfterBytes: 20_000 });
        return flashIntoSpareSlot(chip, slots, image);
      });
    await caught(flash(slotImage('2.0.0', { target: 'esp32s3' })), 'flash.wrongChip');
    await caught(flash(slotImage('2.0.0', { image: { totalSizeBytes: 200 * KIB } })), 'serial.gone');
    expect(rig.flash.read(0xd000, 0x2000)).toEqual(BOTH_VALID);
    expect(await rig.boot()).toMatchObject({ version: '1.1.0' });
  });

  it('is cancelled while the image is written: the old one boots, and the slots can be read in the same session', async () => {
    const rig = await threeSlots();
    const stop = new AbortController();
    const image = slotImage('2.0.0', { image: { totalSizeBytes: 200 * KIB } });
    const after = await rig.withChip(async (chip) => {
      const slots = await readSlots(chip, READ);
      const onProgress = ({ phase, doneBytes = 0 }: FlashProgress): void => {
        if (phase === 'writing' && doneBytes > 60 * KIB) stop.abort();
      };
      await caught(flashIntoSpareSlot(chip, slots, image, { onProgress }, stop.signal), 'cancelled');
      await chip.link.recover();
      return rereadSlots(chip, slots, labelled(slots, 'ota_2').partition.offset);
    });
    expect(labelled(after, 'ota_2')).toMatchObject({ description: { version: '2.0.0' }, problem: 'damaged' });
    await caught(() => planSlotChange(after, { kind: 'boot', target: { ota: 2 } }), 'slots.notBootable');
    expect(labelled(after, 'ota_1').isNext).toBe(true);
    expect(rig.flash.read(0xd000, 0x2000)).toEqual(BOTH_VALID);
    expect(await rig.boot()).toMatchObject({ version: '1.1.0' });
  });

  it('is refused where there is no second slot', async () => {
    const table = THREE_SLOTS.split('\n').slice(0, 4).join('\n');
    const slots = await read(await slotRig(store, { table }));
    await caught(() => spareSlot(slots), 'slots.noSpare');
  });
});
