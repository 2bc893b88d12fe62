import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  appendSignature,
  assemble,
  BUILT_IN_TABLES,
  CHIPS,
  makeAppImage,
  makeBootloaderImage,
  makeOtadata,
  makePartitionTable,
  mergeFlash,
  resealImage,
  type ImageSegment,
} from '../../support/firmware.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** An independent walk over an image, with nothing of the generator's. */
function walk(image: Uint8Array): { segments: (ImageSegment & { offset: number })[]; end: number } {
  const buffer = Buffer.from(image);
  const segments = [];
  let at = 24;
  for (let left = buffer.readUInt8(1); left > 0; left--) {
    const length = buffer.readUInt32LE(at + 4);
    segments.push({ address: buffer.readUInt32LE(at), data: image.subarray(at + 8, at + 8 + length), offset: at + 8 });
    at += 8 + length;
  }
  return { segments, end: at };
}

describe('application images', () => {
  for (const [target, chip] of Object.entries(CHIPS)) {
    it(`of the ${target} have checksum, digest and mapped segments in the right place`, () => {
      for (const totalSizeBytes of [1024, 8192, 128 * 1024, 512 * 1024 + 16, 912 * 1024]) {
        const image = makeAppImage({ target, totalSizeBytes });
        expect(image.length).toBe(totalSizeBytes);
        const { segments, end } = walk(image);
        let checksum = 0xef;
        for (const segment of segments) for (const byte of segment.data) checksum ^= byte;
        expect(image[end | 15]).toBe(checksum);
        expect(Buffer.from(image.subarray(-32)).toString('hex')).toBe(sha256(image.subarray(0, -32)));
        const mapped = segments.filter(({ address }) =>
          [chip.drom, chip.irom].some((base) => address >= base && address < base + 0x400000),
        );
        expect(mapped.length).toBe(2);
        for (const { address, offset } of mapped) expect(offset % 0x10000).toBe(address % 0x10000);
        expect(segments.length).toBeLessThanOrEqual(16);
      }
    });
  }

  it('carry the description where the device reads it', () => {
    const image = Buffer.from(
      makeAppImage({
        version: '2.3.4',
        projectName: 'p',
        secureVersion: 7,
        elfSha256: 'ab'.repeat(32),
        spiFlashMode: 2,
      }),
    );
    expect(image.readUInt32LE(32)).toBe(0xabcd5432);
    expect(image.readUInt32LE(36)).toBe(7);
    expect(image.toString('latin1', 48, 54)).toBe('2.3.4\0');
    expect(image.toString('latin1', 80, 82)).toBe('p\0');
    expect(image.toString('hex', 176, 208)).toBe('ab'.repeat(32));
    expect(image[212]).toBe(16);
    expect(image[213]).toBe(2);
  });

  it('cut a version at 31 bytes', () => {
    const image = Buffer.from(makeAppImage({ version: 'v'.repeat(40) }));
    expect(image.toString('latin1', 48, 80)).toBe(`${'v'.repeat(31)}\0`);
  });

  it('hold embedded text files with a NUL behind them', () => {
    const image = Buffer.from(
      makeAppImage({ embeddedFiles: [{ content: 'first' }, { content: 'raw', isText: false }] }),
    );
    expect(image.includes('first\0raw')).toBe(true);
  });

  it('change only in one piece of code, the trailer and the ELF digest when that piece changes', () => {
    const make = (seed: string): Uint8Array =>
      makeAppImage({ seed: 'same', totalSizeBytes: 400 * 1024, code: [{ seed, sizeBytes: 2048 }] });
    const [a, b] = [make('one'), make('two')];
    const changed = [...a.keys()].filter((at) => a[at] !== b[at]);
    expect(changed.length).toBeGreaterThan(1000);
    expect(changed.length).toBeLessThan(2048 + 33);
  });

  it('may leave out digest, description and limits', () => {
    const image = makeAppImage({ hashAppended: false, hasDescription: false });
    expect(image[23]).toBe(0);
    expect(Buffer.from(image).readUInt32LE(32)).not.toBe(0xabcd5432);
    expect(image.length % 16).toBe(0);
  });

  it('are right again after a change and a reseal', () => {
    const image = makeAppImage();
    image[40000] = (image[40000] ?? 0) ^ 0xff;
    expect(Buffer.from(image.subarray(-32)).toString('hex')).not.toBe(sha256(image.subarray(0, -32)));
    resealImage(image);
    expect(Buffer.from(image.subarray(-32)).toString('hex')).toBe(sha256(image.subarray(0, -32)));
  });

  it('refuse a size that cannot be', () => {
    expect(() => makeAppImage({ totalSizeBytes: 1000 })).toThrow(RangeError);
    expect(() => makeAppImage({ totalSizeBytes: 320 })).toThrow(RangeError);
  });
});

