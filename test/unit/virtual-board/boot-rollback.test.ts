import { afterEach, describe, expect, it } from 'vitest';
import type { BoardSetup } from '../../../src/virtual-board/board-setup.ts';
import {
  eraseInactiveEntry,
  markInvalid,
  markValid,
  setBootSlot,
  type OtaContext,
} from '../../../src/virtual-board/ota-ops.ts';
import { sequenceCrc } from '../../../src/virtual-board/otadata-entries.ts';
import { findRow, readRowsQuietly } from '../../../src/virtual-board/partition-rows.ts';
import { findChip } from '../../../src/virtual-board/chip-profile.ts';
import type { VirtualBoard } from '../../../src/virtual-board/virtual-board.ts';
import { boardSetup, imageFor, makeBoard, type FixtureOptions } from '../../support/board-fixture.ts';
import { makeOtadata, makePartitionTable, parseTableCsv } from '../../support/firmware.ts';

/** Which slot boots, and what is written on the way: the cases of ESP-IDF's `components/app_update/test_apps` and of the bootloader's source.
 * No network: the application only starts. */
const boards: VirtualBoard[] = [];

afterEach(() => {
  for (const board of boards.splice(0)) board.dispose();
});

const FACTORY_TABLE = 'partitions_two_ota.csv';
const OTADATA = 0xd000;
const ROLLBACK = { hasRollback: true } as const;

/** A board with versions in factory (1.0.0), ota_0 (2.0.0) and ota_1 (3.0.0). */
function board(options: FixtureOptions = {}, more: Partial<BoardSetup> = {}): VirtualBoard {
  const fixture = { table: FACTORY_TABLE, ...options };
  const made = makeBoard({
    ...fixture,
    app: { updateOnBoot: 'never', ...options.app },
    setup: { delays: { bootLoopMs: 5 }, ...more },
  });
  for (const [label, version] of [
    ['factory', '1.0.0'],
    ['ota_0', '2.0.0'],
    ['ota_1', '3.0.0'],
  ] as const) {
    const slot = made.state.slots.find((candidate) => candidate.label === label);
    if (slot !== undefined) made.flash.replace(slot.offsetBytes, imageFor(fixture, { version, secureVersion: 1 }));
  }
  boards.push(made);
  return made;
}

async function boot(made: VirtualBoard): Promise<string | undefined> {
  made.reset();
  await made.runUntil('Returned from app_main()');
  return made.state.running?.label;
}

/** The update functions as the application in the running slot would call them. */
function appOn(made: VirtualBoard, hasRollback = false): OtaContext {
  const rows = readRowsQuietly(made.flash, 0x8000);
  const running = rows.find(({ label }) => label === made.state.running?.label);
  const profile = findChip('esp32');
  if (running === undefined || profile === undefined) throw new Error('nothing runs');
  return {
    flash: made.flash,
    chip: { profile, revision: 300, efuseBlockRevision: 0 },
    idf: { major: 5, minor: 5, patch: 5 },
    rows,
    running,
    hasRollback,
    hasAntiRollback: false,
    fuse: { value: 0 },
    log: () => undefined,
    signing: undefined,
    onSlotSet: () => undefined,
  };
}

function choose(made: VirtualBoard, label: string, hasRollback = false): void {
  const context = appOn(made, hasRollback);
  const row = context.rows.find((candidate) => candidate.label === label);
  if (row === undefined) throw new Error(label);
  expect(setBootSlot(context, row)).toBe(0);
}

const states = (made: VirtualBoard): (string | undefined)[] =>
  made.state.otadata?.map(({ isBlank, sequence, state }) => (isBlank ? 'blank' : `${sequence} ${state}`)) ?? [];

