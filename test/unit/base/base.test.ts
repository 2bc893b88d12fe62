import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sleep, throwIfCancelled, unlessCancelled, withDeadline } from '../../../src/base/abort.ts';
import { ByteReader } from '../../../src/base/byte-reader.ts';
import type { Clock } from '../../../src/base/clock.ts';
import { DisposableStore, toDisposable } from '../../../src/base/disposable.ts';
import { Emitter } from '../../../src/base/emitter.ts';
import { isOtaError, OtaError, systemCode } from '../../../src/base/ota-error.ts';

/** A clock whose time passes when it is told to. */
function handClock(): Clock & { pass(ms: number): void; readonly pending: number } {
  let nowMs = 0;
  const timers = new Set<{ atMs: number; run: () => void }>();
  return {
    now: () => nowMs,
    after: (delayMs, run) => {
      const timer = { atMs: nowMs + delayMs, run };
      timers.add(timer);
      return toDisposable(() => timers.delete(timer));
    },
    pass: (ms) => {
      nowMs += ms;
      for (const timer of [...timers]) {
        if (timer.atMs > nowMs) continue;
        timers.delete(timer);
        timer.run();
      }
    },
    get pending() {
      return timers.size;
    },
  };
}

describe('byte reader', () => {
  const reader = new ByteReader(Uint8Array.of(0x01, 0x02, 0x03, 0xff, 0xff, 0xff, 0xff, 0x41, 0x42, 0x00, 0x43));

  it('reads unsigned little-endian values at any offset', () => {
    expect(reader.u8(3)).toBe(0xff);
    expect(reader.u16(1)).toBe(0x0302);
    expect(reader.u32(3)).toBe(0xffffffff);
    expect(reader.text(7, 4)).toBe('AB');
    expect([...reader.slice(7, 2)]).toEqual([0x41, 0x42]);
  });

  it('reads inside the bytes it was given only, or says where they end', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 16 }),
        fc.integer({ min: -4, max: 20 }),
        fc.integer({ min: -2, max: 20 }),
        (bytes, offset, length) => {
          const fits = offset >= 0 && length >= 0 && offset + length <= bytes.length;
          const within = new ByteReader(bytes.subarray(0));
          if (fits) expect(within.slice(offset, length)).toEqual(bytes.subarray(offset, offset + length));
          else expect(() => within.slice(offset, length)).toThrow(OtaError);
        },
      ),
    );
  });

  it('names the offset of a read past the end', () => {
    expect(() => reader.u32(9)).toThrow(
      expect.objectContaining({
        code: 'bytes.truncated',
        details: { offsetBytes: 9, neededBytes: 4, availableBytes: 2 },
      }),
    );
    expect(() => reader.u8(0.5)).toThrow(OtaError);
  });
});

describe('disposables', () => {
  it('are ended in reverse order, once, and at once when they come too late', () => {
    const ended: string[] = [];
    const store = new DisposableStore();
    for (const name of ['a', 'b']) store.add(toDisposable(() => ended.push(name)));
    store.dispose();
    store.dispose();
    store.add(toDisposable(() => ended.push('late')));
    expect(ended).toEqual(['b', 'a', 'late']);
  });

  it('are all ended even when one of them fails', () => {
    const ended: string[] = [];
    const store = new DisposableStore();
    store.add(toDisposable(() => ended.push('first')));
    store.add({
      dispose: () => {
        throw new Error('stuck');
      },
    });
    expect(() => {
      store.dispose();
    }).toThrow('stuck');
    expect(ended).toEqual(['first']);
  });
});

