import { OtaError } from '../base/ota-error.ts';
import './console-errors.ts';
import { parseLogLine, type LogLevel } from './log-line.ts';

/** Which lines are shown. */
export interface PrintFilter {
  readonly text: string;
  shows(line: string): boolean;
}

const LEVELS = { N: 0, E: 1, W: 2, I: 3, D: 4, V: 5 } as const;

/** `tag:level` and `*:level`, separated by blanks, as `--print-filter` of idf_monitor reads them: a tag without a level shows all of its lines;
 * what no entry names goes by `*`, and is not shown when there is no `*`; lines without a level are shown unless that is `N`.
 * An empty filter shows everything.
 * @throws {OtaError} `monitor.badFilter`
 * @see esp-idf-monitor 1.8 `base/line_matcher.py` */
export function parsePrintFilter(text: string): PrintFilter {
  const entries = new Map<string, number>();
  const items = [...text.matchAll(/\S+/g)];
  for (const { 0: item, index } of items) {
    const colon = item.lastIndexOf(':');
    const tag = colon < 0 ? item : item.slice(0, colon);
    const level = colon < 0 ? 'V' : item.slice(colon + 1).toUpperCase();
    if (tag === '') throw new OtaError('monitor.badFilter', { filter: text, item, position: index, problem: 'noTag' });
    if (!isLevel(level)) {
      throw new OtaError('monitor.badFilter', { filter: text, item, position: index + colon + 1, problem: 'badLevel' });
    }
    entries.set(tag, LEVELS[level]);
  }
  if (items.length === 0) return { text: '', shows: () => true };
  const others = entries.get('*') ?? LEVELS.N;
  return {
    text: items.map(([item]) => item).join(' '),
    shows: (line) => {
      const { level, tag } = parseLogLine(line);
      if (level === undefined || tag === undefined) return others > LEVELS.N;
      return (entries.get(tag) ?? others) >= LEVELS[level];
    },
  };
}

function isLevel(text: string): text is LogLevel | 'N' {
  return text in LEVELS;
}
