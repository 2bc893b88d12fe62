import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isOtaError } from '../../../src/base/ota-error.ts';
import { parseImage, readAppDescription } from '../../../src/image/app-image.ts';
import { chooseBootSlot } from '../../../src/image/boot-choice.ts';
import { findPemCertificates, imageTrusts } from '../../../src/image/embedded-certificates.ts';
import { findUrls } from '../../../src/image/embedded-urls.ts';
import { encodeOtadataEntry, erasedOtadata, parseOtadata } from '../../../src/image/otadata.ts';
import { formatPartitionCsv, parsePartitionCsv, readPartitionCsv } from '../../../src/image/partition-csv.ts';
import { encodePartitionTable, parsePartitionTable } from '../../../src/image/partition-table.ts';
import { recogniseFile } from '../../../src/image/recognise-file.ts';
import { restampImage } from '../../../src/image/restamp-image.ts';
import { planSwitch } from '../../../src/image/slot-switch.ts';
import { verifyImage } from '../../../src/image/verify-image.ts';
import { makeCertificate } from '../../support/make-certificate.ts';
import {
  makeApp,
  makeBootloader,
  makeImage,
  makeTable,
  makeTableRow,
  withSignatureV2,
} from '../../support/make-image.ts';

const RUNS = Number(process.env['ESP32_OTA_FUZZ_RUNS'] ?? 2000);
const TIME_LIMIT_MS = 60_000 + RUNS * 20;

const authority = makeCertificate('authority');
const app = makeApp({ extra: Buffer.from(`${authority.pem}\0https://192.168.1.5:8070/a.bin\0`) });
const table = makeTable([
  makeTableRow(1, 2, 0x9000, 0x4000, 'nvs'),
  makeTableRow(1, 0, 0xd000, 0x2000, 'otadata'),
  makeTableRow(0, 0, 0x10000, 0x100000, 'factory'),
  makeTableRow(0, 0x10, 0x110000, 0x100000, 'ota_0', 1),
  makeTableRow(0, 0x11, 0x210000, 0x100000, 'ota_1'),
]);
const otadata = erasedOtadata();
otadata.set(encodeOtadataEntry(1, 'valid'), 0);
otadata.set(encodeOtadataEntry(2, 'new'), 0x1000);
const merged = Buffer.concat([makeBootloader(5), Buffer.alloc(0x8000, 0xff)]);
merged.set(table, 0x3000);
const csv = `# Name, Type, SubType, Offset, Size, Flags
nvs, data, nvs, 0x9000, 24K, encrypted
otadata, data, ota, , 8K
factory, app, factory, , 1M, readonly:encrypted
ota_0, 0, 0x10, , -4M
$NAME, bootloader, primary, N/A, N/A
`;

/** A file that is cut, has bits flipped, or both. */
function damaged(bytes: Uint8Array): fc.Arbitrary<Uint8Array> {
  const flips = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(7)), { maxLength: 12 });
  // Half of the flips hit the first bytes, where the structure is.
  const near = fc.array(fc.tuple(fc.nat(Math.min(63, bytes.length - 1)), fc.nat(7)), { maxLength: 4 });
  const length = fc.oneof({ weight: 2, arbitrary: fc.constant(bytes.length) }, fc.nat(bytes.length));
  return fc.tuple(flips, near, length).map(([far, close, end]) => {
    const copy = bytes.slice(0, end);
    for (const [at, bit] of [...far, ...close]) {
      const byte = copy[at];
      if (byte !== undefined) copy[at] = byte ^ (1 << bit);
    }
    return copy;
  });
}

/** Runs the work; a coded error is an answer, anything else fails the test. */
function answers(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    if (!isOtaError(error)) throw error;
  }
}

function fuzz(name: string, inputs: readonly Uint8Array[], parse: (bytes: Uint8Array) => unknown): void {
  it(
    `${name} gives a value or a coded error for any damaged input`,
    () => {
      const input = fc.oneof(
        ...inputs.map((bytes) => damaged(new Uint8Array(bytes))),
        fc.uint8Array({ maxLength: 200 }),
      );
      fc.assert(
        fc.property(input, (bytes) => {
          answers(() => parse(bytes));
        }),
        { numRuns: RUNS },
      );
    },
    TIME_LIMIT_MS,
  );
}

describe('every parser', () => {
  const images = [app, makeBootloader(9), withSignatureV2(makeApp(), { count: 2 })];
  fuzz('parseImage', images, parseImage);
  fuzz('readAppDescription', images, readAppDescription);
  fuzz('restampImage', [...images, makeImage()], (bytes) => restampImage(bytes, '1.2.3'));
  fuzz('parsePartitionTable', [table, table.subarray(0, 256)], (bytes) => {
    const { partitions } = parsePartitionTable(bytes);
    encodePartitionTable(partitions);
    parsePartitionCsv(formatPartitionCsv(partitions));
  });
  fuzz('parseOtadata', [otadata], (bytes) => {
    const entries = parseOtadata(bytes);
    const { partitions } = parsePartitionTable(table);
    for (const rollbackEnabled of [true, false]) chooseBootSlot(entries, partitions, { rollbackEnabled });
    for (const target of ['factory', { ota: 0 }, { ota: 1 }, { ota: 2 }] as const) {
      answers(() => planSwitch(entries, partitions, target));
    }
  });
  fuzz('readPartitionCsv', [Buffer.from(csv)], (bytes) => {
    const text = new TextDecoder().decode(bytes);
    for (const problem of parsePartitionCsv(text, { flashSizeBytes: 0x400000 }).problems) {
      expect(problem.line).toBeGreaterThan(0);
      expect(problem.column).toBeGreaterThan(0);
    }
    encodePartitionTable(readPartitionCsv(text, { environment: { NAME: 'boot' }, primaryBootloaderOffset: 0x1000 }));
  });
  fuzz('findPemCertificates', [app, Buffer.from(authority.pem)], findPemCertificates);
  fuzz('imageTrusts', [Buffer.from(authority.pem)], (bytes) => imageTrusts(app, Buffer.from(bytes).toString('latin1')));
  fuzz('findUrls', [app, Buffer.from('\0https://a.b:80/c\0http://x\0')], findUrls);
});

describe('what never throws', () => {
  it(
    'verifyImage and recogniseFile give a value for any damaged input',
    () => {
      const packed = Buffer.concat([app.subarray(0, 288), Buffer.from('ESP\0\u0003'), Buffer.alloc(40)]);
      const text = [Buffer.from('<!doctype html><html></html>'), Buffer.from('{"a": [1, 2, {"b": null}]}')];
      const inputs = [app, makeBootloader(0), merged, table, otadata, packed, ...text];
      fc.assert(
        fc.property(fc.oneof(...inputs.map((bytes) => damaged(new Uint8Array(bytes)))), (bytes) => {
          expect(verifyImage(bytes, { chipId: 0, slotSizeBytes: 5000, signatureRequired: true })).toHaveLength(13);
          expect(recogniseFile(bytes).kind).toBeTypeOf('string');
        }),
        { numRuns: RUNS },
      );
    },
    TIME_LIMIT_MS,
  );
});