describe('without rollback', () => {
  it('factory → OTA0 → OTA1 → OTA0', async () => {
    const made = board();
    expect(await boot(made)).toBe('factory');
    choose(made, 'ota_0');
    expect(await boot(made)).toBe('ota_0');
    choose(made, 'ota_1');
    expect(await boot(made)).toBe('ota_1');
    choose(made, 'ota_0');
    expect(await boot(made)).toBe('ota_0');
    expect(states(made)).toEqual(['3 undefined', '2 undefined']);
  });

  it('factory → OTA0 → entry A corrupted → factory', async () => {
    const made = board();
    await boot(made);
    choose(made, 'ota_0');
    expect(await boot(made)).toBe('ota_0');
    made.flash.program(OTADATA, Uint8Array.of(0, 0, 0, 0));
    made.reset();
    await made.runUntil('ota data partition invalid, falling back to factory');
    await made.runUntil('Returned from app_main()');
    expect(made.state.running?.label).toBe('factory');
  });

  it('factory → OTA0 → OTA1 → entry B corrupted → OTA0', async () => {
    const made = board();
    await boot(made);
    choose(made, 'ota_0');
    await boot(made);
    choose(made, 'ota_1');
    expect(await boot(made)).toBe('ota_1');
    made.flash.program(OTADATA + 0x1000 + 28, Uint8Array.of(0, 0, 0, 0));
    expect(await boot(made)).toBe('ota_0');
  });

  it('the active slot again: the same sequence in the same sector', async () => {
    const made = board();
    await boot(made);
    choose(made, 'ota_1');
    expect(states(made)).toEqual(['2 undefined', 'blank']);
    await boot(made);
    choose(made, 'ota_1');
    expect(states(made)).toEqual(['2 undefined', 'blank']);
  });

  it('factory as the target erases otadata', async () => {
    const made = board();
    await boot(made);
    choose(made, 'ota_0');
    await boot(made);
    choose(made, 'factory');
    expect(states(made)).toEqual(['blank', 'blank']);
    expect(await boot(made)).toBe('factory');
  });

  it('the sequence grows for a slot that does not run', async () => {
    const made = board();
    await boot(made);
    choose(made, 'ota_0');
    choose(made, 'ota_1');
    choose(made, 'ota_0');
    expect(states(made)).toEqual(['3 undefined', '2 undefined']);
  });

  it('NEW and PENDING_VERIFY mean nothing to it', async () => {
    const made = board({ otadata: makeOtadata({ sequence: 1, state: 'pendingVerify' }) });
    expect(await boot(made)).toBe('ota_0');
    expect(states(made)).toEqual(['1 pendingVerify', 'blank']);
  });

  it('a tie is for the first entry, a wrong CRC counts as nothing', async () => {
    const tied = board({ otadata: makeOtadata({ sequence: 2 }, { sequence: 2, state: 'valid' }) });
    expect(await boot(tied)).toBe('ota_1');
    const wrong = board({ otadata: makeOtadata({ sequence: 1 }, { sequence: 2, crc: 1 }) });
    expect(await boot(wrong)).toBe('ota_0');
  });

  it('an aborted entry never boots, whatever its sequence', async () => {
    const made = board({ otadata: makeOtadata({ sequence: 1 }, { sequence: 6, state: 'aborted' }) });
    expect(await boot(made)).toBe('ota_0');
    const both = board({ otadata: makeOtadata({ sequence: 1, state: 'invalid' }, { sequence: 6, state: 'aborted' }) });
    both.powerOn();
    await both.runUntil('Defaulting to factory image');
  });
});

