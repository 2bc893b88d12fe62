import { afterEach, describe, expect, it } from 'vitest';
import type { ChipSlot, ChipSlots } from '../../../src/flash/slots.ts';
import { chooseBootSlot } from '../../../src/image/boot-choice.ts';
import { parseImage } from '../../../src/image/app-image.ts';
import { parseOtadata } from '../../../src/image/otadata.ts';
import { appPartitions, parsePartitionTable, type Partition } from '../../../src/image/partition-table.ts';
import type { FlashMap } from '../../../src/ota/flash-map.ts';
import { nextOfDevice } from '../../../src/ota/device-boot.ts';
import { mapOfChip, mapOfDevice } from '../../../src/ota/flash-map-sources.ts';
import type { VirtualBoard } from '../../../src/virtual-board/virtual-board.ts';
import { boardSetup, imageFor, makeBoard, tableRows, type FixtureOptions } from '../../support/board-fixture.ts';
import { makeOtadata, makePartitionTable } from '../../support/firmware.ts';

const boards: VirtualBoard[] = [];

afterEach(() => {
  for (const board of boards.splice(0)) board.dispose();
});

const OTADATA = 0xf000;
const SECOND_SLOT = 0x1d0000;

function board(options: FixtureOptions = {}): VirtualBoard {
  const made = makeBoard(options);
  boards.push(made);
  return made;
}

function table(options: FixtureOptions = {}): readonly Partition[] {
  return parsePartitionTable(makePartitionTable(tableRows(options))).partitions;
}

function regionOf(map: FlashMap, label: string): FlashMap['regions'][number] | undefined {
  return map.regions.find((one) => one.label === label);
}

/** What of a project the map compares with: a table, and the application that was built. */
function project(partitions: readonly Partition[], app?: Uint8Array): Parameters<typeof mapOfDevice>[1] {
  const built =
    app === undefined ? {} : { app: { path: '', bytes: app, modifiedMs: 0, sha256: '', image: parseImage(app) } };
  return {
    partitionTable: {
      source: 'csv',
      choice: { isCustom: true, hasCoredump: false },
      partitions,
      problems: [],
      csvProblems: [],
    },
    ...built,
  };
}

describe('the flash map of a virtual board', () => {
  it('is made of what lies in its flash, off or on', () => {
    const map = mapOfDevice(board(), undefined);
    const image = imageFor({}, { version: '1.0.0' });
    expect(regionOf(map, 'ota_0')).toMatchObject({
      content: { kind: 'image', version: '1.0.0', projectName: 'ota_example', bytes: image.length },
      isNext: true,
      isRunning: false,
    });
    expect(regionOf(map, 'ota_1')?.content).toEqual({ kind: 'empty' });
    expect(map.regions.find((one) => one.kind === 'bootloader')).toMatchObject({
      offset: 0x1000,
      content: { kind: 'image', bytes: boardSetup().parts[0]?.bytes.length },
    });
    expect(map.flashSizeBytes).toBe(0x400000);
    expect(map.differences).toBeUndefined();
  });

  it('follows the rules of the bootloader that was flashed', () => {
    const otadata = makeOtadata({ sequence: 1, state: 'valid' }, { sequence: 2, state: 'pendingVerify' });
    for (const [hasRollback, label] of [
      [true, 'ota_0'],
      [false, 'ota_1'],
    ] as const) {
      const made = board({ otadata, setup: { bootloader: { hasRollback } } });
      made.flash.replace(SECOND_SLOT, imageFor({}, { version: '1.1.0' }));
      const map = mapOfDevice(made, undefined);
      expect(map.boot).toEqual({ label, reason: 'activeEntry' });
      expect(nextOfDevice(made)?.label).toBe(label);
      expect(regionOf(map, 'ota_1')?.state).toBe('pendingVerify');
      expect(map.otadata?.map((entry) => entry.slot)).toEqual(['ota_0', 'ota_1']);
    }
  });

  it('knows the image of the project’s last build, and other tables than the project’s', () => {
    const elfSha256 = 'ab'.repeat(32);
    const image = imageFor({}, { version: '1.0.0', elfSha256 });
    const made = board({ image: { elfSha256 } });
    expect(regionOf(mapOfDevice(made, project(table(), image)), 'ota_0')?.content).toMatchObject({ isBuild: true });
    const other = project(table({ table: 'partitions_two_ota.csv' }), imageFor({}, { version: '1.0.0' }));
    const map = mapOfDevice(made, other);
    expect(regionOf(map, 'ota_0')?.content).not.toHaveProperty('isBuild');
    expect(
      map.differences?.map(({ kind, onBoard, inProject }) => `${kind} ${(onBoard ?? inProject)?.label ?? ''}`),
    ).toContain('onlyInProject factory');
  });

  it('passes over a slot without an image, as the list of its slots does', () => {
    const made = board({ otadata: makeOtadata({ sequence: 1, state: 'valid' }, { sequence: 2, state: 'valid' }) });
    const map = mapOfDevice(made, undefined);
    expect(map.boot).toEqual({ label: 'ota_0', reason: 'activeEntry' });
    expect(nextOfDevice(made)?.label).toBe('ota_0');
    made.flash.erase(0, made.flash.sizeBytes);
    expect(nextOfDevice(made)).toBeUndefined();
  });

  it('has no partitions and boots nothing when the flash was erased', () => {
    const map = mapOfDevice(board({ setup: { parts: [] } }), undefined);
    expect(map.boot).toBeUndefined();
    expect(map.regions.map((one) => one.kind)).toEqual(['reserved', 'bootloader', 'partitionTable', 'free']);
  });
});

