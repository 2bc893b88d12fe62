import { relative } from 'node:path';
import type { Finding } from '../../../doctor/finding.ts';
import type { Severity } from '../../../doctor/finding-ids.ts';
import { idfVersionText } from '../../../idf/idf-version.ts';
import type { IdfProject } from '../../../idf/project.ts';
import { findingText } from '../../../texts/finding-texts.ts';
import { fixTitle } from '../../../texts/finding-texts/fixes.ts';
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
  const count = (one: Severity): number => findings.filter((finding) => finding.severity === one).length;
  return {
    project: projectAnswer(project),
    isReady: findings.every((one) => one.severity !== 'error'),
    counts: { error: count('error'), warning: count('warning'), information: count('information') },
    findings: wanted.slice(0, limit).map((one) => findingAnswer(one, project.folder)),
    leftOut: Math.max(0, wanted.length - limit),
    ...(isTrusted
      ? {}
      : { note: 'The workspace is not trusted: nothing of it was run, so some checks were not made.' }),
  };
}

function findingAnswer(finding: Finding, folder: string): ToolValue {
  const { id, severity, path, range, details, fixes } = finding;
  return {
    id,
    severity,
    message: findingText(finding),
    ...(path === undefined ? {} : { file: pathIn(folder, path) }),
    ...(range === undefined ? {} : { line: range.line }),
    details: { ...details },
    fixes: fixes.map((fix) => ({
      id: fix.id,
      title: fixTitle(fix),
      ...(fix.kind === 'command' ? { command: `esp32Ota.${fix.command}` } : {}),
      needs: [...fix.needs],
    })),
  };
}

/** What a project is, as every answer about it begins. */
export function projectAnswer(project: IdfProject): ToolValue {
  const { name, folder, version, target, idfVersion, app } = project;
  return {
    name,
    folder,
    version: version.value ?? null,
    builtVersion: app?.image?.description?.version ?? null,
    target: target ?? null,
    idfVersion: idfVersion === undefined ? null : idfVersionText(idfVersion),
  };
}

/** Relative to the project where it lies in it, as a person would write it. */
export function pathIn(folder: string, path: string): string {
  const inside = relative(folder, path);
  return inside === '' || inside.startsWith('..') ? path : inside.replaceAll('\\', '/');
}
