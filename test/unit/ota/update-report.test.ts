import { marked } from 'marked';
import { describe, expect, it } from 'vitest';
import type { Delivery } from '../../../src/ota/delivery.ts';
import { updateJson, updateMarkdown, type ReportWords } from '../../../src/ota/update-report.ts';

const WORDS: ReportWords = {
  title: (delivery) => `Update of ${delivery.project}`,
  outcome: (delivery) => `ended as ${delivery.end?.kind ?? 'nothing'}`,
  verdict: (timeline) => timeline.verdict?.outcome ?? '',
  work: ({ id }) => id,
  workOutcome: (outcome) => outcome,
  step: (id) => id,
  stepOutcome: (outcome) => outcome,
  result: () => '0.1 s',
  evidence: ({ source, text }) => `${source}: ${text}`,
  client: ({ address, by }) => `client ${address} by ${by}`,
  failure: ({ cause }) => cause,
  heading: (name) => name,
  time: (atMs) => `at ${atMs}`,
};

const HOSTILE = 'E (1) x: <script> | [a](b) `c` *d* \\ # \r\nsecond line https://example.org www.example.org a@b.c';

const DELIVERY: Delivery = {
  id: 'a',
  kind: 'delivery',
  project: 'my_app',
  startedMs: 5,
  endedMs: 9,
  version: '1.1.0',
  work: [{ id: 'build', outcome: 'done', startedMs: 5, endedMs: 6, note: '1.1.0' }],
  updates: [
    {
      id: 'virtual',
      name: 'Virtual board',
      trigger: 'virtual',
      timeline: {
        subject: {
          board: 'virtual',
          project: 'my_app',
          version: '1.1.0',
          sha256: 'ab'.repeat(32),
          elfSha256: '',
          totalBytes: 10,
          releaseId: 'r',
          isRollbackEnabled: true,
        },
        startedMs: 6,
        steps: [
          { id: 'verify', outcome: 'failed', startedMs: 7, endedMs: 8, evidence: { source: 'console', text: HOSTILE } },
        ],
        client: { address: '10.0.0.2', by: 'onlyCandidate' },
        failures: [{ step: 'verify', cause: 'imageCorrupt', evidence: { source: 'console', text: HOSTILE } }],
        verdict: {
          outcome: 'failed',
          failure: { step: 'verify', cause: 'imageCorrupt', evidence: { source: 'console', text: HOSTILE } },
        },
      },
    },
  ],
  end: { kind: 'finished' },
};

describe('an exported update', () => {
  it('is a Markdown page with its work, the steps of each board and their evidence', () => {
    const page = updateMarkdown(DELIVERY, WORDS);
    expect(page.split('\n\n')).toEqual([
      '# Update of my\\_app',
      'at 5. **ended as finished**',
      '## preparation',
      '| step | outcome | result |\n| --- | --- | --- |\n| build | done | 1.1.0 |',
      '## Virtual board',
      '**failed**',
      `image: my\\_app 1.1.0, \`sha256 ${'ab'.repeat(32)}\``,
      'client 10.0.0.2 by onlyCandidate',
      expect.stringMatching(
        /^\| step \| outcome \| result \| evidence \|\n\| --- \| --- \| --- \| --- \|\n\| verify \| failed/,
      ),
      '### causes',
      expect.stringMatching(/^- imageCorrupt \(/),
      '',
    ]);
  });

  it('takes what a board printed as text, whatever is in it', () => {
    const [update] = DELIVERY.updates;
    if (update === undefined) throw new Error('it has one');
    const named = { ...DELIVERY, project: HOSTILE, updates: [{ ...update, name: HOSTILE }] };
    const html = marked.parse(updateMarkdown(named, WORDS), { async: false, gfm: true });
    expect([...html.matchAll(/<(\w+)/g)].map(([, tag]) => tag)).toEqual(
      [...marked.parse(updateMarkdown(DELIVERY, WORDS), { async: false }).matchAll(/<(\w+)/g)].map(([, tag]) => tag),
    );
    expect(html).not.toMatch(/<(a|img|script|em)\b/);
    expect(html).toContain('&lt;script&gt; | [a](b) `c` *d* \\ #  second line');
    expect(html.match(/<td>verify<\/td>/g)).toHaveLength(1);
  });

  it('is JSON with everything that is known', () => {
    expect(JSON.parse(updateJson(DELIVERY))).toEqual(DELIVERY);
  });
});
