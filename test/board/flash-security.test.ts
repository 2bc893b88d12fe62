import { afterAll, describe, expect, it } from 'vitest';
import { DisposableStore } from '../../src/base/disposable.ts';
import { openChip } from '../../src/flash/chip-session.ts';
import { flashBoard } from '../../src/flash/flash-board.ts';
import { readSlots } from '../../src/flash/slots.ts';
import { LOADER_TARGETS } from '../../src/virtual-board/loader/loader-chips.ts';
import { caught } from '../support/caught.ts';
import { appendSignature } from '../support/firmware.ts';
import { flashRig, holds, makeBuild } from '../support/flash-rig.ts';

// each test has a board of its own, so that they run side by side
const store = new DisposableStore();
afterAll(() => {
  store.dispose();
});

/** 7 has an odd number of bits on every chip; the ESP32 counts up to 0x7f, which is odd, too. */
const ENCRYPTING = LOADER_TARGETS.map((chip) => [chip, chip === 'esp32' ? 0x7f : 7] as const);

describe.concurrent('a chip whose eFuses were burned', () => {
  it.each(ENCRYPTING)('is not flashed when it encrypts its flash: %s', async (chip, flashCryptCount) => {
    const rig = await flashRig(store, { chip, knobs: { flashCryptCount } });
    const before = rig.flash.read(0, rig.flash.sizeBytes);
    const outcome = await flashBoard(await rig.open(), makeBuild({ target: chip }));
    expect(outcome.error).toMatchObject({ code: 'flash.encryptionEnabled', details: { cryptCount: flashCryptCount } });
    expect(outcome).toMatchObject({ end: 'failed', state: { kind: 'untouched' }, isRestarted: true });
    expect(Buffer.from(rig.flash.read(0, rig.flash.sizeBytes)).equals(before)).toBe(true);
  });

  it.each(LOADER_TARGETS)('has no slots to read when it encrypts its flash: %s', async (chip) => {
    const rig = await flashRig(store, { chip, knobs: { flashCryptCount: 1 } });
    const session = await openChip(await rig.open());
    await caught(readSlots(session, { rollbackEnabled: false }), 'slots.encrypted');
    await session.close();
  });

  it.each(LOADER_TARGETS)('is flashed when encryption was turned off again: %s', async (chip) => {
    const rig = await flashRig(store, { chip, knobs: { flashCryptCount: 3 } });
    const build = makeBuild({ target: chip });
    expect(await flashBoard(await rig.open(), build)).toMatchObject({ end: 'done', state: { kind: 'verified' } });
    expect(holds(rig.flash, build)).toBe(true);
  });

  it.each(ENCRYPTING.map(([chip]) => [chip, chip === 'esp32' ? 1 : 2] as const))(
    'takes signed applications only, and its bootloader as it is, with secure boot: %s',
    async (chip, secureBoot) => {
      const rig = await flashRig(store, { chip, knobs: { secureBoot } });
      const build = { ...makeBuild({ target: chip }), flashMode: 'qio' as const };
      const unsigned = await flashBoard(await rig.open(), build);
      expect(unsigned.error).toMatchObject({ code: 'flash.badImage', details: { name: 'app', check: 'signature' } });
      expect(unsigned.state).toEqual({ kind: 'untouched' });
      const scheme = secureBoot === 1 ? 'ecdsa-v1' : 'rsa-v2';
      const files = build.files.map((file) =>
        file.name === 'app' ? { ...file, bytes: appendSignature(file.bytes, scheme) } : file,
      );
      const outcome = await flashBoard(await rig.open(), { ...build, files });
      expect(outcome).toMatchObject({ end: 'done', chip: { security: { isSecureBoot: true, flashCryptCount: 0 } } });
      expect(holds(rig.flash, { files })).toBe(true);
    },
  );
});
