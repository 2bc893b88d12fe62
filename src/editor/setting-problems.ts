import { l10n, workspace, type LogOutputChannel } from 'vscode';
import { showWarningMessage } from './messages.ts';
import { SETTINGS_SECTION } from '../texts/contributions.ts';
import { openSetting } from './open-setting.ts';
import { onAnswer } from './report-error.ts';
import { readSettings } from './settings.ts';

const reported = new Set<string>();

/** Tells once about every value in the settings, those of folders too, that can't be used; the default counts instead. */
export function reportInvalidSettings(log: LogOutputChannel): void {
  const scopes = [undefined, ...(workspace.workspaceFolders ?? [])];
  for (const { key, value } of scopes.flatMap((scope) => readSettings(scope).problems)) {
    const id = `${key}=${value}`;
    if (reported.has(id)) continue;
    reported.add(id);
    log.warn(`setting ${SETTINGS_SECTION}.${key} can't be ${value}: the default counts`);
    const open = l10n.t('Open Setting');
    const message = l10n.t('{0} can’t be {1}. The default is used.', `${SETTINGS_SECTION}.${key}`, value);
    onAnswer(showWarningMessage(message, open), () => openSetting(key), log);
  }
}
