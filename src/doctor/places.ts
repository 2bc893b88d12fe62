import { join } from 'node:path';
import type { DoctorFacts } from './facts.ts';
import type { FindingPlace, FindingRange } from './finding.ts';

/** A whole line, without the blanks at its ends; an empty line has one column. */
export function lineRange(text: string | undefined, line: number): FindingRange {
  const content = text?.split(/\r\n|\r|\n/, line)[line - 1] ?? '';
  const trimmed = content.trim();
  const column = trimmed === '' ? 1 : content.indexOf(trimmed) + 1;
  return { line, column, endColumn: column + Math.max(1, trimmed.length) };
}

/** A line of a file. */
export function linePlace({ text }: DoctorFacts, path: string, line: number | undefined): FindingPlace {
  return line === undefined ? { path } : { path, range: lineRange(text(path), line) };
}

/** The line that sets the first of these symbols that a file sets; where none does, the first line of the sdkconfig,
 * or of what is there in its place: the defaults, else the project's CMakeLists.txt. */
export function optionPlace(facts: DoctorFacts, ...symbols: readonly string[]): FindingPlace {
  const { config, sdkconfigPath, folder, defaults, cmakePath } = facts.project;
  for (const symbol of symbols) {
    const origin = config.origin(symbol);
    if (origin?.line !== undefined) return linePlace(facts, origin.path, origin.line);
  }
  const paths = [sdkconfigPath, join(folder, 'sdkconfig.defaults'), ...defaults.map(({ path }) => path)];
  return linePlace(facts, paths.find((path) => facts.text(path) !== undefined) ?? cmakePath, 1);
}
