import { l10n } from 'vscode';
import { fixesFor } from '../doctor/causes.ts';
import type { Fix } from '../doctor/finding.ts';
import type { FixId } from '../doctor/finding-ids.ts';
import type { IdfVersion } from '../idf/idf-version.ts';
import type { WayOut } from '../texts/error-texts/error-text.ts';
import { fixTitle } from '../texts/finding-texts/fixes.ts';
import type { SettingKey } from '../texts/contributions.ts';

/** Names a fix of a cause, for a command: it is looked up again when that runs. */
export interface CauseChoice {
  readonly cause: string;
  readonly fix: string;
}

export function isCauseChoice(value: unknown): value is CauseChoice {
  return (
    typeof value === 'object' &&
    value !== null &&
    'cause' in value &&
    typeof value.cause === 'string' &&
    'fix' in value &&
    typeof value.fix === 'string'
  );
}

/** Causes that a setting of ours is about. */
const SETTINGS: Readonly<Record<string, SettingKey>> = {
  'client.publicAddress': 'server.allowPublicClients',
  'trigger.badTemplate': 'deliver.httpRequest',
  'trigger.unreachable': 'deliver.httpRequest',
  'trigger.refused': 'deliver.httpRequest',
  'trigger.publicAddress': 'deliver.allowPublicBoards',
  'trigger.noPrompt': 'deliver.trigger',
  'serial.noModemLines': 'deliver.trigger',
};
/** A message has little room for buttons. */
const MOST = 2;

/** Titles that fit on the button of a message. */
function shortTitle(fix: Fix): string {
  const titles: Partial<Record<FixId, string>> = {
    bumpVersion: l10n.t('Bump Version'),
    installCertificate: l10n.t('Install Certificate'),
    renewCertificate: l10n.t('Create Certificate'),
    selectAddress: l10n.t('Select Address'),
    flashFully: l10n.t('Flash Project'),
  };
  return titles[fix.id] ?? fixTitle(fix);
}

/** What can be done about a cause of the timeline or of a console line with one click, the best first; nothing where only the firmware's author or
 * somebody with a cable can help, which the words for the cause say.
 * @param idf of the project, for the names of its options */
export function causeFixes(cause: string, idf?: IdfVersion): readonly WayOut[] {
  const key = SETTINGS[cause];
  if (key !== undefined) return [{ kind: 'setting', key }];
  return fixesFor(cause, idf)
    .slice(0, MOST)
    .map((fix) => ({
      kind: 'command',
      title: shortTitle(fix),
      command: 'applyFix',
      arguments: [{ cause, fix: fix.id } satisfies CauseChoice],
    }));
}
