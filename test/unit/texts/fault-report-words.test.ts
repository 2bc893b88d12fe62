import { marked } from 'marked';
import { expect, it } from 'vitest';
import { faultReportMarkdown, type FaultReport } from '../../../src/ota/fault-report.ts';
import { faultReportWords } from '../../../src/texts/fault-report-words.ts';

const HOSTILE = '<img src=x> ![x](https://example.org/x.png) [y](https://example.org) https://example.org `a` \n# b';

function tagsOf(report: Partial<FaultReport>): readonly string[] {
  const failure = { step: 'download', cause: 'x', evidence: { source: 'console', text: report.board ?? 'b' } } as const;
  const whole: FaultReport = {
    board: 'b',
    project: 'p',
    version: '1',
    startedMs: 0,
    endedMs: 1,
    isCancelled: false,
    baseline: { outcome: 'failed', failure },
    rows: [],
    ...report,
  };
  const html = marked.parse(faultReportMarkdown(whole, faultReportWords), { async: false, gfm: true });
  return [...html.matchAll(/<(\w+)/g)].map(([, tag]) => tag ?? '');
}

it('a report of the fault test takes what the project and a USB device are called as text', () => {
  expect(tagsOf({ board: HOSTILE, project: HOSTILE, version: HOSTILE })).toEqual(tagsOf({}));
  expect(tagsOf({})).toEqual(['h1', 'p', 'p', 'code']);
});
