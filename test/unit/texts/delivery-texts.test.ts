import { describe, expect, it } from 'vitest';
import { WORK_IDS, type Delivery, type Work } from '../../../src/ota/delivery.ts';
import { deliveryText, workName } from '../../../src/texts/delivery-texts.ts';

const bump = (outcome: Work['outcome']): Work => ({ id: 'bump', outcome, startedMs: 1 });
const delivery = (more: Partial<Delivery>): Delivery => ({
  id: 'd',
  kind: 'delivery',
  project: 'blink',
  startedMs: 1,
  work: [],
  updates: [],
  ...more,
});

describe('work before a board is told', () => {
  it('is said as done once it is done, and not before', () => {
    expect(workName(bump('done'))).toBe('Version raised');
    for (const outcome of ['running', 'skipped', 'failed', 'cancelled'] as const)
      expect(workName(bump(outcome)), outcome).toBe('Raising the version');
    for (const id of WORK_IDS) expect(workName({ id, outcome: 'running' })).not.toBe(workName({ id, outcome: 'done' }));
  });

  it('is said in the same way of the delivery, as long as it goes on and where it was cancelled', () => {
    expect(deliveryText(delivery({ work: [bump('running')] }))).toBe('Raising the version');
    expect(deliveryText(delivery({ work: [bump('done')] }))).toBe('Version raised');
    const end = { kind: 'cancelled', at: 'bump' } as const;
    expect(deliveryText(delivery({ work: [bump('cancelled')], end }))).toBe('Cancelled during “Raising the version”');
  });
});
