import { describe, expect, it } from 'vitest';
import type { OtaErrorCode } from '../../../src/base/ota-error.ts';
import {
  flashProblems,
  planFlash,
  requestForPartition,
  type FlashFile,
  type FlashRequest,
  type KnownBoard,
} from '../../../src/flash/flash-plan.ts';
import { parsePartitionTable } from '../../../src/image/partition-table.ts';
import { caught } from '../../support/caught.ts';
import { appendSignature, makeAppImage } from '../../support/firmware.ts';
import { makeBuild } from '../../support/flash-rig.ts';

const MIB = 1024 * 1024;
const build = makeBuild({ target: 'esp32c3' });
const board: KnownBoard = {
  target: 'esp32c3',
  chipId: 5,
  revision: 4,
  flashSizeBytes: 4 * MIB,
  bootloaderOffset: 0,
};
const secured = (more: object): KnownBoard => ({
  ...board,
  security: { isSecureBoot: false, isSecureDownload: false, flashCryptCount: 0, ...more },
});

const codes = (request: FlashRequest, known: KnownBoard = board): OtaErrorCode[] =>
  flashProblems(request, known).map(({ code }) => code);
const withFile = (name: string, change: Partial<FlashFile>): FlashRequest => ({
  ...build,
  files: build.files.map((file) => (file.name === name ? { ...file, ...change } : file)),
});
const app = (options: object = {}): Uint8Array =>
  makeAppImage({ target: 'esp32c3', totalSizeBytes: 131072, ...options });

describe('a plan of a whole build', () => {
  it('writes what decides which application boots last', () => {
    const plan = planFlash(build, board);
    expect(plan.files.map(({ role }) => role)).toEqual(['app', 'bootloader', 'partitionTable', 'otadata']);
    expect(plan.totalBytes).toBe(plan.files.reduce((sum, { bytes }) => sum + bytes.length, 0));
  });

  it('has nothing against it, with or without the board', () => {
    expect(codes(build)).toEqual([]);
    expect(codes(build, {})).toEqual([]);
  });

  it('has the settings in the bootloader, except where a signature would no longer fit', () => {
    const request = { ...build, flashMode: 'qio', flashFrequency: '80m', flashSize: '2MB' };
    const header = (known: KnownBoard): unknown =>
      planFlash(request, known)
        .files.find(({ role }) => role === 'bootloader')
        ?.bytes.subarray(2, 4);
    expect(header(board)).toEqual(Uint8Array.of(0, 0x1f));
    const signed = { ...request, files: request.files.filter(({ name }) => name === 'bootloader') };
    const [bootloader] = planFlash(signed, secured({ isSecureBoot: true })).files;
    expect(bootloader?.bytes).toBe(signed.files[0]?.bytes);
  });

  it('pads to whole words', () => {
    const plan = planFlash(
      { files: [{ name: 'storage', offset: 0x300000, bytes: Uint8Array.of(1, 2, 3, 4, 5) }] },
      board,
    );
    expect(plan.files[0]?.bytes).toEqual(Uint8Array.of(1, 2, 3, 4, 5, 0xff, 0xff, 0xff));
  });

  it.each(['constructor', 'toString', '__proto__'])('takes %s for a name like any other', (name) => {
    const plan = planFlash({ files: [{ name, offset: 0x300000, bytes: Uint8Array.of(1, 2, 3, 4) }] }, board);
    expect(plan.files).toMatchObject([{ name, role: 'data' }]);
  });

  it('tells roles without names', () => {
    const files = build.files.map(({ offset, bytes }) => ({ offset, bytes }));
    expect(planFlash({ files }, board).files.map(({ role, name }) => [role, name])).toEqual([
      ['app', '0x10000'],
      ['data', '0xd000'],
      ['bootloader', '0x0'],
      ['partitionTable', '0x8000'],
    ]);
  });
});

