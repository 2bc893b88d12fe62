import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findChip } from '../../../src/virtual-board/chip-profile.ts';
import { readDescription, readHeader, verifyInFlash } from '../../../src/virtual-board/image-in-flash.ts';
import { NorFlash } from '../../../src/virtual-board/nor-flash.ts';
import { readRows } from '../../../src/virtual-board/partition-rows.ts';
import { completeSetup } from '../../../src/virtual-board/board-setup.ts';
import { parseIdfVersion } from '../../../src/virtual-board/idf-version.ts';
import { caught } from '../../support/caught.ts';
import { CHIPS, makeAppImage, makePartitionTable } from '../../support/firmware.ts';
import { makePagedImage } from '../../support/make-image.ts';

const RUNS = Number(process.env['ESP32_OTA_FUZZ_RUNS'] ?? 2000);
const IDF = { major: 5, minor: 5, patch: 0 };

function chipFacts(target: string): Parameters<typeof verifyInFlash>[2]['chip'] {
  const profile = findChip(target);
  if (profile === undefined) throw new Error(target);
  return { profile, revision: profile.usualRevision, efuseBlockRevision: 3 };
}

const log = (): void => undefined;

describe('an image in flash', () => {
  it.each(Object.keys(CHIPS).filter((target) => findChip(target) !== undefined))('of %s verifies', (target) => {
    const flash = new NorFlash(0x400000);
    const image = makeAppImage({ target, totalSizeBytes: 256 * 1024 });
    flash.program(0x20000, image);
    const verified = verifyInFlash(
      flash,
      { offset: 0x20000, size: 0x100000 },
      { chip: chipFacts(target), idf: IDF, log },
    );
    expect(verified?.lengthBytes).toBe(image.length);
    expect(verified?.sha256).toBe(Buffer.from(image.subarray(-32)).toString('hex'));
  });

  it.each([
    ['esp32c6', 0x10, 0x8000, true],
    ['esp32h2', 0x10, 0x8000, true],
    ['esp32c2', 0x00, 0x4000, true],
    ['esp32c6', 0x10, 0x4000, false],
    ['esp32c6', 0x20, 0x8000, false],
    ['esp32c6', 0x20, 0x10000, true],
    ['esp32c3', 0x10, 0x8000, false],
  ])('of %s from before ESP-IDF 5.4 has the pages of its flash size: %#', (target, spiSpeedAndSize, page, isFine) => {
    const flash = new NorFlash(0x400000);
    const chip = chipFacts(target);
    flash.program(0x20000, makePagedImage(chip.profile.id, page, { spiSpeedAndSize, idfVersion: 'v5.2.3' }));
    const found = verifyInFlash(flash, { offset: 0x20000, size: 0x100000 }, { chip, idf: IDF, log });
    expect(found !== undefined).toBe(isFine);
  });

  it.each([
    [14, 0x4000, true],
    [15, 0x4000, false],
  ])('has the pages its description names: %#', (mmuPageSizeLog2, page, isFine) => {
    const flash = new NorFlash(0x400000);
    const chip = chipFacts('esp32c6');
    flash.program(0x20000, makePagedImage(chip.profile.id, page, { mmuPageSizeLog2 }));
    const found = verifyInFlash(flash, { offset: 0x20000, size: 0x100000 }, { chip, idf: IDF, log });
    expect(found !== undefined).toBe(isFine);
  });

  it('is refused for any one flipped bit that its digest covers', () => {
    const flash = new NorFlash(0x40000);
    const image = makeAppImage({ totalSizeBytes: 16 * 1024 });
    const chip = chipFacts('esp32');
    fc.assert(
      fc.property(fc.nat(image.length * 8 - 1), (bit) => {
        const damaged = image.slice();
        damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        flash.replace(0x10000, damaged);
        // 23: without the hash flag only the checksum protects the rest
        const isHashFlag = bit >> 3 === 23;
        const verified = verifyInFlash(flash, { offset: 0x10000, size: 0x20000 }, { chip, idf: IDF, log });
        expect(verified === undefined || isHashFlag).toBe(true);
      }),
      { numRuns: Math.min(RUNS, 500) },
    );
  });

  it('of any bytes gives a verdict', () => {
    const flash = new NorFlash(0x20000);
    const chip = chipFacts('esp32c3');
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 24, maxLength: 400 }), fc.boolean(), (bytes, isImageLike) => {
        if (isImageLike) {
          bytes.set([0xe9, 1, 2, 0x20]);
          bytes.set([5, 0, 0, 0, 0, 0, 0, 0], 12);
        }
        flash.replace(0x1f000, bytes);
        expect(verifyInFlash(flash, { offset: 0x1f000, size: 0x1000 }, { chip, idf: IDF, log })).toBeUndefined();
        readDescription(bytes);
        readHeader(bytes);
      }),
      { numRuns: RUNS },
    );
  });
});

describe('a partition table in flash', () => {
  it('is read with and without its MD5 row', () => {
    for (const md5 of [true, false]) {
      const flash = new NorFlash(0x400000);
      flash.program(0x8000, makePartitionTable('partitions_two_ota.csv', { md5 }));
      expect(readRows(flash, 0x8000, 0x400000, log)?.map(({ label, offset }) => [label, offset])).toEqual([
        ['nvs', 0x9000],
        ['otadata', 0xd000],
        ['phy_init', 0xf000],
        ['factory', 0x10000],
        ['ota_0', 0x110000],
        ['ota_1', 0x210000],
      ]);
    }
  });

  it('of any bytes gives rows or a complaint', () => {
    const flash = new NorFlash(0x10000);
    const table = makePartitionTable('partitions_singleapp.csv');
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(300), fc.nat(255)), { maxLength: 5 }), (flips) => {
        const bytes = table.slice();
        for (const [at, value] of flips) bytes[at] = value;
        flash.replace(0x8000, bytes);
        let complaints = 0;
        const rows = readRows(flash, 0x8000, 0x400000, () => complaints++);
        expect(rows === undefined).toBe(complaints > 0);
      }),
      { numRuns: RUNS },
    );
  });
});

describe('a setup', () => {
  it('has to be of a board that can exist', async () => {
    const details = async (setup: Parameters<typeof completeSetup>[0]): Promise<unknown> =>
      (await caught(() => completeSetup(setup), 'board.badSetup')).details;
    expect(await details({ chip: 'esp33', parts: [] })).toEqual({ field: 'chip', reason: 'unknownChip' });
    expect(await details({ chip: 'esp32', parts: [], flashSizeBytes: 5 })).toMatchObject({ field: 'flashSizeBytes' });
    expect(await details({ chip: 'esp32', parts: [], idfVersion: 'new' })).toMatchObject({ field: 'idfVersion' });
  });

  it('reads ESP-IDF versions as projects name them', () => {
    expect(parseIdfVersion('v5.1-dev-4290-g51772f4fb5')).toEqual({ major: 5, minor: 1, patch: 0 });
    expect(parseIdfVersion('6.0.2')).toEqual({ major: 6, minor: 0, patch: 2 });
    expect(parseIdfVersion('5')).toBeUndefined();
  });
});
