/** Bytes over the line for reading the slots of a board with three of them, from the first reset to the restart. Figures are counts, not times. `node scripts/bench.mjs slots` */
import { DisposableStore } from '../../src/base/disposable.ts';
import { openChip } from '../../src/flash/chip-session.ts';
import { readSlots } from '../../src/flash/slots.ts';
import { makeOtadata } from '../support/firmware.ts';
import { slotImage, slotRig, THREE_SLOTS } from '../support/slot-rig.ts';

const LIMIT_BYTES = 32 * 1024;
const store = new DisposableStore();

async function bench(target: string): Promise<boolean> {
  const otadata = makeOtadata({ sequence: 1, state: 'valid' }, { sequence: 2, state: 'valid' });
  const rig = await slotRig(store, { target, table: THREE_SLOTS, otadata }, { line: 'virtual' });
  rig.put('ota_1', slotImage('1.1.0', { target }));
  rig.put('ota_2', slotImage('1.2.0', { target }));
  const { count } = rig;
  const chip = await openChip(await rig.open());
  const connecting = count.toBoard + count.toHost;
  const { slots, bytesRead } = await readSlots(chip, { rollbackEnabled: false });
  const reading = count.toBoard + count.toHost - connecting;
  await chip.close();
  if (slots.some(({ problem }) => problem !== undefined)) throw new Error('not every slot was read');
  const total = count.toBoard + count.toHost;
  const isMet = total <= LIMIT_BYTES;
  console.log(
    `${target.padEnd(9)} ${total} bytes over the line (≤ ${LIMIT_BYTES})  ${isMet ? 'met' : 'MISSED'}; ` +
      `connecting with the stub ${connecting}, reading ${reading} for ${bytesRead} bytes of flash`,
  );
  return isMet;
}

async function main(): Promise<void> {
  const alive = setInterval(() => undefined, 1000);
  let isMet = true;
  for (const target of ['esp32', 'esp32s2', 'esp32s3', 'esp32c3', 'esp32c6']) isMet = (await bench(target)) && isMet;
  store.dispose();
  clearInterval(alive);
  process.exitCode = isMet ? 0 : 1;
}

void main();
