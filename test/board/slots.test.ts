import { afterAll, describe, expect, it } from 'vitest';
import { DisposableStore } from '../../src/base/disposable.ts';
import { readSlots } from '../../src/flash/slots.ts';
import { slotRows } from '../../src/ota/slot-rows.ts';
import { makeOtadata } from '../support/firmware.ts';
import { FACTORY_AND_TWO, slotImage, slotRig, THREE_SLOTS, type Line } from '../support/slot-rig.ts';

const store = new DisposableStore();
afterAll(() => {
  store.dispose();
});

const READ = { rollbackEnabled: false };

describe('reading the slots of a board', () => {
  it.each(['virtual', 'socket', 'rfc2217'] as const)(
    'says what each holds and which boots next: %s',
    async (line: Line) => {
      const otadata = makeOtadata({ sequence: 1, state: 'valid' }, { sequence: 2, state: 'valid' });
      const rig = await slotRig(store, { table: FACTORY_AND_TWO, otadata }, { line });
      rig.put('ota_0', slotImage('1.1.0'));
      rig.put('ota_1', slotImage('1.2.0'));
      const t = performance.now();
      const slots = await rig.withChip((chip) => readSlots(chip, READ));
      console.log(line, performance.now() - t, rig.count, slots.bytesRead);
      expect(slotRows(slots, slots.slots[1]?.description)).toMatchObject([
        { label: 'factory', version: '1.0.0', isNext: false, matchesBuild: false },
        { label: 'ota_0', version: '1.1.0', isNext: false, state: 'valid', matchesBuild: true },
        { label: 'ota_1', version: '1.2.0', isNext: true, state: 'valid', matchesBuild: false },
      ]);
      expect(slots.boot).toMatchObject({ target: { ota: 1 }, reason: 'activeEntry', activeSector: 1 });
    },
  );
});
void THREE_SLOTS;
