import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../../src/command-line/commands/commands.ts';
import { EXIT } from '../../../src/command-line/exit-codes.ts';
import { GLOBAL_OPTIONS } from '../../../src/command-line/global-options.ts';
import { commandHelp, generalHelp } from '../../../src/command-line/help.ts';
import { styleOf } from '../../../src/command-line/style.ts';
import { widthOf } from '../../../src/command-line/text-width.ts';
import { useLanguage } from '../../../src/texts/language.ts';

const layout = { columns: 80, style: styleOf({ write: () => undefined }, {}, true) };
const document = readFileSync('docs/command-line.md', 'utf8');
const chinese = JSON.parse(readFileSync('l10n/bundle.l10n.zh-cn.json', 'utf8')) as Record<string, string>;

afterEach(() => {
  useLanguage({ tag: 'en' });
});

describe('help', () => {
  it('lists every command, the options of all, exit codes and examples', () => {
    expect(generalHelp(COMMANDS, layout)).toMatchSnapshot();
  });

  it.each(COMMANDS.map((one) => [one.name, one] as const))('of %s is complete', (name, command) => {
    const help = commandHelp(command, layout);
    expect(help).toMatchSnapshot();
    expect(help).toContain(command.summary().split(' ')[0]);
    for (const option of Object.keys({ ...command.options, ...GLOBAL_OPTIONS })) expect(help).toContain(`--${option}`);
    expect(command.examples.length).toBeGreaterThan(0);
    for (const { line } of command.examples) {
      expect(line.split(' ')[0]).toBe(name);
      expect(help).toContain(line);
    }
  });

  it.each(COMMANDS.map((one) => [one.name, one] as const))('of %s names no option twice', (_name, command) => {
    const names = Object.keys(GLOBAL_OPTIONS);
    expect(Object.keys(command.options).filter((name) => names.includes(name))).toEqual([]);
  });

  it('stays within the width of the terminal, in both languages', () => {
    const tooWide = (): string[] =>
      [generalHelp(COMMANDS, layout), ...COMMANDS.map((one) => commandHelp(one, layout))]
        .join('')
        .split('\n')
        // usage and examples are to be copied as they are
        .filter((line) => widthOf(line) > 80 && !line.startsWith('  esp32-ota ') && !/^ {6}--/.test(line));
    expect(tooWide()).toEqual([]);
    useLanguage({ tag: 'zh-cn', bundle: chinese });
    expect(tooWide()).toEqual([]);
  });

  it('speaks Chinese', () => {
    useLanguage({ tag: 'zh-cn', bundle: chinese });
    const help = generalHelp(COMMANDS, layout);
    expect(help).toContain('用法');
    // sentences of English would be strings without a translation; examples are the same in every language
    const texts = help.split('\n').filter((line) => !line.startsWith('  esp32-ota '));
    expect(texts.filter((line) => /[a-z]{3,} [a-z]{2,} [a-z]{2,}/.test(line))).toEqual([]);
  });
});

describe('docs/command-line.md', () => {
  it('has every exit code of the table, and no other', () => {
    const rows = [...document.matchAll(/^\| `(\d+)` \|/gm)].map((match) => Number(match[1]));
    expect(rows).toEqual(Object.values(EXIT));
  });

  it.each(COMMANDS.map((one) => [one.name, one] as const))('tells of %s and each of its options', (name, command) => {
    const start = document.indexOf(`\n## ${name}`);
    expect(start).toBeGreaterThan(0);
    const end = document.indexOf('\n## ', start + 1);
    const section = document.slice(start, end < 0 ? undefined : end);
    const missing = Object.keys(command.options).filter((option) => !section.includes(`--${option}`));
    expect(missing).toEqual([]);
  });

  it('tells of the options of every command', () => {
    expect(Object.keys(GLOBAL_OPTIONS).filter((option) => !document.includes(`--${option}`))).toEqual([]);
  });
});
