import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const LANGUAGES = ['zh-cn'] as const;

interface Call {
  readonly file: string;
  readonly line: number;
  /** The text, when it is written out where it is used. */
  readonly text: string | undefined;
}

/** Every `l10n.t(…)` below src, by the compiler's own eyes. */
function localisedCalls(): Call[] {
  const calls: Call[] = [];
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  for (const file of files.map((name) => join('src', name))) {
    const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node) && /(^|\.)l10n\.t$/.test(node.expression.getText(source))) {
        const first = node.arguments[0];
        const text = first !== undefined && ts.isStringLiteralLike(first) ? first.text : undefined;
        calls.push({ file, line: source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1, text });
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return calls;
}

function readJson(path: string): Record<string, string> {
  return JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>;
}

function placeholders(text: string): string[] {
  return [...text.matchAll(/\{\d+\}/g)].map((match) => match[0]).sort();
}

/** What must stand letter for letter in every language. */
function fixedParts(text: string): string[] {
  return [...text.matchAll(/`[^`]+`|\(command:[^)]+\)/g)].map((match) => match[0]).sort();
}

const calls = localisedCalls();

/** Chinese words that stand for one English word each, so that one thing has one name everywhere. */
const GLOSSARY = [
  // an update over the air is 升级; a newer version, and files that are kept up to date, may be 更新
  { word: '更新', only: /\b(newer|later|renew|again whenever)\b/i },
] as const;

describe('user-visible texts', () => {
  it('are written out where they are used, so that they can be found', () => {
    expect(calls.length).toBeGreaterThan(40);
    expect(calls.filter((call) => call.text === undefined).map((call) => `${call.file}:${call.line}`)).toEqual([]);
  });

  for (const language of LANGUAGES) {
    it(`of the code each have one translation in ${language}, and no translation is left over`, () => {
      const bundle = readJson(`l10n/bundle.l10n.${language}.json`);
      const used = new Set(calls.map((call) => call.text ?? ''));
      expect({
        missing: [...used].filter((text) => (bundle[text] ?? '') === ''),
        leftOver: Object.keys(bundle).filter((text) => !used.has(text)),
      }).toEqual({
        missing: [],
        leftOver: [],
      });
    });

    it(`of the code keep their placeholders in ${language}`, () => {
      const bundle = readJson(`l10n/bundle.l10n.${language}.json`);
      const wrong = Object.entries(bundle).filter(
        ([text, translated]) => placeholders(text).join() !== placeholders(translated).join(),
      );
      expect(wrong).toEqual([]);
    });

    it(`of package.json are all used, all there, and translated into ${language}`, () => {
      const english = readJson('package.nls.json');
      const translated = readJson(`package.nls.${language}.json`);
      const used = new Set(
        [...readFileSync('package.json', 'utf8').matchAll(/"%([\w.]+)%"/g)].map((match) => match[1] ?? ''),
      );
      expect(Object.keys(english).sort()).toEqual([...used].sort());
      expect(Object.keys(translated).sort()).toEqual([...used].sort());
      for (const [key, text] of Object.entries(english)) {
        expect(fixedParts(translated[key] ?? ''), key).toEqual(fixedParts(text));
      }
    });

    it(`call one thing by one name in ${language}`, () => {
      const [english, translated] = [readJson('package.nls.json'), readJson(`package.nls.${language}.json`)];
      const texts = [
        ...Object.entries(readJson(`l10n/bundle.l10n.${language}.json`)),
        ...Object.entries(english).map(([key, text]) => [text, translated[key] ?? ''] as const),
      ];
      for (const { word, only } of GLOSSARY)
        expect(
          texts.filter(([text, said]) => said.includes(word) && !only.test(text)),
          word,
        ).toEqual([]);
    });

    it(`have no ASCII punctuation between Chinese words in ${language}`, () => {
      const texts = [readJson(`l10n/bundle.l10n.${language}.json`), readJson(`package.nls.${language}.json`)];
      const wrong = texts.flatMap(Object.values<string>).filter((text) => /\p{Script=Han}[,;!?]/u.test(text));
      expect(wrong).toEqual([]);
    });

    it(`differ from English in ${language} unless they are names`, () => {
      const bundle = readJson(`l10n/bundle.l10n.${language}.json`);
      const same = Object.entries(bundle).filter(
        ([text, translated]) => text === translated && /[a-z]{4,} [a-z]{2,}/.test(text),
      );
      expect(same).toEqual([]);
    });
  }
});
