import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesIn, changedRuns, mergedRuns } from '../../../src/flash/changed-runs.ts';

const SECTOR = 4096;
const changedAt = (image: Uint8Array, ...at: number[]): Uint8Array => {
  const next = image.slice();
  for (const index of at) next[index] = (next[index] ?? 0) ^ 1;
  return next;
};

describe('changed runs', () => {
  const image = new Uint8Array(10 * SECTOR + 100);

  it('are none for the same bytes', () => {
    expect(changedRuns(image, image.slice())).toEqual([]);
  });

  it('are the sectors that differ, joined over a gap of one', () => {
    expect(changedRuns(image, changedAt(image, 0))).toEqual([{ from: 0, end: SECTOR }]);
    expect(changedRuns(image, changedAt(image, 0, 2 * SECTOR))).toEqual([{ from: 0, end: 3 * SECTOR }]);
    expect(changedRuns(image, changedAt(image, 0, 3 * SECTOR))).toEqual([
      { from: 0, end: SECTOR },
      { from: 3 * SECTOR, end: 4 * SECTOR },
    ]);
  });

  it('end with the image', () => {
    expect(changedRuns(image, changedAt(image, image.length - 1))).toEqual([{ from: 10 * SECTOR, end: image.length }]);
  });

  it('have what the old image does not reach', () => {
    expect(changedRuns(image.subarray(0, 8 * SECTOR + 10), image)).toEqual([{ from: 8 * SECTOR, end: image.length }]);
    expect(changedRuns(image, image.subarray(0, 5000))).toEqual([]);
  });

  it('make the old image the new one', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(image.length - 1), { maxLength: 8 }), fc.nat(image.length), (at, oldLength) => {
        const next = changedAt(image, ...at);
        const old = image.slice(0, oldLength);
        const patched = new Uint8Array(next.length);
        patched.set(old);
        for (const { from, end } of changedRuns(old, next)) {
          expect(from % SECTOR).toBe(0);
          patched.set(next.subarray(from, end), from);
        }
        expect(Buffer.from(patched).equals(next)).toBe(true);
      }),
    );
  });

  it('count their bytes', () => {
    expect(bytesIn(mergedRuns([{ from: 0, end: 10 }]))).toBe(10);
  });
});
