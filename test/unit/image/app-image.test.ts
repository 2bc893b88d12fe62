import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseImage, readAppDescription } from '../../../src/image/app-image.ts';
import { CHIPS, chipById, chipByTarget, chipName } from '../../../src/image/chips.ts';
import { makeApp, makeBootloader, makeImage, withSignatureV2 } from '../../support/make-image.ts';
import { codeOf } from './code-of.ts';

describe('chips', () => {
  it('finds a chip by id and by target', () => {
    expect(chipById(9)).toBe(chipByTarget('esp32s3'));
    expect(chipById(0)?.bootloaderOffset).toBe(0x1000);
    expect(chipById(0x12)).toMatchObject({ name: 'ESP32-P4', bootloaderOffset: 0x2000 });
    expect(new Set(CHIPS.map(({ id }) => id)).size).toBe(14);
  });

  it('names an id it does not know by its number', () => {
    expect(chipName(13)).toBe('ESP32-C6');
    expect(chipName(0x1234)).toBe('unknown chip 0x1234');
    expect(chipById(0xffff)).toBeUndefined();
  });
});

describe('parseImage', () => {
  it('reads header, segments, checksum and digest of an application', () => {
    const bytes = makeApp({ chipId: 5, minRevision: 3, maxRevision: 199, spiSpeedAndSize: 0x2f, spiMode: 0 });
    const image = parseImage(bytes);
    expect(image.header).toEqual({
      segmentCount: 2,
      spiMode: 'qio',
      spiSpeed: 15,
      flashSizeBytes: 4 * 1024 * 1024,
      entryAddress: 0x40081000,
      chipId: 5,
      legacyMinChipRevision: 0,
      minChipRevision: 3,
      maxChipRevision: 199,
      hashAppended: true,
    });
    expect(image.segments).toEqual([
      { loadAddress: 0x3c000020, length: 256 + 36, offset: 32 },
      { loadAddress: 0x3fc80000, length: 1024, offset: 32 + 292 + 8 },
    ]);
    expect(image.checksum.computed).toBe(image.checksum.stored);
    expect(image.digest?.computed).toBe(image.digest?.stored);
    expect(image.imageLength).toBe(bytes.length);
    expect(image.signature).toBeUndefined();
  });

  it('gives a whole block to the checksum when the segments end on a block boundary', () => {
    const image = (length: number): number =>
      parseImage(makeImage({ segments: [{ loadAddress: 0, data: Buffer.alloc(length, 1) }], hashAppended: false }))
        .imageLength;
    expect(image(0)).toBe(48);
    expect(image(12)).toBe(48);
    expect(image(16)).toBe(64);
  });

  it('computes the same checksum whatever the alignment of the bytes in memory', () => {
    const bytes = makeApp();
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    expect(parseImage(shifted.subarray(1))).toEqual(parseImage(new Uint8Array(bytes)));
  });

  it('reads the whole application description', () => {
    const elfSha256 = createHash('sha256').update('x').digest();
    const bytes = makeApp({
      version: '1.2.3-a-version-of-31-characters',
      projectName: 'blink',
      secureVersion: 7,
      elfSha256,
      minEfuseBlockRevision: 102,
      mmuPageSizeLog2: 16,
      spiFlashMode: 2,
    });
    expect(parseImage(bytes).description).toEqual({
      secureVersion: 7,
      version: '1.2.3-a-version-of-31-character',
      projectName: 'blink',
      time: '12:34:56',
      date: 'Jan  2 2026',
      idfVersion: 'v5.5.5',
      elfSha256: elfSha256.toString('hex'),
      minEfuseBlockRevision: 102,
      maxEfuseBlockRevision: 0,
      mmuPageSizeLog2: 16,
      spiFlashMode: 2,
    });
  });

  it('needs only the first 288 bytes for the description', () => {
    const bytes = makeApp({ version: '9.8.7' });
    expect(readAppDescription(bytes.subarray(0, 288))?.version).toBe('9.8.7');
    expect(readAppDescription(bytes.subarray(0, 287))).toBeUndefined();
  });

  it('reads a description with empty texts and an ELF digest of zeros', () => {
    const bytes = makeApp({ version: '', projectName: '', time: '', date: '', elfSha256: new Uint8Array(32) });
    expect(parseImage(bytes).description).toMatchObject({
      version: '',
      projectName: '',
      time: '',
      elfSha256: '0'.repeat(64),
    });
  });

  it('reads the bootloader description of a bootloader', () => {
    const image = parseImage(makeBootloader(9, 'v5.4.1'));
    expect(image.bootloader).toEqual({
      secureVersion: 2,
      version: 1,
      idfVersion: 'v5.4.1',
      dateTime: 'Jan  2 2026 12:34:56',
    });
    expect(image.description).toBeUndefined();
  });

  it('takes an image without an appended digest', () => {
    const bytes = makeApp({ hashAppended: false });
    expect(parseImage(bytes)).not.toHaveProperty('digest');
    expect(parseImage(bytes).imageLength).toBe(bytes.length);
  });

  it('leaves bytes behind the image alone', () => {
    const bytes = makeApp();
    const image = parseImage(Buffer.concat([bytes, Buffer.from('anything at all')]));
    expect(image.imageLength).toBe(bytes.length);
    expect(image.signature).toBeUndefined();
  });

  it('takes the chip and the SPI mode as they are when it has no name for them', () => {
    const image = parseImage(makeApp({ chipId: 0x4321, spiMode: 9, spiSpeedAndSize: 0x9f }));
    expect(image.header).toMatchObject({ chipId: 0x4321, spiMode: 9, flashSizeBytes: undefined });
  });

  it('says with an offset where a truncated image ends', () => {
    const bytes = makeApp();
    for (const length of [0, 1, 23, 24, 31, 40, 300, 1000, bytes.length - 33, bytes.length - 1]) {
      expect(codeOf(() => parseImage(bytes.subarray(0, length)))).toBe('image.truncated');
    }
  });

  it('refuses another first byte, too many segments and lengths no segment can have', () => {
    const bad = (at: number, ...values: number[]): Buffer => {
      const bytes = makeApp();
      bytes.set(values, at);
      return bytes;
    };
    expect(codeOf(() => parseImage(bad(0, 0xe8)))).toBe('image.badMagic');
    expect(codeOf(() => parseImage(bad(1, 17)))).toBe('image.tooManySegments');
    expect(codeOf(() => parseImage(bad(28, 1, 1)))).toBe('image.badSegment');
    expect(codeOf(() => parseImage(bad(28, 0xfc, 0xff, 0xff, 0xff)))).toBe('image.badSegment');
    expect(codeOf(() => parseImage(bad(28, 0xfc, 0xff, 0xff, 0)))).toBe('image.truncated');
  });
});

