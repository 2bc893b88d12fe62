import { describe, expect, it } from 'vitest';
import { updateSeveral } from '../../../src/ota/canary.ts';
import { startTimeline } from '../../../src/ota/timeline.ts';
import type { Timeline, Verdict } from '../../../src/ota/update-state.ts';
import { PLAIN_SUBJECT } from '../../support/plain-subject.ts';

const CONFIRMED: Verdict = { outcome: 'confirmed' };
const ROLLED_BACK: Verdict = {
  outcome: 'rolledBack',
  failure: { step: 'confirmed', cause: 'crashed', evidence: { source: 'console', text: '' } },
};
const FAILED: Verdict = { ...ROLLED_BACK, outcome: 'failed' };

const BOARDS = ['a', 'b', 'c', 'd'].map((id) => ({ id, name: id.toUpperCase() }));

/** Runs with a verdict for each board, and says who was told, in order, and how many at once. */
async function run(
  verdicts: Readonly<Record<string, Verdict>>,
  options: { isCanary: boolean; atOnce?: number; signal?: AbortSignal },
) {
  const told: string[] = [];
  let busy = 0;
  let most = 0;
  const held = await updateSeveral({
    boards: BOARDS,
    signal: new AbortController().signal,
    ...options,
    update: async ({ id }): Promise<Timeline> => {
      told.push(id);
      busy += 1;
      most = Math.max(most, busy);
      await new Promise((resolve) => setImmediate(resolve));
      busy -= 1;
      return { ...startTimeline(PLAIN_SUBJECT, 0), verdict: verdicts[id] ?? CONFIRMED };
    },
  });
  return { held, told, most };
}

describe('several boards', () => {
  it('are told all at once without a canary, whatever becomes of any', async () => {
    expect(await run({ a: ROLLED_BACK }, { isCanary: false })).toEqual({
      held: undefined,
      told: ['a', 'b', 'c', 'd'],
      most: 4,
    });
  });

  it('wait for the canary, then go side by side', async () => {
    const { held, told, most } = await run({}, { isCanary: true, atOnce: 2 });
    expect({ held, told, most }).toEqual({ held: undefined, told: ['a', 'b', 'c', 'd'], most: 2 });
  });

  it.each([
    ['rolled back', ROLLED_BACK, { outcome: 'rolledBack', cause: 'crashed' }],
    ['failed', FAILED, { outcome: 'failed', cause: 'crashed' }],
    ['was not confirmed', { outcome: 'delivered', isRollbackEnabled: true } as const, { outcome: 'delivered' }],
    ['was cancelled', { outcome: 'cancelled', during: 'download' } as const, { outcome: 'cancelled' }],
  ])('are held back when the canary %s', async (_name, verdict, because) => {
    const { held, told } = await run({ a: verdict }, { isCanary: true });
    expect(told).toEqual(['a']);
    expect(held?.boards.map((one) => one.id)).toEqual(['b', 'c', 'd']);
    expect(held?.because).toEqual({ id: 'a', name: 'A', ...because });
  });

  it('stop at the first rollback behind the canary; a failure of one does not stop the others', async () => {
    const { held, told } = await run({ b: FAILED, c: ROLLED_BACK }, { isCanary: true, atOnce: 1 });
    expect(told).toEqual(['a', 'b', 'c']);
    expect(held).toEqual({
      boards: [{ id: 'd', name: 'D' }],
      because: { id: 'c', name: 'C', outcome: 'rolledBack', cause: 'crashed' },
    });
  });

  it('hold nobody back when the last one rolls back', async () => {
    expect((await run({ d: ROLLED_BACK }, { isCanary: true, atOnce: 1 })).held).toBeUndefined();
  });

  it('are not told any more once it was called off', async () => {
    const stop = new AbortController();
    stop.abort();
    expect((await run({}, { isCanary: true, signal: stop.signal })).told).toEqual(['a']);
  });
});