describe('with rollback', () => {
  const rolling = (otadata?: Uint8Array): VirtualBoard =>
    board({ app: ROLLBACK, ...(otadata === undefined ? {} : { otadata }) }, { bootloader: ROLLBACK });

  it('factory → OTA0 → unconfirmed reset → factory', async () => {
    const made = rolling();
    await boot(made);
    choose(made, 'ota_0', true);
    expect(states(made)).toEqual(['1 new', 'blank']);
    expect(await boot(made)).toBe('ota_0');
    expect(states(made)).toEqual(['1 pendingVerify', 'blank']);
    expect(await boot(made)).toBe('factory');
    expect(states(made)).toEqual(['1 aborted', 'blank']);
  });

  it('OTA0 → OTA1 → rollback by the application → OTA0', async () => {
    const made = rolling(makeOtadata({ sequence: 1, state: 'valid' }));
    await boot(made);
    choose(made, 'ota_1', true);
    expect(await boot(made)).toBe('ota_1');
    expect(markInvalid(appOn(made, true))).toBe(0);
    expect(states(made)).toEqual(['1 valid', '2 invalid']);
    expect(await boot(made)).toBe('ota_0');
  });

  it('rollback is refused when nothing else can boot', async () => {
    const made = rolling(makeOtadata({ sequence: 1, state: 'valid' }));
    await boot(made);
    choose(made, 'ota_1', true);
    await boot(made);
    made.flash.erase(0x110000, 0x1000);
    expect(markInvalid(appOn(made, true))).toBe(0x1505);
  });

  it('a confirmed one stays', async () => {
    const made = rolling();
    await boot(made);
    choose(made, 'ota_0', true);
    await boot(made);
    expect(markValid(appOn(made, true))).toBe(0);
    expect(await boot(made)).toBe('ota_0');
    expect(states(made)).toEqual(['1 valid', 'blank']);
  });

  it('every entry in PENDING_VERIFY is aborted, a wrong CRC stays wrong', async () => {
    const made = rolling(
      makeOtadata({ sequence: 1, state: 'pendingVerify' }, { sequence: 2, state: 'pendingVerify', crc: 7 }),
    );
    expect(await boot(made)).toBe('factory');
    expect(states(made)).toEqual(['1 aborted', '2 aborted']);
    expect(made.state.otadata?.[1].isCrcRight).toBe(false);
  });

  it('the inactive entry is erased when an update begins, except where it stands for the running slot', async () => {
    const made = rolling(makeOtadata({ sequence: 1, state: 'valid' }, { sequence: 2, state: 'valid' }));
    await boot(made);
    expect(eraseInactiveEntry(appOn(made))).toBe(0);
    expect(states(made)).toEqual(['blank', '2 valid']);
    const other = rolling(makeOtadata({ sequence: 1, state: 'valid' }, { sequence: 3, state: 'valid' }));
    await boot(other);
    expect(eraseInactiveEntry(appOn(other))).toBe(-1);
    expect(states(other)).toEqual(['1 valid', '3 valid']);
  });
});

describe('anti-rollback', () => {
  const TABLE = 'partitions_two_ota_large.csv';
  const anti = { hasAntiRollback: true } as const;

  it('the slot below the eFuse is passed over; the eFuse rises with a valid one', async () => {
    const made = board(
      {
        table: TABLE,
        app: anti,
        otadata: makeOtadata({ sequence: 1, state: 'valid' }, { sequence: 2, state: 'valid' }),
      },
      { bootloader: anti, secureVersion: 2 },
    );
    const image = imageFor({}, { version: '9.0.0', secureVersion: 4 });
    made.flash.replace(0x20000, image);
    made.powerOn();
    await made.runUntil('Enabled a check secure version of app for anti rollback');
    await made.runUntil('Secure version (from eFuse) = 2');
    await made.runUntil('Loaded app from partition at offset 0x20000');
    await made.runUntil('Secure version:   4');
    expect(made.secureVersion).toBe(4);
  });

  it('blank otadata: the first slot that may run, and its sequence is written', async () => {
    const made = board({ table: TABLE, app: anti }, { bootloader: anti, secureVersion: 1 });
    made.powerOn();
    await made.runUntil('otadata[0..1] in initial state');
    await made.runUntil('Set actual ota_seq=1 in otadata[0]');
    await made.runUntil('Returned from app_main()');
    expect(states(made)).toEqual(['1 valid', 'blank']);
  });

  it('a slot of a lower version is erased instead of being switched to', async () => {
    const made = board({ table: TABLE, app: anti }, { bootloader: anti, secureVersion: 1 });
    await boot(made);
    const context = { ...appOn(made), hasAntiRollback: true, fuse: { value: 2 } };
    const slot = findRow(context.rows, 0, 0x11);
    if (slot === undefined) throw new Error('no ota_1');
    expect(setBootSlot(context, slot)).toBe(0x1504);
    expect(made.state.slots.find(({ label }) => label === 'ota_1')?.hasImage).toBe(false);
  });
});

