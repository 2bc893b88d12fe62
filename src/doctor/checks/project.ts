import type { DoctorFacts } from '../facts.ts';
import { finding, type Finding } from '../finding.ts';
import { problemDetails, problemPlace } from '../problem-place.ts';

/** Problems of the project's files that no other group tells in words of its own. */
export function projectFindings(facts: DoctorFacts): readonly Finding[] {
  return facts.project.problems
    .filter(
      ({ code, path }) => !isToldElsewhere(code) && !(code.startsWith('image.') && path === facts.project.app?.path),
    )
    .map((problem) =>
      finding('project-file', problemDetails(problem), {
        at: problem.path === '' ? undefined : problemPlace(facts, problem),
        severity: problem.severity,
      }),
    );
}

/** The version's problems, and those of the partition table that have a finding in the group of the layout. */
function isToldElsewhere(code: string): boolean {
  return (
    code.startsWith('version.') ||
    code.startsWith('partitionCsv.') ||
    ['partitionTable.csvMissing', 'partitionTable.unknownBuiltIn', 'partitionTable.noFileForChoice'].includes(code)
  );
}
