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
    const thrown = (text: string): string => {
      try {
        pattern(() => '').read([text], 'until');
      } catch (error) {
        return error instanceof UsageError ? error.message : String(error);
      }
      return '';
    };
    expect(['(', 'a)', '[a', '*', 'a{2,1}', '\\'].map(thrown)).toEqual([
      '--until (: a regular expression is needed; a “)” is missing.',
      '--until a): a regular expression is needed; a “)” is one too many.',
      '--until [a: a regular expression is needed; a “]” is missing.',
      '--until *: a regular expression is needed; there is nothing to repeat.',
      '--until a{2,1}: a regular expression of JavaScript is needed.',
      '--until \\: a regular expression is needed; nothing stands behind the last “\\”.',
    ]);
  });

  it('may have signs escaped that need it not', () => {
    const read = pattern(() => '').read(['foo\\-bar'], 'until');
    expect(read?.test('a foo-bar')).toBe(true);
    // letters beyond 16 bits are one where they can be
    expect(
      pattern(() => '')
        .read(['^.$'], 'until')
        ?.test('😀'),
    ).toBe(true);
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
