import { describe, expect, it } from 'vitest';
import { lineSign, printedLine } from '../../../src/doctor/signs.ts';
import { ConsoleFollower } from '../../../src/monitor/console-follower.ts';
import { ConsoleRenderer } from '../../../src/monitor/console-renderer.ts';
import { placeIn } from '../../../src/monitor/crash-lines.ts';
import { createDeviceText } from '../../../src/monitor/device-text.ts';
import { createLineSplitter } from '../../../src/monitor/line-splitter.ts';
import { parseLogLine } from '../../../src/monitor/log-line.ts';
import { plainLine } from '../../../src/monitor/plain-line.ts';
import { stageOf } from '../../../src/monitor/stages.ts';

/** As long as the splitter lets a line become. */
const LONGEST = 4096;

/** Beginnings that many patterns share, and what patterns repeat: a line of the one and thousands of the other tries every way through them. */
const BEGINNINGS = [
  '',
  'I (1) ',
  'E (12:34:56.789) esp_https_ota: ',
  'Guru Meditation Error: Core  0 panic',
  'Backtrace:',
  'assert failed: ',
  'rst:0x1 (',
  'https://',
  '\u001b[0;31m',
  '--- 0x40000000: ',
];
const REPEATED = [
  ' ',
  '\t',
  'a',
  '0',
  ':',
  '.',
  '(',
  ')',
  '0x4000',
  ' 0x40000000:0x3ffb0000',
  'a ',
  ' a',
  '/a',
  '1.',
  ',1',
  '-',
  '\\',
  '"',
  '\u001b[',
  '\u001b[31m',
  '\u00e4',
  '\ufffd',
  '[x](',
  '{}',
  '=1 ',
];
const ENDS = ['', '!', '\u0000', ' at a', ')'];

function* lines(): Generator<string> {
  for (const beginning of BEGINNINGS) {
    for (const part of REPEATED) {
      const repeated = part.repeat(Math.ceil(LONGEST / part.length));
      for (const end of ENDS) yield `${beginning}${repeated}`.slice(0, LONGEST - end.length) + end;
    }
  }
}

const READERS: readonly (readonly [string, (line: string) => unknown])[] = [
  ['parseLogLine', parseLogLine],
  ['stageOf', (line) => stageOf(line)],
  ['plainLine', plainLine],
  ['lineSign', (line) => lineSign(printedLine(line))],
  ['placeIn', placeIn],
];

describe('a line that was made to take long', () => {
  // far below a second each on any machine; a pattern that tries every way through them would take minutes for one alone
  it.each(READERS)('is read by %s in no time', (_name, read) => {
    let count = 0;
    let slowestMs = 0;
    for (const line of lines()) {
      const started = performance.now();
      read(line);
      slowestMs = Math.max(slowestMs, performance.now() - started);
      count += 1;
    }
    expect(count).toBe(BEGINNINGS.length * REPEATED.length * ENDS.length);
    expect(slowestMs).toBeLessThan(1000);
  });

  it('is followed and shown in bounded memory, however long it is', () => {
    const follower = new ConsoleFollower();
    const renderer = new ConsoleRenderer();
    const splitter = createLineSplitter();
    const text = createDeviceText();
    const piece = Buffer.alloc(64 * 1024, 'a');
    let longest = 0;
    let shown = 0;
    for (let round = 0; round < 64; round++) {
      for (const line of splitter.push(piece)) {
        longest = Math.max(longest, line.length);
        follower.line(line);
      }
      shown += renderer.push(piece, { nowMs: 0, isPanic: false }).length;
      text.push(piece);
    }
    expect(longest).toBe(LONGEST);
    // nothing of it waits for an end that may never come
    expect(shown).toBeGreaterThan(63 * piece.length);
    expect(JSON.stringify(follower.view).length).toBeLessThan(64 * 1024);
  });
});
