import type { Finding } from '../doctor/finding.ts';
import { FINDINGS, type FindingGroup, type FindingId } from '../doctor/finding-ids.ts';
import type { TriggerKind } from './triggers.ts';

/** About an earlier try: no reason not to try again. */
const LOOKING_BACK: ReadonlySet<FindingId> = new Set(['host-no-request']);

/** Bad for the product, not for the update. */
const OF_THE_REPOSITORY: ReadonlySet<FindingId> = new Set(['certificate-private-key']);

/** What does not matter to a board that is told the URL, whatever its configuration says. */
const OF_THE_URL: ReadonlySet<FindingGroup> = new Set(['url']);

/** What does not matter to a board on this computer. */
const OF_THE_NETWORK: ReadonlySet<FindingId> = new Set(['host-loopback']);

/** The findings that would make a delivery fail, in their order.
 * @param isBuilt false before a build: what a build puts right does not count then */
export function blockingFindings(
  findings: readonly Finding[],
  { isBuilt, trigger }: { readonly isBuilt: boolean; readonly trigger: TriggerKind },
): readonly Finding[] {
  const isToldUrl = trigger === 'sendUrl' || trigger === 'http';
  return findings.filter(({ id, severity, fixes }) => {
    const { group } = FINDINGS[id];
    if (severity !== 'error' || LOOKING_BACK.has(id) || OF_THE_REPOSITORY.has(id)) return false;
    if (isToldUrl && OF_THE_URL.has(group)) return false;
    if (trigger === 'virtual' && OF_THE_NETWORK.has(id)) return false;
    const isFixedByBuild = fixes.some((fix) => fix.kind === 'command' && fix.command === 'buildFirmware');
    return isBuilt || (group !== 'image' && !isFixedByBuild);
  });
}
