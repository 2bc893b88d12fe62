import type { Problem } from '../idf/problem.ts';
import type { DoctorFacts } from './facts.ts';
import type { Coded, DetailValue } from './finding-ids.ts';
import type { FindingPlace } from './finding.ts';
import { lineRange } from './places.ts';

/** Where a problem of the project is. */
export function problemPlace({ text }: DoctorFacts, { path, line, column, length }: Problem): FindingPlace {
  if (line === undefined) return { path };
  if (column === undefined || length === undefined || length < 1) return { path, range: lineRange(text(path), line) };
  return { path, range: { line, column, endColumn: column + length } };
}

/** Code and details of a problem. */
export function problemDetails({ code, details }: Problem): Coded {
  return { ...(details as Readonly<Record<string, DetailValue>>), code };
}
