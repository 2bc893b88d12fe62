import { afterEach, describe, expect, it } from 'vitest';
import { DisposableStore } from '../../src/base/disposable.ts';
import { openChip, type ChipSession } from '../../src/flash/chip-session.ts';
import { flashMd5 } from '../../src/flash/commands.ts';
import { eraseFlashRegion, eraseWholeFlash } from '../../src/flash/erase-flash.ts';
import { readFlash } from '../../src/flash/read-flash.ts';
import { LOADER_TARGETS } from '../../src/virtual-board/loader/loader-chips.ts';
import type { SerialBoardOptions } from '../../src/virtual-board/loader/serial-board-options.ts';
import { caught } from '../support/caught.ts';
import { makeImage } from '../support/esptool-js-client.ts';
import { flashRig, MAC, MIB, tricked, type FlashRig, type Way } from '../support/flash-rig.ts';

let store = new DisposableStore();
afterEach(() => {
  store.dispose();
  store = new DisposableStore();
});

async function session(
  options: Partial<SerialBoardOptions> & { chip: string },
  way: Way = 'inProcess',
): Promise<FlashRig & { chip: ChipSession }> {
  const rig = await flashRig(store, options, way);
  return { ...rig, chip: await openChip(await rig.open()) };
}

describe('what a chip says of itself', () => {
  it.each([
    ['esp32', 301, 'ESP32', 40],
    ['esp32', 0, 'ESP32', 40],
    ['esp32', 100, 'ESP32', 26],
    ['esp32s2', 100, 'ESP32-S2', 40],
    ['esp32s3', 2, 'ESP32-S3', 40],
    ['esp32c2', 204, 'ESP32-C2', 26],
    ['esp32c3', 104, 'ESP32-C3', 40],
    ['esp32c6', 2, 'ESP32-C6', 40],
    ['esp32h2', 102, 'ESP32-H2', 32],
    ['esp32p4', 103, 'ESP32-P4', 40],
    ['esp32p4', 301, 'ESP32-P4', 40],
  ])('is read right: %s of revision %i', async (target, revision, name, crystalMhz) => {
    const { chip, board } = await session({ chip: target, revision, crystalMhz });
    expect(chip.facts).toMatchObject({ target, name, revision, crystalMhz, mac: MAC, flashId: 0x164020 });
    expect(chip.facts.flashSizeBytes).toBe(4 * MIB);
    expect(chip.facts.features?.length).toBeGreaterThan(0);
    expect(board.baud).toBe(921600);
    expect(await chip.close()).toEqual({ isRestarted: true });
    expect(board.mode).not.toBe('stub');
  });

  it('names every chip the virtual board knows', () => {
    expect(LOADER_TARGETS.length).toBe(8);
  });

  it('has its rate lowered until bytes get through', async () => {
    const rig = await flashRig(store, { chip: 'esp32c3' });
    const transport = await rig.open();
    const toBoard = (bytes: Uint8Array): Uint8Array =>
      transport.baud > 300_000 ? bytes.map((byte) => byte ^ 0x10) : bytes;
    const chip = await openChip(tricked(transport, { toBoard }), { baud: 921_600 });
    expect(chip.facts.baud).toBe(230_400);
    expect(chip.facts.isStub).toBe(true);
    await chip.close();
  });

  it('has its rate lowered on a line that takes its time, too', async () => {
    const rig = await flashRig(store, { chip: 'esp32c3', isLineTimed: true, latencyMs: 3 });
    const transport = await rig.open();
    const toBoard = (bytes: Uint8Array): Uint8Array =>
      transport.baud > 300_000 ? bytes.map((byte) => byte ^ 0x10) : bytes;
    const chip = await openChip(tricked(transport, { toBoard }), { baud: 921_600 });
    expect(chip.facts.baud).toBe(230_400);
    expect(chip.link.roundTripMs).toBeLessThan(100);
    await chip.close();
  });

  it('has its rate left alone when more is not wanted', async () => {
    const rig = await flashRig(store, { chip: 'esp32c3' });
    const chip = await openChip(await rig.open(), { baud: 115_200 });
    expect(chip.facts.baud).toBe(115_200);
    expect(chip.link.roundTripMs).toBeLessThan(100);
    await chip.close();
  });
});

describe('reading flash', () => {
  it.each(['inProcess', 'rfc2217'] as const)('gives the bytes, with progress: %s', async (way) => {
    const { chip, flash } = await session({ chip: 'esp32c3' }, way);
    const image = makeImage(300_001);
    flash.program(0x10000, image);
    let last = 0;
    const options = { onProgress: ({ doneBytes = 0 }): void => void (last = doneBytes) };
    const found = await readFlash(chip, 0x10000, image.length, options);
    expect(Buffer.from(found).equals(image)).toBe(true);
    expect(last).toBe(image.length);
    await chip.close();
  });

  it('reads again what was damaged on the way', async () => {
    const { chip, flash, board } = await session({ chip: 'esp32c3' });
    const image = makeImage(256 * 1024);
    flash.program(0, image);
    board.turnKnobs({ bitErrorRate: 1e-6, noiseSeed: 3 });
    expect(Buffer.from(await readFlash(chip, 0, image.length)).equals(image)).toBe(true);
    await chip.close();
  });

  it('refuses what lies outside, and what only the stub can', async () => {
    const { chip } = await session({ chip: 'esp32c3' });
    await caught(readFlash(chip, 4 * MIB - 100, 200), 'flash.outsideFlash');
    await chip.close();
    const rig = await flashRig(store, { chip: 'esp32c3' });
    const bare = await openChip(await rig.open(), { usesStub: false });
    await caught(readFlash(bare, 0, 200), 'flash.needsStub');
    await caught(eraseWholeFlash(bare), 'flash.needsStub');
    expect(await flashMd5(bare.link, 0, 4096)).toMatch(/^[0-9a-f]{32}$/);
    await bare.close();
  });

  it('ends when it is cancelled, and the board restarts', async () => {
    const { chip, board } = await session({ chip: 'esp32c3' });
    const cancel = new AbortController();
    const onProgress = ({ doneBytes = 0 }): void => {
      if (doneBytes > 100_000) cancel.abort();
    };
    await caught(readFlash(chip, 0, MIB, { onProgress }, cancel.signal), 'cancelled');
    expect(await chip.close()).toEqual({ isRestarted: true });
    expect(board.mode).not.toBe('stub');
  });
});

describe('erasing flash', () => {
  it('leaves 0xFF in the region and nothing else changed', async () => {
    const { chip, flash } = await session({ chip: 'esp32s3' });
    flash.program(0, new Uint8Array(MIB).fill(0x11));
    const touched: [number, number][] = [];
    await eraseFlashRegion(chip, 0x9000, 0x60000, { onTouch: (...region) => touched.push(region) });
    expect(flash.read(0x9000, 0x60000).every((byte) => byte === 0xff)).toBe(true);
    expect(flash.read(0x8000, 0x1000).every((byte) => byte === 0x11)).toBe(true);
    expect(flash.read(0x69000, 0x1000).every((byte) => byte === 0x11)).toBe(true);
    expect(touched).toEqual([
      [0x9000, 0x40000],
      [0x49000, 0x20000],
    ]);
    await caught(eraseFlashRegion(chip, 0x100, 0x1000), 'flash.misaligned');
    await eraseWholeFlash(chip);
    expect(flash.read(0, MIB).every((byte) => byte === 0xff)).toBe(true);
    await chip.close();
  });
});
