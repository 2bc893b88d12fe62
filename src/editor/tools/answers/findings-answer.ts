import type { Finding, Fix } from '../../../doctor/finding.ts';
import type { Severity } from '../../../doctor/finding-ids.ts';
import type { IdfProject } from '../../../idf/project.ts';
import { countsJson, findingJson } from '../../../json/finding-json.ts';
import { projectJson } from '../../../json/project-json.ts';
import type { ToolValue } from '../output.ts';

/** The worst first. */
export const SEVERITIES = ['error', 'warning', 'information'] as const satisfies readonly Severity[];

export interface FindingsOptions {
  /** The least severity that is told. */
  readonly severity: Severity;
  readonly limit: number;
  /** Without trust nothing is run: a version that Git would decide, and whether the port is taken, are not known. */
  readonly isTrusted: boolean;
}

/** What stands in the way of an update, the worst first. */
export function findingsAnswer(
  project: IdfProject,
  findings: readonly Finding[],
  { severity, limit, isTrusted }: FindingsOptions,
): ToolValue {
  const least = SEVERITIES.indexOf(severity);
  const wanted = findings.filter((one) => SEVERITIES.indexOf(one.severity) <= least);
  return {
    project: projectJson(project),
    isReady: findings.every((one) => one.severity !== 'error'),
    counts: countsJson(findings),
    findings: wanted.slice(0, limit).map((one) => findingJson(one, inEditor)),
    leftOut: Math.max(0, wanted.length - limit),
    ...(isTrusted
      ? {}
      : { note: 'The workspace is not trusted: nothing of it was run, so some checks were not made.' }),
  };
}

/** What carries out a fix in the editor. */
function inEditor(fix: Fix): { readonly command?: string } {
  return fix.kind === 'command' ? { command: `esp32Ota.${fix.command}` } : {};
}
