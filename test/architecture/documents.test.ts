import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { settingsPage } from '../../scripts/lib/settings-page.mjs';

// What is written for people: it leads where it says, names all there is, and says the same in both languages.

const SKIPPED = new Set([
  'node_modules',
  'dist',
  '.git',
  '.editor-host',
  '.playground',
  'test-results',
  'build',
  'host',
]);

function markdownBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const file = path.posix.join(folder, entry.name);
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : markdownBelow(file);
    return entry.name.endsWith('.md') ? [file] : [];
  });
}

const FILES = markdownBelow('.');
const read = (file: string): string => readFileSync(file, 'utf8');
const manifest = JSON.parse(read('package.json')) as {
  contributes: {
    commands: { title: string }[];
    configuration: { properties: Record<string, unknown> }[];
    keybindings: { key: string; mac: string }[];
  };
  scripts: Record<string, string>;
};
const texts = JSON.parse(read('package.nls.json')) as Record<string, string>;
const titles = manifest.contributes.commands.map(({ title }) => texts[title.replaceAll('%', '')] ?? title);
const settings = manifest.contributes.configuration.flatMap(({ properties }) => Object.keys(properties));

/** A page without its blocks of code. */
const withoutBlocks = (text: string): string => text.replaceAll(/^(`{3,})[^]*?^\1$/gm, '');
/** A page without any code, in which nothing is a link or a picture. */
const withoutCode = (text: string): string => withoutBlocks(text).replaceAll(/(`+)(?!`)[^]*?(?<!`)\1(?!`)/g, '');

const headingsOf = (text: string): string[] => withoutBlocks(text).match(/^#{1,6} .*$/gm) ?? [];

/** The anchors that hosts make of a page's headings. */
function anchorsOf(file: string): Set<string> {
  const seen = new Map<string, number>();
  const anchors = headingsOf(read(file)).map((line) => {
    const slug = line
      .replace(/^#+ /, '')
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replaceAll(/[`*]/g, '')
      .trim()
      .toLowerCase()
      .replaceAll(/[^\p{Letter}\p{Number}\s_-]/gu, '')
      .replaceAll(/\s/g, '-');
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    return count === 0 ? slug : `${slug}-${count}`;
  });
  return new Set(anchors);
}

/** Where a page leads: links and pictures, in order. */
function targetsOf(text: string): string[] {
  const plain = withoutCode(text);
  const links = [...plain.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => ({ at: match.index, to: match[1] ?? '' }));
  const sources = [...plain.matchAll(/\s(?:src|srcset|href)="([^"]+)"/g)].flatMap((match) =>
    (match[1] ?? '').split(',').map((one) => ({ at: match.index, to: one.trim().split(/\s/)[0] ?? '' })),
  );
  return [...links, ...sources].sort((one, other) => one.at - other.at).map(({ to }) => to);
}

const isElsewhere = (target: string): boolean => /^[a-z][a-z+.-]*:/i.test(target);

/** What is wrong with a link of a page; undefined when it leads somewhere. */
function brokenLink(file: string, target: string): string | undefined {
  if (isElsewhere(target)) return undefined;
  const [name = '', anchor] = target.split('#');
  const found = name === '' ? file : path.posix.join(path.posix.dirname(file), decodeURI(name));
  if (!existsSync(found)) return `${file}: ${target}`;
  if (anchor === undefined || !found.endsWith('.md')) return undefined;
  return anchorsOf(found).has(anchor) ? undefined : `${file}: ${target}`;
}

