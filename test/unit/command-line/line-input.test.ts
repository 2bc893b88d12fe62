import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineInput } from '../../../src/command-line/board/line-input.ts';

describe('a line that is typed key by key', () => {
  it('is what stood there when Enter was pressed', () => {
    const line = new LineInput('URL: ', 'https://old');
    expect(line.shown()).toBe('\r\u001b[KURL: https://old');
    expect(line.push('\u0015https://pc')).toEqual({ kind: 'typing' });
    expect(line.push('\u007f\u007fnew 版本é')).toEqual({ kind: 'typing' });
    expect(line.push('\u007f')).toEqual({ kind: 'typing' });
    expect(line.shown()).toBe('\r\u001b[KURL: https://new 版本');
    expect(line.push('\rrest')).toEqual({ kind: 'entered', text: 'https://new 版本' });
  });

  it('loses its last word with Ctrl+W, and knows no arrows', () => {
    const line = new LineInput('');
    line.push('one two\u0017');
    line.push('\u001b[D');
    line.push('\u001bOA');
    expect(line.push('\n')).toEqual({ kind: 'entered', text: 'one ' });
  });

  it('is left with Escape, Ctrl+], Ctrl+C, and with Ctrl+D where nothing stands', () => {
    expect(new LineInput('').push('\u001b')).toEqual({ kind: 'left', key: 'escape' });
    expect(new LineInput('').push('a\u001d')).toEqual({ kind: 'left', key: 'escape' });
    expect(new LineInput('').push('a\u0003')).toEqual({ kind: 'left', key: 'interrupt' });
    expect(new LineInput('').push('\u0004')).toEqual({ kind: 'left', key: 'interrupt' });
    expect(new LineInput('', 'a').push('\u0004')).toEqual({ kind: 'typing' });
  });

  it('is drawn over what it took before, where it is longer than the terminal is wide', () => {
    const line = new LineInput('\u001b[1mFirmware URL\u001b[22m: ');
    expect(line.shown(20)).toMatch(/^\r\u001b\[K/);
    line.push('123456');
    // 20 columns are one row, the cursor waits behind the last
    line.shown(20);
    line.push('7');
    expect(line.shown(20)).toMatch(/^\r\u001b\[K/);
    line.push('8');
    expect(line.shown(20)).toMatch(/^\r\u001b\[1A\u001b\[J.*: 12345678$/);
    // wide letters are not cut in two: 19 columns, two of the 20th row's
    line.push('\u001512345版本');
    line.shown(20);
    line.push('\u0015');
    expect(line.shown(20)).toMatch(/^\r\u001b\[1A\u001b\[J/);
    expect(line.shown(20)).toMatch(/^\r\u001b\[K/);
  });

  it('never has anything that acts on the terminal in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (keys) => {
        const line = new LineInput('');
        line.push(keys);
        return !/[\u0000-\u001f]/.test(line.shown().slice(4));
      }),
    );
  });
});
