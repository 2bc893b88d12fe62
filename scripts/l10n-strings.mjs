import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { ROOT, inRoot, readJson } from './lib/repository.mjs';
import { say } from './lib/terminal.mjs';

// node scripts/l10n-strings.mjs: what is missing and what is left over in each l10n/bundle.l10n.<language>.json. Exit code 1 if anything is.
// With --update, left-over strings are removed, and missing ones are added with an empty value, which is still missing until it is filled in.
// With --list, every string of the source with its place.

/**
 * The strings of `l10n.t('…')` in a source file, with the line each stands at.
 * @param {string} file absolute path
 * @returns {{ text: string | undefined, place: string }[]} `text` is undefined where the string is not written out
 */
function stringsOf(file) {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  /** @type {{ text: string | undefined, place: string }[]} */
  const found = [];
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (ts.isCallExpression(node) && /(^|\.)l10n\.t$/.test(node.expression.getText(source))) {
      const [first] = node.arguments;
      const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
      found.push({
        text: first !== undefined && ts.isStringLiteralLike(first) ? first.text : undefined,
        place: `${path.relative(ROOT, file)}:${line + 1}`,
      });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Languages that package.json is translated into: each has a bundle for the code too. */
function languages() {
  return readdirSync(ROOT).flatMap((name) => /^package\.nls\.([\w-]+)\.json$/.exec(name)?.[1] ?? []);
}

const options = process.argv.slice(2);
const files = readdirSync(inRoot('src'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .sort();
const calls = files.flatMap((name) => stringsOf(inRoot('src', name)));

/** @type {Map<string, string>} each string, in the order of the source, with the first place it stands at */
const places = new Map();
let problems = 0;
for (const { text, place } of calls) {
  if (text === undefined) {
    say(`${place}  l10n.t() needs its string written out where it is called`);
    problems += 1;
  } else if (!places.has(text)) {
    places.set(text, place);
  }
}
if (options.includes('--list')) for (const [text, place] of places) say(`${place}  ${JSON.stringify(text)}`);

for (const language of languages()) {
  const file = inRoot('l10n', `bundle.l10n.${language}.json`);
  /** @type {Record<string, string>} */
  const bundle = existsSync(file) ? readJson(file) : {};
  const missing = [...places].filter(([text]) => (bundle[text] ?? '') === '');
  const leftOver = Object.keys(bundle).filter((text) => !places.has(text));
  for (const [text, place] of missing) say(`${language}  missing    ${JSON.stringify(text)}  ${place}`);
  for (const text of leftOver) say(`${language}  left over  ${JSON.stringify(text)}`);
  if (options.includes('--update')) {
    const updated = Object.fromEntries([...places.keys()].map((text) => [text, bundle[text] ?? '']));
    writeFileSync(file, `${JSON.stringify(updated, null, 2)}\n`);
    problems += missing.length;
  } else {
    problems += missing.length + leftOver.length;
  }
  say(`${language}  ${places.size} strings, ${missing.length} missing, ${leftOver.length} left over`);
}
process.exitCode = problems === 0 ? 0 : 1;