describe('the flash map of a board whose slots were read', () => {
  const partitions = table();
  const otadata = parseOtadata(makeOtadata({ sequence: 1, state: 'valid' }));
  const slotOf = (partition: Partition, more: Partial<ChipSlot>): ChipSlot => ({ partition, isNext: false, ...more });
  const [first, second] = appPartitions(partitions) as [Partition, Partition];
  const image = imageFor({}, { version: '2.0.0', elfSha256: 'cd'.repeat(32) });
  const { description } = parseImage(image);
  if (description === undefined) throw new Error('the image has no description');
  const read = (...slots: ChipSlot[]): ChipSlots => ({
    tableOffset: 0x8000,
    partitions,
    otadata: {
      partition: partitions.find((one) => one.offset === OTADATA) ?? first,
      entries: otadata,
      raw: new Uint8Array(64),
    },
    slots,
    boot: chooseBootSlot(otadata, partitions, { rollbackEnabled: false }),
    rollbackEnabled: false,
    bytesRead: 0,
    readAtMs: 0,
  });

  it('has contents, state, and what boots next', () => {
    const slots = read(
      slotOf(first, { description, chipId: 0, imageBytes: image.length, state: 'valid', isNext: true }),
      slotOf(second, { problem: 'empty' }),
    );
    const map = mapOfChip(slots, { flashSizeBytes: 0x400000 }, project(partitions, image));
    expect(regionOf(map, first.label)).toMatchObject({
      content: { version: '2.0.0', bytes: image.length, isBuild: true },
      state: 'valid',
      isNext: true,
    });
    expect(regionOf(map, second.label)?.content).toEqual({ kind: 'empty' });
    // the chip of the image tells where the ROM looks for the bootloader
    expect(map.regions.find((one) => one.kind === 'bootloader')?.offset).toBe(0x1000);
    expect(map.differences).toEqual([]);
    expect(map.regions.filter(({ isRunning }) => isRunning)).toEqual([]);
    const watched = mapOfChip(slots, { runningLabel: first.label }, undefined);
    expect(watched.regions.filter(({ isRunning }) => isRunning).map(({ label }) => label)).toEqual([first.label]);
  });

  it('passes over an image that is damaged or for another chip', () => {
    const slots = read(
      slotOf(first, { description, chipId: 5, problem: 'wrongChip' }),
      slotOf(second, { description, chipId: 0, isNext: true }),
    );
    const map = mapOfChip(slots, {}, undefined);
    expect(regionOf(map, first.label)).toMatchObject({ isNext: false, content: { problem: 'wrongChip' } });
    expect(map.boot?.label).toBe(second.label);
    expect(mapOfChip(read(slotOf(first, { problem: 'notAnImage' })), {}, undefined).boot?.label).toBeUndefined();
  });
});