describe('emitter', () => {
  it('fires at every listener though one fails, and no more after it is gone', () => {
    const emitter = new Emitter<number>();
    const heard: number[] = [];
    const first = emitter.event(() => {
      throw new Error('deaf');
    });
    const second = emitter.event((value) => heard.push(value));
    expect(() => {
      emitter.fire(1);
    }).toThrow('deaf');
    first.dispose();
    emitter.fire(2);
    second.dispose();
    emitter.fire(3);
    expect(heard).toEqual([1, 2]);
  });

  it('does not fire at a listener that another one has just removed', () => {
    const emitter = new Emitter<undefined>();
    let heard = 0;
    const remove: { run?: () => void } = {};
    emitter.event(() => {
      remove.run?.();
    });
    const late = emitter.event(() => (heard += 1));
    remove.run = () => {
      late.dispose();
    };
    emitter.fire(undefined);
    expect(heard).toBe(0);
  });
});

describe('time and cancellation', () => {
  it('waits as long as the clock says, and leaves no timer behind', async () => {
    const clock = handClock();
    const waiting = sleep(100, undefined, clock);
    clock.pass(100);
    await waiting;
    expect(clock.pending).toBe(0);
  });

  it('stops waiting when cancelled', async () => {
    const clock = handClock();
    const stop = new AbortController();
    const waiting = sleep(100, stop.signal, clock);
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
    expect(clock.pending).toBe(0);
    await expect(sleep(1, stop.signal, clock)).rejects.toMatchObject({ code: 'cancelled' });
    expect(() => {
      throwIfCancelled(stop.signal, 'x');
    }).toThrow(OtaError);
  });

  it('gives the value, the time-out or the cancellation, whichever is first', async () => {
    const clock = handClock();
    await expect(withDeadline(Promise.resolve(7), 100, 'x', undefined, clock)).resolves.toBe(7);
    expect(clock.pending).toBe(0);
    const never = new Promise<never>(() => undefined);
    const late = withDeadline(never, 100, 'answer', undefined, clock);
    clock.pass(100);
    await expect(late).rejects.toMatchObject({ code: 'timeout', details: { what: 'answer', afterMs: 100 } });
    const stop = new AbortController();
    const cancelled = withDeadline(never, 100, 'answer', stop.signal, clock);
    stop.abort();
    await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' });
    expect(clock.pending).toBe(0);
  });
});

describe('what can not be ended', () => {
  it('is waited for until it is given up, and its answer counts for nothing then', async () => {
    const stop = new AbortController();
    await expect(unlessCancelled(Promise.resolve(7), 'x', stop.signal)).resolves.toBe(7);
    await expect(unlessCancelled(Promise.reject(new Error('why')), 'x', stop.signal)).rejects.toThrow('why');
    let answer: (value: number) => void = () => undefined;
    const question = new Promise<number>((resolve) => {
      answer = resolve;
    });
    const given = unlessCancelled(question, 'bump', stop.signal);
    stop.abort();
    await expect(given).rejects.toMatchObject({ code: 'cancelled', details: { what: 'bump' } });
    answer(1);
    await expect(unlessCancelled(question, 'bump', stop.signal)).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('may fail unheard when nobody waits for it any more', async () => {
    const unheard: unknown[] = [];
    const hear = (reason: unknown): void => {
      unheard.push(reason);
    };
    process.on('unhandledRejection', hear);
    try {
      const work = Promise.reject(new Error('too late'));
      await expect(unlessCancelled(work, 'x', AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' });
      // told behind the promises that are due
      await new Promise((resolve) => setImmediate(resolve));
      expect(unheard).toEqual([]);
    } finally {
      process.off('unhandledRejection', hear);
    }
  });
});

describe('coded errors', () => {
  it('carry their code, details that can not change, and their cause', () => {
    const cause = new Error('why');
    const error = new OtaError('timeout', { what: 'x', afterMs: 5 }, { cause });
    expect(isOtaError(error, 'timeout')).toBe(true);
    expect(isOtaError(error, 'cancelled')).toBe(false);
    expect(error.cause).toBe(cause);
    expect(Object.isFrozen(error.details)).toBe(true);
    expect(systemCode(Object.assign(new Error(), { code: 'EACCES' }))).toBe('EACCES');
    expect(systemCode(new Error())).toBeUndefined();
    expect(systemCode('text')).toBeUndefined();
  });
});
