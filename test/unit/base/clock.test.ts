import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';

const DAY_MS = 24 * 3600 * 1000;

describe("the computer's clock", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('waits longer than a single timer of Node can', () => {
    let runs = 0;
    systemClock.after(60 * DAY_MS, () => (runs += 1));
    vi.advanceTimersByTime(60 * DAY_MS - 1);
    expect(runs).toBe(0);
    vi.advanceTimersByTime(1);
    expect(runs).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('can be called off at any time of a long wait', () => {
    const waiting = systemClock.after(60 * DAY_MS, () => {
      throw new Error('was called off');
    });
    vi.advanceTimersByTime(30 * DAY_MS);
    waiting.dispose();
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([Infinity, NaN])('refuses to wait for %s', (delayMs) => {
    expect(() => systemClock.after(delayMs, () => undefined)).toThrow(RangeError);
  });
});
