import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const text = readFileSync('SECURITY.md', 'utf8');
/** The rows of its tables, heads and rules left out, each as its cells. */
const rows = text
  .split('\n')
  .filter((line) => line.startsWith('|') && !/^\|[-| ]+\|$/.test(line))
  .map((line) =>
    line
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim()),
  )
  .filter((cells) => cells.at(-1) !== 'test');

/** `file` "name", as the last cell of a row has it. */
const REFERENCE = /^`(test\/(?:unit|board|editor|architecture|vsix)\/[\w./-]+\.test\.ts)` "([^"]+)"$/;

/** The titles of a test file, as they are written: of `it`, and of `it.each` with its placeholders. */
function titlesOf(file: string): string[] {
  const source = readFileSync(file, 'utf8');
  const strings = /(['"`])((?:\\.|(?!\1)[^\\])*)\1\s*,\s*(?=(?:async\s*)?(?:\([^()]*\)|\w+)\s*=>|\n?\s*async\s*\()/g;
  return [...source.matchAll(strings)].map(([, , title = '']) => title.replace(/\\(['"`])/g, '$1'));
}

describe('SECURITY.md', () => {
  it('has a test in every row', () => {
    expect(rows.length).toBeGreaterThan(60);
    expect(rows.map((cells) => cells.at(-1) ?? '').filter((cell) => !REFERENCE.test(cell))).toEqual([]);
  });

  it.each(rows.map((cells) => cells.at(-1) ?? ''))('names a test that there is: %s', (cell) => {
    const [, file = '', title = ''] = REFERENCE.exec(cell) ?? [];
    expect(existsSync(file)).toBe(true);
    expect(titlesOf(file)).toContain(title);
  });

  it('says that there is no telemetry, and how to report', () => {
    expect(text).toMatch(/\*\*No telemetry\.\*\*/);
    expect(text).toMatch(/\*\*Report a vulnerability\*\* privately/);
  });
});

it('finds a title as it finds them there, and none that is not a test', () => {
  const titles = titlesOf('test/architecture/security.test.ts');
  expect(titles).toContain('has a test in every row');
  expect(titles).not.toContain('SECURITY.md says so');
});
