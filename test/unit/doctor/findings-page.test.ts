import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FINDINGS, FINDING_GROUPS } from '../../../src/doctor/finding-ids.ts';

const page = readFileSync('docs/findings.md', 'utf8');
const sections = page.split(/^### /m).slice(1);
const titles = sections.map((section) => section.split('\n', 1)[0] ?? '');

describe('docs/findings.md', () => {
  it('has a heading for each finding, and none for others', () => {
    expect([...titles].sort()).toEqual(Object.keys(FINDINGS).sort());
  });

  it('says of each what it is, why it matters and what to do', () => {
    for (const section of sections) {
      expect(section).toMatch(/\*\*What\.\*\*[^]+\*\*Why\.\*\*[^]+\*\*Fix\.\*\*/);
    }
  });

  it('has headings whose anchors are the ids', () => {
    for (const title of titles) expect(title).toMatch(/^[a-z0-9]+(?:-[a-z0-9]+)+$/);
  });
});

describe('the table of findings', () => {
  it('groups each finding by the first word of its id', () => {
    for (const [id, { group }] of Object.entries(FINDINGS)) {
      expect(FINDING_GROUPS).toContain(group);
      expect(id.split('-', 1)[0]).toBe(group);
    }
  });
});
