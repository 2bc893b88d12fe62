import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRange } from '../../../src/server/range.ts';

describe('a Range header', () => {
  it.each([
    ['bytes=0-0', { start: 0, end: 1 }],
    ['bytes=0-16383', { start: 0, end: 1000 }],
    ['bytes=200-299', { start: 200, end: 300 }],
    ['bytes=999-1000', { start: 999, end: 1000 }],
    ['bytes=400-', { start: 400, end: 1000 }],
    ['bytes=0-', { start: 0, end: 1000 }],
    ['bytes=-1', { start: 999, end: 1000 }],
    ['bytes=-5000', { start: 0, end: 1000 }],
    ['BYTES= 5-6 ', { start: 5, end: 7 }],
    [`bytes=1-${'9'.repeat(60)}`, { start: 1, end: 1000 }],
  ])('%s of 1000 bytes is clamped to what there is', (header, expected) => {
    expect(parseRange(header, 1000)).toEqual(expected);
  });

  it.each(['bytes=1000-', 'bytes=1000-1001', 'bytes=-0', `bytes=${'9'.repeat(60)}-`])(
    '%s of 1000 bytes cannot be satisfied',
    (header) => {
      expect(parseRange(header, 1000)).toBe('unsatisfiable');
    },
  );

  it.each([
    'bytes=0-1,5-6',
    'bytes=5-4',
    'bytes=-',
    'bytes=a-b',
    'bytes=',
    'items=0-1',
    'bytes 0-1',
    '',
    'bytes=0x1-2',
  ])('"%s" is ignored', (header) => {
    expect(parseRange(header, 1000)).toBeUndefined();
  });

  it('gives a range within the bytes, or none, for any text', () => {
    const text = fc.oneof(
      fc.string(),
      fc.string().map((tail) => `bytes=${tail}`),
      fc.stringMatching(/^bytes=\d{0,20}-\d{0,20}$/),
    );
    fc.assert(
      fc.property(text, fc.nat(), (header, totalBytes) => {
        const range = parseRange(header, totalBytes);
        if (typeof range !== 'object') return;
        expect(range.start).toBeGreaterThanOrEqual(0);
        expect(range.end).toBeGreaterThan(range.start);
        expect(range.end).toBeLessThanOrEqual(totalBytes);
      }),
      { numRuns: Number(process.env['ESP32_OTA_FUZZ_RUNS'] ?? 2000) },
    );
  });
});
