import { describe, expect, it } from 'vitest';
import { duration, pattern } from '../../../src/command-line/board/duration.ts';
import { table } from '../../../src/command-line/table.ts';
import { UsageError } from '../../../src/command-line/usage-error.ts';

describe('a time on the command line', () => {
  it.each([
    ['500ms', 500],
    ['10s', 10_000],
    ['10', 10_000],
    ['1.5s', 1500],
    ['2m', 120_000],
    ['1h', 3_600_000],
  ])('%s is %d ms', (text, ms) => {
    expect(duration(() => '').read([text], 'for')).toBe(ms);
  });

  it.each(['', '0s', 'soon', '-1s', '1d', '25h', '1e9s'])('“%s” is none', (text) => {
    expect(() => duration(() => '').read([text], 'for')).toThrow(UsageError);
  });

  it('may be left out', () => {
    expect(duration(() => '').read([], 'for')).toBeUndefined();
  });
});

describe('a pattern on the command line', () => {
  it('is a regular expression, or an error that says what is wrong with it', () => {
    expect(
      pattern(() => '')
        .read(['got \\w+'], 'until')
        ?.test('I got it'),
    ).toBe(true);
    expect(() => pattern(() => '').read(['('], 'until')).toThrow(/--until \(: /);
  });
});

describe('a table', () => {
  it('has columns as wide as their widest cell, colours and Chinese counted as they are seen, and no empty ones', () => {
    const rows = [
      ['\u001b[32m▶\u001b[39m', 'ota_0', '', '版本'],
      [' ', 'factory', '', 'x', '!'],
    ];
    expect(table(rows)).toEqual(['\u001b[32m▶\u001b[39m  ota_0    版本', '   factory  x     !']);
    expect(table([])).toEqual([]);
  });
});
