import { describe, expect, it } from 'vitest';
import { WrittenValue } from '../../../src/base/written-value.ts';

/** A value in a store whose writes end when they are told to, and what was heard of it. */
function stored() {
  let kept = 'before';
  const ends: ((error?: Error) => void)[] = [];
  const heard: string[] = [];
  const value = new WrittenValue<string>(
    {
      read: () => kept,
      write: (written) =>
        new Promise((resolve, reject) => {
          ends.push((error) => {
            if (error === undefined) {
              kept = written;
              resolve();
            } else reject(error);
          });
        }),
    },
    () => heard.push(value.value),
  );
  return {
    value,
    heard,
    end: (index: number, error?: Error) => ends[index]?.(error),
    keep: (it: string) => (kept = it),
  };
}

describe('a value that is being written', () => {
  it('counts at once, and is the one that is kept afterwards', async () => {
    const { value, heard, end, keep } = stored();
    const set = value.set('new');
    expect([value.value, heard]).toEqual(['new', ['new']]);
    end(0);
    await set;
    expect([value.value, heard]).toEqual(['new', ['new', 'new']]);
    keep('by somebody else');
    expect(value.value).toBe('by somebody else');
  });

  it('counts no longer when it could not be written', async () => {
    const { value, heard, end } = stored();
    const set = value.set('new');
    end(0, new Error('read-only'));
    await expect(set).rejects.toThrow('read-only');
    expect([value.value, heard]).toEqual(['before', ['new', 'before']]);
  });

  it('is the one that was set last, whichever is written first', async () => {
    const { value, end } = stored();
    const sets = [value.set('first'), value.set('second')];
    expect(value.value).toBe('second');
    end(0);
    await sets[0];
    expect(value.value).toBe('second');
    end(1);
    await sets[1];
    expect(value.value).toBe('second');
  });

  it('can be empty', () => {
    const { value } = stored();
    void value.set('');
    expect(value.value).toBe('');
  });
});