describe('signatures', () => {
  it('finds up to three blocks of version 2 and checks CRC and digest of each', () => {
    const image = makeApp();
    const signed = withSignatureV2(image, { count: 3 });
    const { signature, imageLength } = parseImage(signed);
    expect(imageLength).toBe(image.length);
    expect(signature).toMatchObject({ scheme: 'rsa-v2', count: 3, offset: 4096, signedLength: 8192 });
    expect(signature?.blocks.every((block) => block.crcIsValid && block.digestMatches)).toBe(true);
  });

  it('notices a block that was changed and an image that was changed under it', () => {
    const signed = withSignatureV2(makeApp(), { version: 3 });
    signed.writeUInt8(0, 4096 + 100);
    expect(parseImage(signed).signature).toMatchObject({
      scheme: 'ecdsa-v2',
      blocks: [{ crcIsValid: false, digestMatches: true }],
    });
    const other = withSignatureV2(makeApp(), {});
    other.writeUInt8(1, 3000);
    expect(parseImage(other).signature?.blocks).toEqual([{ offset: 4096, crcIsValid: true, digestMatches: false }]);
  });

  it('takes SHA-384 in blocks of 384-bit keys', () => {
    const signed = withSignatureV2(makeApp(), { version: 3, sha384: true });
    expect(parseImage(signed).signature?.blocks).toEqual([{ offset: 4096, crcIsValid: true, digestMatches: true }]);
  });

  it('recognises version 1 by its place at the end of the file', () => {
    const image = makeApp();
    const block = Buffer.concat([Buffer.alloc(4), createHash('sha512').update('r and s').digest()]);
    expect(parseImage(Buffer.concat([image, block])).signature).toMatchObject({ scheme: 'ecdsa-v1', count: 1 });
    expect(parseImage(Buffer.concat([image, Buffer.alloc(68)])).signature).toBeUndefined();
  });
});
