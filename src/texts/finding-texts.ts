import type { FindingGroup, FindingId } from '../doctor/finding-ids.ts';
import type { Finding } from '../doctor/finding.ts';
import * as l10n from '@vscode/l10n';
import { behaviourTexts } from './finding-texts/behaviour.ts';
import { certificateTexts } from './finding-texts/certificate.ts';
import type { FindingTexts } from './finding-texts/finding-text.ts';
import { firmwareTexts } from './finding-texts/firmware.ts';
import { hostTexts } from './finding-texts/host.ts';
import { layoutTexts } from './finding-texts/layout.ts';
import { networkTexts } from './finding-texts/network.ts';
import { versionTexts } from './finding-texts/version.ts';

/** The cause, for every finding there is: a missing one does not compile. */
const TEXTS: FindingTexts<FindingId> = {
  ...layoutTexts,
  ...networkTexts,
  ...certificateTexts,
  ...versionTexts,
  ...firmwareTexts,
  ...behaviourTexts,
  ...hostTexts,
};

/** What a finding says, as one sentence. */
export function findingText({ id, details }: Finding): string {
  // the table has, under each id, the text for that id's details
  const text = TEXTS[id] as (it: Finding['details']) => string;
  return text(details);
}

export function groupName(group: FindingGroup): string {
  const names: Record<FindingGroup, string> = {
    project: l10n.t('Project'),
    layout: l10n.t('Flash Layout'),
    url: l10n.t('Firmware URL'),
    http: l10n.t('Plain HTTP'),
    certificate: l10n.t('Certificate'),
    version: l10n.t('Version'),
    image: l10n.t('Image'),
    behaviour: l10n.t('Behaviour'),
    host: l10n.t('This Computer'),
  };
  return names[group];
}
