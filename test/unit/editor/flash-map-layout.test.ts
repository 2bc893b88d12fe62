import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { placeRows } from '../../../src/editor/webview/flash-map/layout.ts';

const heights = (rows: Parameters<typeof placeRows>[0], height: number, spare?: number): number[] =>
  placeRows(rows, height, spare).map((row) => Math.round(row.height));

describe('the rows of the flash map', () => {
  it('are to scale where all of them can be read', () => {
    const rows = [1, 2, 1].map((size) => ({ size, minimum: 10 }));
    expect(placeRows(rows, 400)).toEqual([
      { top: 0, height: 100, isEnlarged: false },
      { top: 100, height: 200, isEnlarged: false },
      { top: 300, height: 100, isEnlarged: false },
    ]);
  });

  it('get their minimum where they are too low, and the others share the rest to scale', () => {
    const rows = [4, 1000, 2000].map((size) => ({ size, minimum: 25 }));
    expect(heights(rows, 325)).toEqual([25, 100, 200]);
    expect(placeRows(rows, 325).map((row) => row.isEnlarged)).toEqual([true, false, false]);
  });

  it('are enlarged too when the rest leaves them too little', () => {
    // to scale the second would just be high enough, but not after the first was enlarged
    const rows = [1, 25, 74].map((size) => ({ size, minimum: 25 }));
    expect(heights(rows, 100)).toEqual([25, 25, 50]);
  });

  it('make the picture higher when the minimums need it, with room for those to scale', () => {
    const rows = [...Array.from({ length: 20 }, () => ({ size: 1, minimum: 30 })), { size: 10_000, minimum: 30 }];
    const places = placeRows(rows, 400, 100);
    expect(Math.round(places.at(-1)?.height ?? 0)).toBe(130);
  });

  it('have places without any bytes', () => {
    expect(heights([{ size: 0, minimum: 20 }], 100)).toEqual([20]);
    expect(placeRows([], 100)).toEqual([]);
  });

  it('of any table follow each other, each at least its minimum, the larger never lower than the smaller', () => {
    const rows = fc.array(fc.record({ size: fc.nat(0x1000000), minimum: fc.constant(26) }), { maxLength: 40 });
    fc.assert(
      fc.property(rows, (all) => {
        const places = placeRows(all, 560, 200);
        let bottom = 0;
        for (const [index, place] of places.entries()) {
          expect(place.top).toBeCloseTo(bottom, 6);
          expect(place.height).toBeGreaterThanOrEqual(26 - 1e-6);
          for (const [other, size] of all.map((one) => one.size).entries()) {
            if (size < (all[index]?.size ?? 0)) expect(places[other]?.height).toBeLessThanOrEqual(place.height + 1e-6);
          }
          bottom = place.top + place.height;
        }
      }),
      { numRuns: 300 },
    );
  });
});
