import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseBootSlot } from '../../../src/image/boot-choice.ts';
import { encodeOtadataEntry, erasedOtadata, parseOtadata, type OtadataEntries } from '../../../src/image/otadata.ts';
import type { Partition } from '../../../src/image/partition-table.ts';
import { flashMapOf, type FlashMap, type FlashMapInput, type RegionContent } from '../../../src/ota/flash-map.ts';

const KB = 1024;
const MB = 1024 * KB;

function partition(label: string, type: number, subtype: number, offset: number, size: number): Partition {
  return { label, type, subtype, offset, size, isEncrypted: false, isReadonly: false };
}

const TWO_OTA: readonly Partition[] = [
  partition('nvs', 1, 2, 0x9000, 16 * KB),
  partition('otadata', 1, 0, 0xd000, 8 * KB),
  partition('phy_init', 1, 1, 0xf000, 4 * KB),
  partition('ota_0', 0, 0x10, 0x10000, MB),
  partition('ota_1', 0, 0x11, 0x110000, MB),
];

const BOARD: FlashMapInput = {
  flashSizeBytes: 4 * MB,
  bootloader: { offset: 0x1000, bytes: 26 * KB },
  tableOffset: 0x8000,
  partitions: TWO_OTA,
};

function entries(
  first: readonly [number, 'valid' | 'new' | 'pendingVerify'] | 'empty',
  second: typeof first,
): OtadataEntries {
  const bytes = erasedOtadata();
  for (const [sector, entry] of [first, second].entries()) {
    if (entry !== 'empty') bytes.set(encodeOtadataEntry(...entry), sector * 0x1000);
  }
  return parseOtadata(bytes);
}

const image = (version: string, bytes = 900 * KB): RegionContent => ({
  kind: 'image',
  from: 'board',
  bytes,
  version,
});

function shown({ regions }: FlashMap): string[] {
  return regions.map((one) => `${one.offset.toString(16)} ${one.kind} ${one.label}`.trim());
}

function regionAt(map: FlashMap, offset: number): FlashMap['regions'][number] {
  const found = map.regions.find((one) => one.offset === offset);
  if (found === undefined) throw new Error(`no region at 0x${offset.toString(16)}`);
  return found;
}

