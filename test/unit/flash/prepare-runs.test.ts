import { describe, expect, it } from 'vitest';
import type { Run } from '../../../src/flash/changed-runs.ts';
import { prepareRuns } from '../../../src/flash/prepare-runs.ts';
import type { RunToWrite } from '../../../src/flash/write-run.ts';

const RUNS: readonly Run[] = Array.from({ length: 30 }, (_, index) => ({
  from: index * 8192,
  end: index * 8192 + 4096,
}));

/** Prepares nothing, and counts. */
function counted(): { prepare: (run: Run) => Promise<RunToWrite>; atOnce: number; calls: number } {
  let running = 0;
  const count = {
    atOnce: 0,
    calls: 0,
    prepare: async ({ from, end }: Run): Promise<RunToWrite> => {
      count.calls += 1;
      count.atOnce = Math.max(count.atOnce, (running += 1));
      await Promise.resolve();
      running -= 1;
      return { name: 'storage', offset: from, bytes: new Uint8Array(end - from), compressed: undefined };
    },
  };
  return count;
}

describe('preparing runs', () => {
  it('is done a few at a time, and keeps their order', async () => {
    const count = counted();
    const prepared = await prepareRuns(RUNS, count.prepare);
    expect(prepared?.map(({ offset }) => offset)).toEqual(RUNS.map(({ from }) => from));
    expect(count.atOnce).toBe(4);
  });

  it('is given up when they come to too much', async () => {
    const count = counted();
    expect(await prepareRuns(RUNS, count.prepare, 4 * 4096 - 1)).toBeUndefined();
    expect(count.calls).toBe(4);
    expect(await prepareRuns(RUNS, count.prepare, 30 * 4096 - 1)).toBeUndefined();
    expect(await prepareRuns(RUNS, count.prepare, 30 * 4096)).toHaveLength(30);
  });

  it('is not begun when the round trips alone cost too much', async () => {
    const count = counted();
    expect(await prepareRuns(RUNS, count.prepare, -1)).toBeUndefined();
    expect(count.calls).toBe(0);
  });
});
