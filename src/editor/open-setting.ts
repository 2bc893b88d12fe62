import { commands, env } from 'vscode';
import { SETTINGS_SECTION } from '../texts/contributions.ts';
import type { SettingKey } from '../texts/contributions.ts';

/** Opens the settings editor on one setting. On a remote computer, paths and the like belong to that computer, and only its own tab shows
 * them. */
export async function openSetting(key: SettingKey): Promise<void> {
  const opens = env.remoteName === undefined ? 'workbench.action.openSettings' : 'workbench.action.openRemoteSettings';
  await commands.executeCommand(opens, { query: `@id:${SETTINGS_SECTION}.${key}` });
}
