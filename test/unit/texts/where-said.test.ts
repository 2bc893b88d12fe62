import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

/** Names of the editor's commands, as its palette has them. */
const TITLES = Object.entries(JSON.parse(readFileSync('package.nls.json', 'utf8')) as Record<string, string>)
  .filter(([key]) => key.startsWith('command.'))
  .map(([, title]) => title);

/** Words that a terminal shows as well as the editor: those of errors, findings and causes. */
const SHARED = readdirSync('src/texts', { recursive: true, encoding: 'utf8' }).filter((name) =>
  /^(error-texts|finding-texts)|cause-texts\.ts$/.test(name),
);

it('what is said in a terminal too names no command of the editor: that is a way out, which each place has its own words for', () => {
  expect(TITLES.length).toBeGreaterThan(60);
  const named = SHARED.filter((name) => name.endsWith('.ts')).flatMap((name) => {
    const text = readFileSync(join('src/texts', name), 'utf8');
    return TITLES.filter((title) => text.includes(`“${title}”`)).map((title) => `${name}: ${title}`);
  });
  // of a project in the editor's tree
  expect(named).toEqual([`${join('error-texts', 'project.ts')}: Serve Image…`]);
});

it('and a setting of the editor only beside the option that does the same', () => {
  const alone = SHARED.filter((name) => name.endsWith('.ts')).flatMap((name) => {
    const sentences = readFileSync(join('src/texts', name), 'utf8').match(/'[^'\n]*esp32Ota\.[^'\n]*'/g) ?? [];
    return sentences.filter((one) => !/--[a-z]/.test(one)).map((one) => `${name}: ${one}`);
  });
  expect(alone).toEqual([]);
});
