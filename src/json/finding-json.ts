import { FINDINGS, type Severity } from '../doctor/finding-ids.ts';
import type { Finding, Fix } from '../doctor/finding.ts';
import { findingText } from '../texts/finding-texts.ts';
import { fixText } from '../texts/finding-texts/fixes.ts';

/** How many there are of each severity. */
export function countsJson(findings: readonly Finding[]) {
  const count = (severity: Severity): number => findings.filter((one) => one.severity === severity).length;
  return { error: count('error'), warning: count('warning'), information: count('information') };
}

/** Something that stands in the way of an update.
 * @param how what carries out a fix where this is read, and words that name it: a line for the shell, or a command of the editor */
export function findingJson<How extends object>(finding: Finding, how: (fix: Fix) => How) {
  const { id, severity, path, range, details, fixes } = finding;
  return {
    id,
    group: FINDINGS[id].group,
    severity,
    ...(path === undefined ? {} : { path }),
    ...(range === undefined ? {} : { line: range.line, column: range.column, endColumn: range.endColumn }),
    message: findingText(finding),
    details: { ...details },
    fixes: fixes.map((fix) => ({ ...fixJson(fix), ...how(fix) })),
  };
}

function fixJson(fix: Fix) {
  const { id, kind, needs } = fix;
  return {
    id,
    kind,
    message: fixText(fix),
    needs,
    ...(fix.kind === 'setOptions' ? { options: fix.options } : {}),
    ...(fix.kind === 'editFile' || fix.kind === 'writeFile' ? { path: fix.path } : {}),
  };
}
