import { behaviourFindings } from './checks/behaviour.ts';
import { certificateFindings } from './checks/certificate.ts';
import { hostFindings } from './checks/host.ts';
import { httpFindings } from './checks/http.ts';
import { imageFindings } from './checks/image.ts';
import { layoutFindings } from './checks/layout.ts';
import { projectFindings } from './checks/project.ts';
import { urlFindings } from './checks/url.ts';
import { versionFindings } from './checks/version.ts';
import type { DoctorFacts } from './facts.ts';
import { FINDING_GROUPS, FINDINGS, type Severity } from './finding-ids.ts';
import type { Finding } from './finding.ts';

/** One group of checks. Pure: what it can know is in the facts. */
export type Check = (facts: DoctorFacts) => readonly Finding[];

const CHECKS: readonly Check[] = [
  projectFindings,
  layoutFindings,
  urlFindings,
  httpFindings,
  certificateFindings,
  versionFindings,
  imageFindings,
  behaviourFindings,
  hostFindings,
];

const SEVERITIES: readonly Severity[] = ['error', 'warning', 'information'];

/** What stands in the way of the next update over the air, the worst first, then by group. Never throws for anything that stands in a file. */
export function checkSetup(facts: DoctorFacts): readonly Finding[] {
  return CHECKS.flatMap((check) => check(facts))
    .map((found, index) => ({ found, rank: rankOf(found), index }))
    .sort((one, other) => one.rank - other.rank || one.index - other.index)
    .map(({ found }) => found);
}

function rankOf({ id, severity }: Finding): number {
  return SEVERITIES.indexOf(severity) * FINDING_GROUPS.length + FINDING_GROUPS.indexOf(FINDINGS[id].group);
}
