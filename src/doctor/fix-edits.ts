import type { FileEdit } from '../idf/file-edit.ts';
import { parseSdkconfig } from '../idf/sdkconfig.ts';
import { BYTE_ORDER_MARK } from '../idf/text-lines.ts';
import type { Fix, TextEdit } from './finding.ts';
import { optionPaths, planOptions, type ConfiguredProject } from './option-edits.ts';

/** Files that a fix may change: their texts are what {@link editsOfFix} needs. */
export function filesOfFix(fix: Fix, project: ConfiguredProject): readonly string[] {
  if (fix.kind === 'setOptions') return optionPaths(project);
  return fix.kind === 'command' ? [] : [fix.path];
}

/** What a fix changes in files, to be written with `applyEdits`; nothing for a command. Every byte that the fix is not about stays.
 * @param texts of the files of {@link filesOfFix} that exist, read byte-true (`readTextExactly`)
 * @throws {OtaError} `sdkconfig.badName`, `sdkconfig.badValue` */
export function editsOfFix(
  fix: Fix,
  project: ConfiguredProject,
  texts: ReadonlyMap<string, string>,
): readonly FileEdit[] {
  switch (fix.kind) {
    case 'command':
      return [];
    case 'setOptions': {
      const edits = planOptions(project, (path) => texts.get(path), fix.options);
      const isConfigured = texts.has(project.sdkconfigPath);
      return fix.isLocal === true && isConfigured
        ? edits.filter(
            ({ path, before }) => path === project.sdkconfigPath || setsAny(before, Object.keys(fix.options)),
          )
        : edits;
    }
    case 'editFile': {
      const before = texts.get(fix.path);
      return before === undefined ? [] : changed(fix.path, before, applyTextEdits(before, fix.edits));
    }
    case 'writeFile':
      return changed(fix.path, texts.get(fix.path), fix.content);
  }
}

function setsAny(text: string | undefined, names: readonly string[]): boolean {
  const { entries } = parseSdkconfig(text ?? '');
  return names.some((name) => entries.has(name));
}

function changed(path: string, before: string | undefined, after: string): readonly FileEdit[] {
  if (before === after) return [];
  return [{ path, after, ...(before === undefined ? {} : { before }) }];
}

/** Replaces pieces of a text; what lies outside it is clamped to it. A byte order mark stays, and no column counts it. */
export function applyTextEdits(whole: string, edits: readonly TextEdit[]): string {
  const mark = whole.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK : '';
  const text = whole.slice(mark.length);
  const starts = [0, ...[...text.matchAll(/\r\n|\r|\n/g)].map((found) => found.index + found[0].length)];
  const indexOf = (line: number, column: number): number =>
    Math.min(text.length, (starts[line - 1] ?? text.length) + column - 1);
  const edited = [...edits]
    .map((one) => ({ from: indexOf(one.line, one.column), to: indexOf(one.endLine, one.endColumn), text: one.text }))
    .sort((one, other) => other.from - one.from)
    .reduce((result, one) => result.slice(0, one.from) + one.text + result.slice(one.to), text);
  return mark + edited;
}