describe('the order of candidates', () => {
  it('downwards to factory, then upwards', async () => {
    const made = board({ otadata: makeOtadata({ sequence: 1 }) });
    made.flash.erase(0x110000, 0x1000);
    made.flash.erase(0x10000, 0x1000);
    made.powerOn();
    await made.runUntil('image at 0x110000 has invalid magic byte (nothing flashed here?)');
    await made.runUntil('OTA app partition slot 0 is not bootable');
    await made.runUntil('Factory app partition is not bootable');
    await made.runUntil('Loaded app from partition at offset 0x210000');
  });

  it('nothing at all: it resets and tries again for ever', async () => {
    const made = board();
    for (const offset of [0x10000, 0x110000, 0x210000]) made.flash.erase(offset, 0x1000);
    made.powerOn();
    for (let boots = 0; boots < 3; boots++) {
      await made.runUntil('No bootable app partitions in the partition table');
      expect(made.state.phase).toBe('bootFailed');
    }
    await made.runUntil('rst:0x3 (SW_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)');
  });

  it('the test application comes last, and first when its pin is held', async () => {
    const table = 'otadata,data,ota,,0x2000\nfactory,app,factory,0x10000,1M\nota_0,app,ota_0,,1M\ntest,app,test,,512K';
    const made = board({ table });
    made.flash.replace(0x210000, imageFor({}, { version: 'test' }));
    made.flash.erase(0x10000, 0x1000);
    made.flash.erase(0x110000, 0x1000);
    made.powerOn();
    await made.runUntil('Falling back to test app as only bootable partition');
    made.configure({ knobs: { holdsTestApp: true } });
    made.reset();
    await made.runUntil('Detect a boot condition of the test firmware');
    await made.runUntil('Loaded app from partition at offset 0x210000');
  });

  it('the factory reset pin: factory boots, NVS and otadata are erased', async () => {
    const made = board({ otadata: makeOtadata({ sequence: 2 }) });
    made.flash.program(0x9000, Uint8Array.of(1, 2, 3));
    expect(await boot(made)).toBe('ota_1');
    made.configure({ knobs: { holdsFactoryReset: true } });
    made.reset();
    await made.runUntil('Detect a condition of the factory reset');
    await made.runUntil('Returned from app_main()');
    expect(made.state.running?.label).toBe('factory');
    expect(made.flash.read(0x9000, 1)[0]).toBe(0xff);
    expect(states(made)).toEqual(['blank', 'blank']);
  });

  it('a table without factory writes the sequence of what it loads', async () => {
    const made = board({ table: 'partitions_two_ota_large.csv' });
    made.flash.erase(0x20000, 0x1000);
    made.powerOn();
    await made.runUntil('No factory image, trying OTA 0');
    await made.runUntil('Loaded app from partition at offset 0x1d0000');
    await made.runUntil('Set actual ota_seq=2 in otadata[0]');
    await made.runUntil('Returned from app_main()');
    expect(states(made)).toEqual(['2 valid', 'blank']);
  });

  it('an otadata partition that is too small', async () => {
    const made = board({ table: 'otadata,data,ota,,0x1000\nota_0,app,ota_0,0x10000,1M', otadata: new Uint8Array(0) });
    made.powerOn();
    await made.runUntil('ota_info partition size 4096 is too small (minimum 8192 bytes)');
  });
});