describe('a plan is refused before a byte is written', () => {
  it.each<[string, FlashRequest, KnownBoard, OtaErrorCode[]]>([
    ['for nothing', { files: [] }, board, ['flash.nothingToFlash']],
    ['for an empty file', withFile('otadata', { bytes: new Uint8Array(0) }), board, ['flash.emptyFile']],
    ['for an entry to be encrypted', withFile('app', { isEncrypted: true }), board, ['flash.encryptedFile']],
    [
      'for an offset within a sector',
      withFile('otadata', { offset: 0xd100, bytes: new Uint8Array(16) }),
      board,
      ['flash.misaligned'],
    ],
    [
      'for another chip',
      build,
      { ...board, target: 'esp32s3', chipId: 9 },
      ['flash.wrongChip', 'flash.wrongChip', 'flash.wrongChip'],
    ],
    [
      'for an image of another chip',
      withFile('app', { bytes: makeAppImage({ target: 'esp32s3' }) }),
      {},
      ['flash.wrongChip'],
    ],
    ['for a newer chip', withFile('app', { bytes: app({ minRevision: 101 }) }), board, ['flash.wrongRevision']],
    [
      'for a damaged image',
      withFile('app', { bytes: app().map((byte, at) => (at === 5000 ? byte ^ 1 : byte)) }),
      board,
      ['flash.badImage'],
    ],
    ['for an application that is none', withFile('app', { bytes: new Uint8Array(64) }), board, ['flash.badImage']],
    [
      'for a table that is none',
      withFile('partition-table', { bytes: new Uint8Array(64) }),
      board,
      ['flash.badPartitionTable'],
    ],
    ['beyond the flash', withFile('app', { offset: 4 * MIB - 4096 }), board, ['flash.outsideFlash']],
    ['for a smaller flash', build, { ...board, flashSizeBytes: 2 * MIB }, ['flash.flashTooSmall']],
    ['for two files in a sector', withFile('otadata', { offset: 0x8000 }), board, ['flash.overlap']],
    ['for a bootloader elsewhere', withFile('bootloader', { offset: 0x1000 }), board, ['flash.bootloaderOffset']],
    ['for a word the chip lacks', { ...build, flashFrequency: '48m' }, board, ['flash.badSetting']],
    [
      'with flash encryption on',
      withFile('app', {}),
      secured({ flashCryptCount: 7 }),
      Array(4).fill('flash.encryptionEnabled') as OtaErrorCode[],
    ],
  ])('%s', (_name, request, known, expected) => {
    expect(codes(request, known)).toEqual(expected);
  });

  it('when an application does not fit its partition', async () => {
    const request = withFile('app', { bytes: app({ totalSizeBytes: 1.5 * MIB }) });
    const { details } = await caught(() => planFlash(request, board), 'flash.tooBigForPartition');
    expect(details).toMatchObject({ name: 'app', lengthBytes: 1.5 * MIB, sizeBytes: MIB });
  });

  it('when the bootloader reaches the table', async () => {
    const bootloader = app({ totalSizeBytes: 0x9000 });
    const request = { files: [{ name: 'bootloader', offset: 0, bytes: bootloader }] };
    const { details } = await caught(() => planFlash(request, board), 'flash.tooBigForPartition');
    expect(details).toMatchObject({ partition: 'bootloader', sizeBytes: 0x8000 });
  });

  it('when the board wants a signature and there is none', () => {
    const known = secured({ isSecureBoot: true });
    const request = { files: [{ name: 'app', offset: 0x10000, bytes: app() }] };
    expect(codes(request, known)).toEqual(['flash.badImage']);
    const signed = appendSignature(app(), 'rsa-v2');
    expect(codes({ files: [{ name: 'app', offset: 0x10000, bytes: signed }] }, known)).toEqual([]);
  });

  it('but not for encryption that was turned off again', () => {
    expect(codes(build, secured({ flashCryptCount: 3 }))).toEqual([]);
  });
});

describe('an image for a partition', () => {
  const { partitions } = parsePartitionTable(build.files[1]?.bytes ?? new Uint8Array(0));

  it('goes where the partition is', () => {
    const request = requestForPartition('ota_1', app(), partitions);
    expect(planFlash(request, board).files[0]).toMatchObject({ name: 'app', role: 'app', offset: 0x210000 });
    const data = requestForPartition('nvs', Uint8Array.of(1, 2, 3, 4), partitions);
    expect(planFlash(data, board).files[0]).toMatchObject({ name: 'nvs', role: 'data', offset: 0x9000 });
  });

  it('is refused when it does not fit, and for a label that is not there', async () => {
    const tooBig = requestForPartition('nvs', new Uint8Array(0x5000), partitions);
    expect(codes(tooBig)).toEqual(['flash.tooBigForPartition']);
    await caught(() => requestForPartition('ota_7', app(), partitions), 'flash.noSuchPartition');
  });
});