describe('the documents', () => {
  it('are found', () => {
    expect(FILES.length).toBeGreaterThan(40);
  });

  it('lead to files and headings that are there', () => {
    const broken = FILES.flatMap((file) => targetsOf(read(file)).map((target) => brokenLink(file, target)));
    expect(broken.filter((one) => one !== undefined)).toEqual([]);
  });

  it('are all reachable from the index of the documents', () => {
    const index = new Set(targetsOf(read('docs/README.md')).map((target) => target.split('#')[0]));
    const pages = readdirSync('docs').filter((name) => name.endsWith('.md') && name !== 'README.md');
    expect(pages.filter((name) => !index.has(name))).toEqual([]);
  });

  it('name every command', () => {
    const pages = FILES.filter((file) => /^docs\/[^/]+\.md$/.test(file))
      .map(read)
      .join('\n')
      .replaceAll(/\s+/g, ' ');
    expect(titles.length).toBeGreaterThan(60);
    expect(titles.filter((title) => !pages.includes(`**${title}**`))).toEqual([]);
  });

  it('name no setting that is not there', () => {
    const known = new Set(settings);
    const unknown = FILES.flatMap((file) =>
      [...read(file).matchAll(/`(esp32Ota\.[a-z]\w*\.\w+)`/g)]
        .map((match) => match[1] ?? '')
        .filter((id) => !known.has(id)),
    );
    expect(unknown).toEqual([]);
  });

  it('name every setting, as package.json describes it (node scripts/settings-page.mjs)', () => {
    expect(read('docs/settings.md')).toBe(settingsPage(manifest, texts));
  });

  it('name only npm scripts that are there', () => {
    const named = FILES.flatMap((file) =>
      [...read(file).matchAll(/`npm run ([\w:-]+)/g)].map((match) => match[1] ?? ''),
    );
    expect(named.filter((name) => !(name in manifest.scripts))).toEqual([]);
  });
});

describe('the pictures', () => {
  const shown = new Set(
    FILES.flatMap((file) =>
      targetsOf(read(file))
        .filter((target) => target.endsWith('.png') && !isElsewhere(target))
        .map((target) => path.posix.join(path.posix.dirname(file), target)),
    ),
  );
  const kept = ['docs/images', 'docs/images/zh-cn'].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.png'))
      .map((name) => path.posix.join(folder, name)),
  );

  it('are all shown somewhere, at both scales', () => {
    expect(kept.filter((file) => !shown.has(file))).toEqual([]);
    const once = kept.filter((file) => !file.includes('@2x'));
    expect(once.length).toBeGreaterThan(5);
    expect(once.filter((file) => !kept.includes(file.replace('.png', '@2x.png')))).toEqual([]);
  });

  it('are twice as large at the second scale, and small as files', () => {
    const widthOf = (file: string): number => readFileSync(file).readUInt32BE(16);
    for (const file of kept.filter((one) => !one.includes('@2x'))) {
      expect(widthOf(file.replace('.png', '@2x.png')), file).toBe(2 * widthOf(file));
    }
    expect(kept.filter((file) => statSync(file).size > 300 * 1024)).toEqual([]);
  });

  it('have words for those who do not see them', () => {
    const without = FILES.flatMap((file) =>
      [...withoutCode(read(file)).matchAll(/<img [^>]*>/g)]
        .map(([tag]) => tag)
        .filter((tag) => !/ alt="[^"]{10,}"/.test(tag)),
    );
    expect(without).toEqual([]);
  });
});

describe('the two READMEs', () => {
  const english = read('README.md');
  const chinese = read('README.zh-cn.md');
  const fences = (text: string): string[] => text.match(/^```[^]*?^```$/gm) ?? [];
  const spans = (text: string): string[] =>
    [...text.replaceAll(/^```[^]*?^```$/gm, '').matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? '').sort();

  it('have the same headings', () => {
    const levels = (text: string): string[] => headingsOf(text).map((line) => line.split(' ')[0] ?? '');
    expect(levels(chinese)).toEqual(levels(english));
    expect(levels(english).length).toBeGreaterThan(5);
  });

  it('have the same code', () => {
    expect(fences(chinese)).toEqual(fences(english));
    expect(fences(english).length).toBeGreaterThan(2);
    expect(spans(chinese)).toEqual(spans(english));
  });

  it('have the same links and pictures, each in its own language', () => {
    const plain = (text: string): string[] =>
      targetsOf(text)
        .map((target) => target.replace('images/zh-cn/', 'images/').replace('README.zh-cn.md', 'README.md'))
        .sort();
    expect(plain(chinese)).toEqual(plain(english));
    expect(targetsOf(english)).toContain('README.zh-cn.md');
    expect(targetsOf(chinese)).toContain('README.md');
  });

  it('have the same rows in their tables', () => {
    const rows = (text: string): number => text.match(/^\|/gm)?.length ?? 0;
    expect(rows(chinese)).toBe(rows(english));
  });

  it('call the commands what the window calls them in each language', () => {
    const translated = JSON.parse(read('package.nls.zh-cn.json')) as Record<string, string>;
    const isUsed = (title: string): boolean =>
      ['', 'ESP32 OTA: '].some((prefix) => english.includes(`**${prefix}${title}**`));
    const used = Object.entries(texts).flatMap(([key, title]) =>
      key.startsWith('command.') && isUsed(title) ? [key] : [],
    );
    expect(used.length).toBeGreaterThan(5);
    expect(
      used.filter((key) => !chinese.includes(`**${translated[key] ?? ''}**`)).map((key) => translated[key]),
    ).toEqual([]);
  });
});

describe('a key', () => {
  const shown = (key: string): string =>
    key.replaceAll(/(^|\+)([a-z])/g, (_all, plus: string, letter: string) => plus + letter.toUpperCase());
  const keys = manifest.contributes.keybindings.map(({ key, mac }) => [shown(key), shown(mac)] as const);

  it.each(keys)('%s is named with that of macOS, %s, in the same line', (key, mac) => {
    const lines = FILES.flatMap((file) =>
      read(file)
        .split('\n')
        .filter((line) => line.includes(key)),
    );
    expect(lines.length).toBeGreaterThan(3);
    expect(lines.filter((line) => !line.includes(mac))).toEqual([]);
  });
});
