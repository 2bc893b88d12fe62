import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MOST_SAMPLES, stallsOf, withSample, type DownloadSample } from '../../../src/ota/download-samples.ts';

function collect(all: Iterable<DownloadSample>): readonly DownloadSample[] {
  let samples: readonly DownloadSample[] = [];
  for (const sample of all) samples = withSample(samples, sample);
  return samples;
}

describe('the samples of a download', () => {
  it('are all kept while they are few', () => {
    const all = [0, 10, 500, 510].map((atMs) => ({ atMs, bytes: atMs }));
    expect(collect(all)).toEqual(all);
  });

  it('stay bounded, even, and whole at both ends, however many come', () => {
    const all = Array.from({ length: 100_000 }, (_, index) => ({ atMs: index * 7, bytes: index * 100 }));
    const samples = collect(all);
    expect(samples.length).toBeLessThanOrEqual(MOST_SAMPLES);
    expect(samples.length).toBeGreaterThan(MOST_SAMPLES / 4);
    expect(samples[0]).toEqual(all[0]);
    expect(samples.at(-1)).toEqual(all.at(-1));
    const gaps = samples.slice(1).map((sample, index) => sample.atMs - (samples[index]?.atMs ?? 0));
    expect(Math.max(...gaps)).toBeLessThanOrEqual((4 * 700_000) / MOST_SAMPLES);
  });

  it('keep both ends of a stall', () => {
    const before = Array.from({ length: 1000 }, (_, index) => ({ atMs: index, bytes: index }));
    const after = Array.from({ length: 1000 }, (_, index) => ({ atMs: 60_000 + index, bytes: 1000 + index }));
    const samples = collect([...before, ...after]);
    const stall = samples.findIndex((sample, index) => (samples[index + 1]?.atMs ?? 0) - sample.atMs > 50_000);
    expect(samples[stall]?.bytes).toBeGreaterThan(900);
    expect(samples[stall + 1]?.bytes).toBeLessThan(2000);
  });

  it('of any download are in order, and some of those that came', () => {
    const steps = fc.array(fc.record({ ms: fc.nat(5000), bytes: fc.nat(5000) }), { maxLength: 600 });
    fc.assert(
      fc.property(steps, (all) => {
        let [atMs, bytes] = [0, 0];
        const came = all.map((step) => ({ atMs: (atMs += step.ms), bytes: (bytes += step.bytes) }));
        const samples = collect(came);
        expect(samples.length).toBeLessThanOrEqual(MOST_SAMPLES);
        expect(samples.at(-1)).toEqual(came.at(-1));
        let from = 0;
        for (const sample of samples) {
          from = came.findIndex(
            (one, index) => index >= from && one.atMs === sample.atMs && one.bytes === sample.bytes,
          );
          expect(from).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });
});

describe('the stalls of a download', () => {
  const steady = (fromMs: number, toMs: number, bytes: number): DownloadSample[] =>
    Array.from({ length: (toMs - fromMs) / 100 }, (_, index) => ({
      atMs: fromMs + index * 100,
      bytes: bytes + index * 1000,
    }));

  it('are where nothing came for a second or more', () => {
    const samples = [...steady(0, 3000, 0), ...steady(8000, 9000, 30_000)];
    expect(stallsOf(samples)).toEqual([{ fromMs: 2900, toMs: 8000 }]);
  });

  it('are none in a steady download, however slow it is', () => {
    expect(stallsOf(steady(0, 60_000, 0))).toEqual([]);
    expect(stallsOf([0, 5000, 10_000].map((atMs) => ({ atMs, bytes: atMs })))).toEqual([]);
  });

  it('are one when progress was told in between without any bytes', () => {
    const samples = [
      { atMs: 0, bytes: 0 },
      { atMs: 100, bytes: 1000 },
      { atMs: 700, bytes: 1000 },
      { atMs: 1400, bytes: 1000 },
    ];
    expect(stallsOf([...samples, { atMs: 1500, bytes: 2000 }])).toEqual([{ fromMs: 100, toMs: 1400 }]);
  });

  it('are none where there is nothing to see', () => {
    expect(stallsOf([])).toEqual([]);
    expect(stallsOf([{ atMs: 5, bytes: 0 }])).toEqual([]);
  });
});