describe('a flash map', () => {
  it('shows everything from the first to the last byte', () => {
    expect(shown(flashMapOf(BOARD))).toEqual([
      '0 reserved',
      '1000 bootloader',
      '8000 partitionTable',
      '9000 data nvs',
      'd000 data otadata',
      'f000 data phy_init',
      '10000 app ota_0',
      '110000 app ota_1',
      '210000 free',
    ]);
  });

  it('ends with the last partition when nobody knows how large the flash is', () => {
    const map = flashMapOf({ ...BOARD, flashSizeBytes: undefined });
    expect(map.flashSizeBytes).toBeUndefined();
    expect(map.endBytes).toBe(0x210000);
    expect(map.regions.at(-1)?.label).toBe('ota_1');
  });

  it('takes bootloader and table from the table where that names them', () => {
    const named = [
      partition('bootloader', 2, 0, 0x1000, 0x7000),
      partition('partition-table', 3, 0, 0x8000, 0x1000),
      ...TWO_OTA,
    ];
    const map = flashMapOf({ ...BOARD, partitions: named });
    expect(map.regions.map((one) => one.kind).filter((kind) => kind === 'bootloader')).toHaveLength(1);
    expect(regionAt(map, 0x8000).label).toBe('partition-table');
  });

  it('says what runs, what boots next and in which state', () => {
    const otadata = entries([1, 'valid'], [2, 'valid']);
    const map = flashMapOf({
      ...BOARD,
      otadata,
      boot: chooseBootSlot(otadata, TWO_OTA, { rollbackEnabled: true }),
      slots: [
        { offset: 0x10000, isRunning: true, state: 'valid', content: image('1.0.0') },
        { offset: 0x110000, state: 'valid', content: image('1.1.0') },
      ],
    });
    expect(regionAt(map, 0x10000)).toMatchObject({ isRunning: true, isNext: false, state: 'valid' });
    expect(regionAt(map, 0x110000)).toMatchObject({ isRunning: false, isNext: true, content: { version: '1.1.0' } });
    expect(map.boot).toEqual({ label: 'ota_1', reason: 'activeEntry' });
    expect(map.otadata).toEqual([
      { status: 'entry', sequence: 1, state: 'valid', slot: 'ota_0', isActive: false },
      { status: 'entry', sequence: 2, state: 'valid', slot: 'ota_1', isActive: true },
    ]);
  });

  it('boots the older slot next while the newer one is on trial and rollback is on', () => {
    const otadata = entries([1, 'valid'], [2, 'pendingVerify']);
    const slots = [0x10000, 0x110000].map((offset) => ({ offset, content: image('1') }));
    for (const [rollbackEnabled, label] of [
      [true, 'ota_0'],
      [false, 'ota_1'],
    ] as const) {
      const boot = chooseBootSlot(otadata, TWO_OTA, { rollbackEnabled });
      const map = flashMapOf({ ...BOARD, otadata, boot, slots });
      expect(map.boot?.label).toBe(label);
      expect(map.otadata?.find((entry) => entry.isActive)?.slot).toBe(label);
    }
  });

  it('passes over a slot that holds no image when it looks for what boots next', () => {
    const otadata = entries([2, 'valid'], 'empty');
    const boot = chooseBootSlot(otadata, TWO_OTA, { rollbackEnabled: false });
    const map = flashMapOf({
      ...BOARD,
      otadata,
      boot,
      slots: [
        { offset: 0x10000, content: image('1.0.0') },
        { offset: 0x110000, content: { kind: 'empty' } },
      ],
    });
    expect(map.boot).toEqual({ label: 'ota_0', reason: 'activeEntry' });
    expect(map.otadata?.[1]).toEqual({ status: 'empty', isActive: false });
  });

  it('boots nothing next when no slot holds an image', () => {
    const otadata = entries('empty', 'empty');
    const boot = chooseBootSlot(otadata, TWO_OTA, { rollbackEnabled: false });
    const map = flashMapOf({ ...BOARD, otadata, boot, slots: [{ offset: 0x10000, content: { kind: 'empty' } }] });
    expect(map.boot).toEqual({ reason: 'noFactoryTryingOta0' });
    expect(map.regions.filter((one) => one.isNext)).toEqual([]);
  });

  it('tells a damaged otadata entry from an empty one', () => {
    const bytes = erasedOtadata();
    bytes.set(encodeOtadataEntry(1, 'valid'));
    bytes[28] = (bytes[28] ?? 0) ^ 1;
    const map = flashMapOf({ ...BOARD, otadata: parseOtadata(bytes) });
    expect(map.otadata?.map((one) => one.status)).toEqual(['damaged', 'empty']);
  });

  it('marks what overlaps, ends behind the flash, or is too large for its slot', () => {
    const map = flashMapOf({
      ...BOARD,
      flashSizeBytes: 2 * MB,
      partitions: [...TWO_OTA, partition('spare', 1, 0x82, 0x100000, 128 * KB)],
      slots: [{ offset: 0x10000, content: image('1.0.0', MB + 1) }],
    });
    expect(regionAt(map, 0x10000).problems).toEqual(['imageTooLarge']);
    expect(regionAt(map, 0x100000).problems).toEqual(['overlaps']);
    expect(regionAt(map, 0x110000).problems).toEqual(['overlaps', 'beyondFlash']);
    expect(map.endBytes).toBe(0x210000);
  });

  it('gives each partition its difference from the project’s table', () => {
    const map = flashMapOf({
      ...BOARD,
      projectPartitions: TWO_OTA.map((one) => (one.label === 'ota_1' ? { ...one, size: 2 * MB } : one)),
    });
    expect(map.differences).toHaveLength(1);
    expect(regionAt(map, 0x110000).difference).toMatchObject({ kind: 'changed', changes: ['resized'] });
    expect(regionAt(map, 0x10000).difference).toBeUndefined();
  });

  it('is plain data', () => {
    const map = flashMapOf({ ...BOARD, projectPartitions: [] });
    expect(JSON.parse(JSON.stringify(map))).toEqual(map);
  });

  it('of any table covers the flash without gaps, each region with a name of its own', () => {
    const anyPartition = fc.record({
      label: fc.string({ maxLength: 16 }),
      type: fc.nat(255),
      subtype: fc.nat(255),
      offset: fc.nat(0x3f).map((sector) => sector * 0x10000),
      size: fc.nat(0x40).map((sectors) => sectors * 0x8000),
      isEncrypted: fc.boolean(),
      isReadonly: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(anyPartition, { maxLength: 20 }), (partitions) => {
        const { regions, endBytes } = flashMapOf({ ...BOARD, partitions, projectPartitions: TWO_OTA });
        expect(new Set(regions.map((one) => one.id)).size).toBe(regions.length);
        let covered = 0;
        for (const one of regions) {
          expect(one.offset).toBeLessThanOrEqual(covered);
          covered = Math.max(covered, one.offset + one.size);
        }
        expect(covered).toBe(endBytes);
      }),
    );
  });
});
