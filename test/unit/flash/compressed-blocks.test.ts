import { createHash } from 'node:crypto';
import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { compressAhead, compressRun } from '../../../src/flash/compressed-blocks.ts';

const BLOCK = 0x4000;

/** Bytes that do not compress, the same every time. */
function noise(lengthBytes: number): Uint8Array {
  const blocks = Array.from({ length: Math.ceil(lengthBytes / 32) }, (_, index) =>
    createHash('sha256').update(String(index)).digest(),
  );
  return Uint8Array.from(Buffer.concat(blocks).subarray(0, lengthBytes));
}

describe('compressed blocks', () => {
  it('are one stream of the image, with the place each reaches', async () => {
    const image = Buffer.concat([noise(100_000), Buffer.alloc(200_000), noise(50_000)]);
    const { blocks, compressedBytes } = await compressRun(image, BLOCK);
    const stream = Buffer.concat(blocks.map(({ bytes }) => bytes));
    expect(stream.length).toBe(compressedBytes);
    expect(inflateSync(stream).equals(image)).toBe(true);
    expect(blocks.at(-1)?.unpackedEnd).toBe(image.length);
    const ends = blocks.map(({ unpackedEnd }) => unpackedEnd);
    expect(ends).toEqual([...ends].sort((one, other) => one - other));
    expect(blocks.every(({ bytes }) => bytes.length <= BLOCK)).toBe(true);
  });

  it('end in a block that has bytes of the image, however long the stream is', async () => {
    for (let more = 0; more < 80; more++) {
      const { blocks } = await compressRun(noise(2 * BLOCK - 60 + more), BLOCK);
      expect(blocks.at(-1)?.bytes.length).toBeGreaterThanOrEqual(64);
      expect(blocks.at(-1)?.unpackedEnd).toBeGreaterThan(blocks.at(-2)?.unpackedEnd ?? 0);
    }
  });

  it('are the same when begun ahead', async () => {
    const image = noise(30_000);
    const before = await compressRun(image, BLOCK);
    compressAhead(image);
    compressAhead(image);
    expect(await compressRun(image, BLOCK)).toEqual(before);
  });
});
