import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { axisSteps } from '../../../src/editor/panels/time-axis.ts';

describe('the axis of time', () => {
  it('has round moments, from its beginning', () => {
    expect(axisSteps(430, 6)).toEqual([0, 100, 200, 300, 400]);
    expect(axisSteps(3000, 6)).toEqual([0, 500, 1000, 1500, 2000, 2500, 3000]);
    expect(axisSteps(61_000, 6)).toEqual([0, 20_000, 40_000, 60_000]);
  });

  it('of no time at all is its beginning', () => {
    expect(axisSteps(0, 6)).toEqual([0]);
    expect(axisSteps(Number.NaN, 6)).toEqual([0]);
  });

  it('of any length has some moments, but never more than fit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e9 }), fc.integer({ min: 2, max: 12 }), (span, most) => {
        const steps = axisSteps(span, most);
        expect(steps.length).toBeGreaterThanOrEqual(2);
        expect(steps.length).toBeLessThanOrEqual(most + 1);
        expect(steps.at(-1)).toBeLessThanOrEqual(span * (1 + 1e-6));
      }),
    );
  });
});
