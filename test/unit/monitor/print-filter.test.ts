import { describe, expect, it } from 'vitest';
import { parsePrintFilter } from '../../../src/monitor/print-filter.ts';
import { caught } from '../../support/caught.ts';

const LINES = {
  wifiError: 'E (10) wifi: no beacon',
  wifiInfo: '\u001b[0;32mI (11) wifi: connected\u001b[0m',
  wifiDebug: 'D (12:00:00.000) wifi: state',
  other: 'I (13) main: hello',
  otherWarning: 'W (14) main: careful',
  spaced: 'I (15) my tag: hello',
  plain: 'hello from printf',
  empty: '',
};

function shown(filter: string): string[] {
  const parsed = parsePrintFilter(filter);
  return Object.entries(LINES).flatMap(([name, line]) => (parsed.shows(line) ? [name] : []));
}

describe('a print filter', () => {
  // what idf_monitor 1.8 shows of the same lines
  for (const [filter, names] of [
    ['', Object.keys(LINES)],
    ['*:V', Object.keys(LINES)],
    ['wifi', ['wifiError', 'wifiInfo', 'wifiDebug']],
    ['wifi:I', ['wifiError', 'wifiInfo']],
    ['wifi:e', ['wifiError']],
    ['wifi:N', []],
    ['*:N', []],
    ['*:W', ['wifiError', 'otherWarning', 'plain', 'empty']],
    ['wifi:D  *:W', ['wifiError', 'wifiInfo', 'wifiDebug', 'otherWarning', 'plain', 'empty']],
    ['wifi:N *:I', ['other', 'otherWarning', 'spaced', 'plain', 'empty']],
    ['main:I *:N', ['other', 'otherWarning']],
  ] as const) {
    it(`“${filter}” shows ${names.join(', ') || 'nothing'}`, () => {
      expect(shown(filter)).toEqual(names);
    });
  }

  it('is told as it is understood', () => {
    expect(parsePrintFilter('  wifi:W \t *:I ').text).toBe('wifi:W *:I');
  });

  it('says what is wrong, and where', async () => {
    const wrong = async (text: string): Promise<object> =>
      (await caught(() => parsePrintFilter(text), 'monitor.badFilter')).details;
    expect(await wrong('*:I wifi:X')).toEqual({
      filter: '*:I wifi:X',
      item: 'wifi:X',
      position: 9,
      problem: 'badLevel',
    });
    expect(await wrong(' :W')).toEqual({ filter: ' :W', item: ':W', position: 1, problem: 'noTag' });
    expect(await wrong('wifi:')).toMatchObject({ position: 5, problem: 'badLevel' });
    expect(await wrong('wifi:toString')).toMatchObject({ problem: 'badLevel' });
  });
});
