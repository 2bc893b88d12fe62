import { afterAll, describe, expect, it } from 'vitest';
import { DisposableStore } from '../../src/base/disposable.ts';
import { readSlots } from '../../src/flash/slots.ts';
import type { FlashMap } from '../../src/ota/flash-map.ts';
import { mapOfChip, mapOfDevice } from '../../src/ota/flash-map-sources.ts';
import { makeOtadata } from '../support/firmware.ts';
import { FACTORY_AND_TWO, slotImage, slotRig, THREE_SLOTS } from '../support/slot-rig.ts';

const store = new DisposableStore();
afterAll(() => {
  store.dispose();
});

/** Without what only one of them can know: what runs, and how long the bootloader is. */
function comparable({ regions, ...map }: FlashMap): unknown {
  return {
    ...map,
    regions: regions.map(({ isRunning: _, content, ...region }) =>
      region.kind === 'bootloader' ? region : { ...region, content },
    ),
  };
}

describe('the flash map of a board that was read over its cable', () => {
  it.each([
    [
      'two versions and an empty slot',
      THREE_SLOTS,
      makeOtadata({ sequence: 1, state: 'valid' }, { sequence: 2, state: 'valid' }),
    ],
    [
      'a version on trial',
      FACTORY_AND_TWO,
      makeOtadata({ sequence: 1, state: 'valid' }, { sequence: 2, state: 'pendingVerify' }),
    ],
    ['an otadata that was never written', FACTORY_AND_TWO, makeOtadata()],
  ])('is the one that the virtual board shows of itself: %s', async (_, table, otadata) => {
    const hasRollback = true;
    const rig = await slotRig(store, { table, otadata, setup: { bootloader: { hasRollback } } });
    rig.put('ota_1', slotImage('1.1.0'));
    const slots = await rig.withChip((chip) => readSlots(chip, { rollbackEnabled: hasRollback }));
    const seen = mapOfDevice(rig.board, undefined);
    const read = mapOfChip(slots, { flashSizeBytes: rig.flash.sizeBytes }, undefined);
    expect(comparable(read)).toEqual(comparable(seen));
    expect(read.boot?.label).toBeDefined();
  });
});