describe('the other files', () => {
  it('a bootloader has its own description', () => {
    const image = Buffer.from(makeBootloaderImage({ target: 'esp32c3', idfVersion: 'v6.0.2' }));
    expect(image[32]).toBe(0x50);
    expect(image.toString('latin1', 40, 47)).toBe('v6.0.2\0');
    expect(image.length).toBeLessThanOrEqual(0x8000);
  });

  it('partition tables are those of gen_esp32part.py', () => {
    const digests = {
      'partitions_singleapp.csv': '7f00b6c042a89b15b0cac534f82ed988caf29278ff5700b0c511eb1b5bb7c820',
      'partitions_singleapp_large.csv': '5295e8c42d6fb5f95e4e8a185932c6191d27cfc5078322475347e40e71af815a',
      'partitions_two_ota.csv': 'd1c0e9d02fa9d26cd2e1984e7b5dd20157204f501ddc83ce82229e5f3175ee8b',
      'partitions_two_ota_large.csv': '41d8ef7960bf03647249e26ca1ace2b8d35f317a87f6c2ff5bc9f4bdbdbf602b',
    };
    expect(Object.keys(BUILT_IN_TABLES)).toEqual(Object.keys(digests));
    for (const [file, digest] of Object.entries(digests)) expect(sha256(makePartitionTable(file))).toBe(digest);
  });

  it('otadata entries have the bytes a device writes', () => {
    const otadata = Buffer.from(makeOtadata({ sequence: 1 }, { sequence: 2, state: 'new' }));
    expect(otadata.toString('hex', 0, 32)).toBe(`01000000${'ff'.repeat(24)}9a984347`);
    expect(otadata.toString('hex', 0x1000, 0x1020)).toBe(`02000000${'ff'.repeat(20)}000000007437f655`);
    expect(sha256(makeOtadata())).toBe('7d2c7ac4888bfd75cd5f56e8d61f69595121183afc81556c876732fd3782c62f');
  });

  it('a merged image has its parts at their offsets', () => {
    const flash = mergeFlash([{ offset: 0x1000, bytes: Uint8Array.of(1, 2) }], { sizeBytes: 0x2000 });
    expect([flash.length, flash[0xfff], flash[0x1000], flash[0x1002]]).toEqual([0x2000, 0xff, 1, 0xff]);
    expect(mergeFlash([{ offset: 0x1000, bytes: Uint8Array.of(1) }], { startOffset: 0x1000 })).toEqual(
      Uint8Array.of(1),
    );
  });

  it('a version 2 signature is a sector of its own behind the padded image', () => {
    const image = makeAppImage({ totalSizeBytes: 8192 - 512 });
    const signed = appendSignature(image, 'rsa-v2', 2);
    expect(signed.length).toBe(8192 + 4096);
    expect([signed[8192], signed[8193], signed[8192 + 1216], signed[8192 + 2 * 1216]]).toEqual([0xe7, 2, 0xe7, 0xff]);
    expect(Buffer.from(signed.subarray(8196, 8228)).toString('hex')).toBe(sha256(signed.subarray(0, 8192)));
    expect(appendSignature(image, 'ecdsa-v1').length).toBe(image.length + 68);
  });
});

describe('real images', () => {
  const corpus = process.env['ESP32_OTA_CORPUS'];
  it(
    corpus === undefined
      ? 'no corpus'
      : 'come out the same, byte for byte, when they are assembled from their segments',
    () => {
      if (corpus === undefined) return;
      const folder = join(corpus, 'images');
      const names = readFileSync(join(folder, 'facts.tsv'), 'utf8')
        .split('\n')
        .map((line) => line.split('\t'))
        .filter((row) => row[3] === 'image')
        .map((row) => row[0] ?? '');
      expect(names.length).toBeGreaterThan(0);
      for (const name of names) {
        const real = new Uint8Array(readFileSync(join(folder, name)));
        const again = assemble({}, walk(real).segments);
        again.set(real.subarray(0, 24));
        expect(sha256(resealImage(again)), name).toBe(sha256(real));
      }
    },
  );
});
