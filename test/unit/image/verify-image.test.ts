import { describe, expect, it } from 'vitest';
import {
  verifyImage,
  type ImageCheck,
  type ImageCheckId,
  type ImageExpectation,
} from '../../../src/image/verify-image.ts';
import { makeApp, makeBootloader, makeImage, makePagedImage, withSignatureV2 } from '../../support/make-image.ts';

const ORDER: readonly ImageCheckId[] = [
  'headers',
  'magic',
  'chip',
  'revision',
  'spiMode',
  'description',
  'version',
  'segments',
  'checksum',
  'size',
  'digest',
  'signature',
  'secureVersion',
];

function outcome(bytes: Uint8Array, id: ImageCheckId, expect: ImageExpectation = {}): ImageCheck {
  const found = verifyImage(bytes, expect).find((check) => check.id === id);
  if (found === undefined) throw new Error(`no check ${id}`);
  return found;
}

describe('verifyImage', () => {
  const image = makeApp({
    chipId: 5,
    version: '1.2.3',
    secureVersion: 2,
    spiFlashMode: 2,
    minRevision: 3,
    maxRevision: 199,
  });

  it('passes a good image in every check that something is known for', () => {
    const expected = {
      chipId: 5,
      chipRevision: 101,
      slotSizeBytes: 0x100000,
      minSecureVersion: 2,
      spiFlashMode: 2,
      runningVersion: '1.2.2',
    };
    const checks = verifyImage(image, expected);
    expect(checks.map(({ id }) => id)).toEqual(ORDER);
    expect(checks.filter((check) => check.outcome !== 'passed').map(({ id }) => id)).toEqual(['signature']);
  });

  it('lists the same checks in the same order for any bytes', () => {
    const inputs = [
      new Uint8Array(),
      Buffer.from('<html>'),
      image.subarray(0, 500),
      image,
      makeBootloader(),
      Buffer.alloc(30, 0xe9),
    ];
    for (const bytes of inputs) expect(verifyImage(bytes).map(({ id }) => id)).toEqual(ORDER);
  });

  it('wants 1024 bytes before the device looks at anything', () => {
    expect(outcome(image.subarray(0, 1023), 'headers').outcome).toBe('failed');
    expect(outcome(image.subarray(0, 1024), 'headers').outcome).toBe('passed');
  });

  it('fails another first byte and skips what it would lead to', () => {
    const bytes = Buffer.from(image);
    bytes.writeUInt8(0x3c, 0);
    const checks = verifyImage(bytes, { chipId: 5, slotSizeBytes: 100 });
    expect(checks.filter((check) => check.outcome === 'failed').map(({ id }) => id)).toEqual(['magic', 'size']);
    expect(outcome(bytes, 'magic').details).toMatchObject({ problem: 'image.badMagic', found: 0x3c });
  });

  it('fails an image for another chip', () => {
    expect(outcome(image, 'chip', { chipId: 0 })).toMatchObject({
      outcome: 'failed',
      details: { foundName: 'ESP32-C3', expectedName: 'ESP32' },
    });
  });

  it('holds the chip revision against both limits', () => {
    for (const [chipRevision, result] of [
      [2, 'failed'],
      [3, 'passed'],
      [199, 'passed'],
      [200, 'failed'],
    ] as const) {
      expect(outcome(image, 'revision', { chipRevision }).outcome).toBe(result);
    }
    for (const maxRevision of [0, 0xffff]) {
      expect(outcome(makeApp({ maxRevision }), 'revision', { chipRevision: 999 }).outcome).toBe('passed');
    }
  });

  it('takes the legacy byte of images from before full revisions', () => {
    expect(outcome(makeApp({ legacyMinRevision: 3 }), 'revision', { chipRevision: 200 }).outcome).toBe('failed');
    expect(outcome(makeApp({ chipId: 5, legacyMinRevision: 3 }), 'revision', { chipRevision: 4 }).outcome).toBe(
      'passed',
    );
  });

  it('compares the SPI flash mode only where both sides know theirs', () => {
    expect(outcome(image, 'spiMode', { spiFlashMode: 0 })).toMatchObject({
      outcome: 'failed',
      details: { found: 'dio', expected: 'qio' },
    });
    expect(outcome(makeApp(), 'spiMode', { spiFlashMode: 0 }).outcome).toBe('skipped');
  });

  it('warns of the version that runs already and of an image without description', () => {
    expect(outcome(image, 'version', { runningVersion: '1.2.3' }).outcome).toBe('warned');
    expect(outcome(makeBootloader(0), 'description')).toMatchObject({
      outcome: 'warned',
      details: { found: 'bootloader' },
    });
  });

  it('fails a segment that cannot be mapped where it stands', () => {
    const bytes = makeImage({ segments: [{ loadAddress: 0x3f400030, data: Buffer.alloc(256) }] });
    expect(outcome(bytes, 'segments')).toMatchObject({
      outcome: 'failed',
      details: { problem: 'misplaced', index: 0, offsetBytes: 32 },
    });
  });

  it('maps by the page size of the description', () => {
    const far = { loadAddress: 0x3f408020 + 0x130, data: Buffer.alloc(16) };
    const segments = (description: Buffer): Parameters<typeof makeImage>[0] => ({
      segments: [{ loadAddress: 0x3f400020, data: description }, far],
    });
    const description = (mmuPageSizeLog2: number): Buffer => makeApp({ mmuPageSizeLog2 }).subarray(32, 32 + 0x128);
    expect(outcome(makeImage(segments(description(15))), 'segments').outcome).toBe('passed');
    expect(outcome(makeImage(segments(description(0))), 'segments').outcome).toBe('failed');
  });

  it.each([
    ['ESP32-C6', 13, 0x8000, 'passed'],
    ['ESP32-H2', 16, 0x4000, 'passed'],
    ['ESP32-C2', 12, 0x4000, 'passed'],
    ['ESP32-C2', 12, 0x2000, 'failed'],
    ['ESP32-C3', 5, 0x8000, 'failed'],
    ['ESP32-C3', 5, 0x10000, 'passed'],
  ])('takes the smallest page of an %s where the description says none: %#', (_name, chipId, page, expected) => {
    expect(outcome(makePagedImage(chipId, page), 'segments').outcome).toBe(expected);
    expect(outcome(makePagedImage(chipId, page, { mmuPageSizeLog2: 16 }), 'segments').outcome).toBe(
      page === 0x10000 ? 'passed' : 'failed',
    );
  });

  it('fails too many segments, a truncated image and a length no segment can have', () => {
    const many = Buffer.from(image);
    many.writeUInt8(17, 1);
    expect(outcome(many, 'magic').outcome).toBe('passed');
    expect(outcome(many, 'segments').details).toMatchObject({ problem: 'image.tooManySegments' });
    expect(outcome(image.subarray(0, 1100), 'segments').details).toMatchObject({ problem: 'image.truncated' });
    expect(outcome(image.subarray(0, 1100), 'checksum').outcome).toBe('skipped');
  });

  it('fails checksum and digest when a byte changed, and the digest alone when the byte is in no segment', () => {
    const inData = Buffer.from(image);
    inData.writeUInt8(inData.readUInt8(900) ^ 1, 900);
    expect(outcome(inData, 'checksum').outcome).toBe('failed');
    expect(outcome(inData, 'digest').outcome).toBe('failed');
    const inHeader = Buffer.from(image);
    inHeader.writeUInt8(1, 20);
    expect(outcome(inHeader, 'checksum').outcome).toBe('passed');
    expect(outcome(inHeader, 'digest').outcome).toBe('failed');
  });

  it('misses the digest that was cut off', () => {
    expect(outcome(image.subarray(0, image.length - 1), 'checksum').details).toMatchObject({
      problem: 'image.truncated',
    });
    expect(outcome(makeApp({ hashAppended: false }), 'digest').outcome).toBe('skipped');
  });

  it('counts every byte of the file against the slot', () => {
    const slotSizeBytes = image.length;
    expect(outcome(image, 'size', { slotSizeBytes }).outcome).toBe('warned');
    expect(outcome(image, 'size', { slotSizeBytes: slotSizeBytes * 2 }).outcome).toBe('passed');
    expect(outcome(Buffer.concat([image, Buffer.alloc(1)]), 'size', { slotSizeBytes })).toMatchObject({
      outcome: 'failed',
      details: { freeBytes: -1 },
    });
  });

  it('fails a missing or broken signature only where one is required', () => {
    const signed = withSignatureV2(image);
    expect(outcome(image, 'signature', { signatureRequired: true }).outcome).toBe('failed');
    expect(outcome(signed, 'signature', { signatureRequired: true })).toMatchObject({
      outcome: 'passed',
      details: { scheme: 'rsa-v2', count: 1 },
    });
    signed.writeUInt8(0, 4096 + 200);
    expect(outcome(signed, 'signature').outcome).toBe('warned');
    expect(outcome(signed, 'signature', { signatureRequired: true }).outcome).toBe('failed');
  });

  it('fails a secure version below that of the device', () => {
    expect(outcome(image, 'secureVersion', { minSecureVersion: 3 })).toMatchObject({
      outcome: 'failed',
      details: { found: 2, minimum: 3 },
    });
  });
});