describe('what the bootloader refuses', () => {
  it.each([
    [
      'a checksum',
      (image: Uint8Array) => (image[0x100] = (image[0x100] ?? 0) ^ 1),
      /Checksum failed. Calculated 0x[0-9a-f]+ read 0x/,
    ],
    [
      'a segment length',
      (image: Uint8Array) => {
        image.set([2, 0, 0, 0], 28);
      },
      'invalid segment length 0x2',
    ],
    ['too many segments', (image: Uint8Array) => (image[1] = 17), 'image at 0x10000 segment count 17 exceeds max 16'],
    ['another chip', (image: Uint8Array) => (image[12] = 9), 'boot_comm: mismatch chip ID, expected 0, found 9'],
    [
      'a newer chip',
      (image: Uint8Array) => {
        image.set([0x8f, 1], 15);
      },
      'Required >= v3.99, found v3.0.',
    ],
  ])('%s', async (_name, damage, line) => {
    const made = board();
    const image = made.flash.read(0x10000, 0x10000);
    damage(image);
    made.flash.replace(0x10000, image);
    made.powerOn();
    await made.runUntil(line);
    await made.runUntil('Factory app partition is not bootable');
  });

  it('a partition beyond the flash size in its header', async () => {
    const made = board({ table: 'otadata,data,ota,,0x2000\nota_0,app,ota_0,0x10000,1M\nbig,data,spiffs,,8M' });
    made.powerOn();
    await made.runUntil(
      'flash_parts: partition 2 invalid - offset 0x110000 size 0x800000 exceeds flash chip size 0x400000',
    );
    await made.runUntil('boot: Failed to verify partition table');
    await made.runUntil('boot: load partition table error!');
  });

  describe('a table for a larger flash than there is', () => {
    const forLarger = (table: string, more: FixtureOptions = {}, setup: Partial<BoardSetup> = {}): VirtualBoard => {
      const rows = `nvs,data,nvs,0x9000,0x4000\n${table}`;
      const made = makeBoard({ ...more, table: rows, setup: { delays: { bootLoopMs: 5 }, ...setup } });
      boards.push(made);
      const header = made.flash.read(0x1003, 1)[0] ?? 0;
      // 16 MB
      made.flash.replace(0x1000, made.flash.read(0x1000, 0x6000).with(3, (header & 0xf) | 0x40));
      return made;
    };
    const FACTORY = 'factory,app,factory,0x10000,1M';

    it('whose slot is not there', async () => {
      const otadata = makeOtadata({ sequence: 1 });
      const made = forLarger(`otadata,data,ota,0xd000,0x2000\n${FACTORY}\nota_0,app,ota_0,0x900000,1M`, { otadata });
      made.powerOn();
      await made.runUntil('esp_image: bootloader_flash_read failed at 0x00900000');
      await made.runUntil('OTA app partition slot 0 is not bootable');
      await made.runUntil('Loaded app from partition at offset 0x10000');
      await made.runUntil('OTA example app_main start');
    });

    it('whose otadata is not there', async () => {
      const made = forLarger(
        `otadata,data,ota,0x900000,0x2000\n${FACTORY}\nota_0,app,ota_0,0x200000,1M`,
        {},
        {
          parts: boardSetup().parts.slice(0, 1),
        },
      );
      made.flash.replace(0x8000, makePartitionTable(parseTableCsv(`otadata,data,ota,0x900000,0x2000\n${FACTORY}`)));
      made.powerOn();
      await made.runUntil('boot: bootloader_mmap(0x900000, 0x2000) failed');
      expect(made.state.phase).toBe('bootFailed');
      await made.runUntil('boot: bootloader_mmap(0x900000, 0x2000) failed');
    });

    it('whose otadata is to be erased and is not there', async () => {
      const made = forLarger(
        `otadata,data,ota,0x900000,0x2000\n${FACTORY}`,
        {},
        {
          parts: boardSetup().parts.slice(0, 1),
          knobs: { holdsFactoryReset: true },
        },
      );
      made.flash.replace(0x8000, makePartitionTable(parseTableCsv(`otadata,data,ota,0x900000,0x2000\n${FACTORY}`)));
      made.powerOn();
      await made.runUntil('Detect a condition of the factory reset');
      await made.runUntil('Detect a condition of the factory reset');
      expect(made.state.bootCount).toBeGreaterThan(1);
    });

    it('whose only application reaches beyond its end', async () => {
      const made = forLarger('factory,app,factory,0x3f0000,1M');
      made.powerOn();
      await made.runUntil('Loaded app from partition at offset 0x3f0000');
      await made.runUntil('OTA example app_main start');
    });
  });

  it('a table with a wrong MD5, and none at all', async () => {
    const made = board();
    made.flash.program(0x8000 + 12, Uint8Array.of(0));
    made.powerOn();
    await made.runUntil('flash_parts: Incorrect MD5 checksum');
    made.flash.erase(0x8000, 0x1000);
    await made.runUntil('flash_parts: partition 0 invalid magic number 0xffff');
  });

  it('no bootloader at the offset of the chip', async () => {
    const made = board();
    made.flash.erase(0x1000, 0x1000);
    made.powerOn();
    await made.runUntil('invalid header: 0xffffffff');
    expect(made.state.phase).toBe('bootFailed');
  });

  it('a flash chip smaller than the header says', async () => {
    const made = makeBoard({
      table: 'otadata,data,ota,,0x2000\nota_0,app,ota_0,0x10000,1M',
      setup: { flashSizeBytes: 0x200000 },
    });
    boards.push(made);
    made.powerOn();
    await made.runUntil(
      'spi_flash: Detected size(2048k) smaller than the size in the binary image header(4096k). Probe failed.',
    );
    await made.runUntil('rst:0xc (SW_CPU_RESET)');
  });
});

describe('the CRC of a sequence number', () => {
  it.each([
    [1, 0x4743989a],
    [2, 0x55f63774],
    [3, 0xed4a5011],
    [4, 0x709d68a8],
    [5, 0xc8210fcd],
    [255, 0x21faf90e],
    [0xfffffffe, 0x99f8b879],
  ])('of %i', (sequence, crc) => {
    expect(sequenceCrc(sequence)).toBe(crc);
  });
});
