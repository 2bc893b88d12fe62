import { MarkdownString, StatusBarAlignment, ThemeColor, l10n, window } from 'vscode';
import type { Disposable } from '../base/disposable.ts';
import { commandId } from '../texts/contributions.ts';
import type { ServerSession } from './sessions/server-session.ts';

/** Beside the server: which fault it serves, as long as it does. A click turns it off. */
export function createFaultItem(server: ServerSession): Disposable {
  const item = window.createStatusBarItem('fault', StatusBarAlignment.Left, 49.5);
  item.name = l10n.t('ESP32 OTA Fault');
  item.command = commandId('stopFault');
  item.backgroundColor = new ThemeColor('statusBarItem.warningBackground');

  const draw = (): void => {
    if (server.fault === undefined) item.hide();
    else void show();
  };
  // the texts load when there is something to say for the first time
  const show = async (): Promise<void> => {
    const [{ faultText, profileText }, { faultKind }] = await Promise.all([
      import('../texts/fault-texts.ts'),
      import('../server/faults/profiles.ts'),
    ]);
    const { fault } = server;
    if (fault === undefined) return;
    const { name, does, healthy } = faultText(fault.profile.id);
    const values = profileText(fault.profile, faultKind(fault.profile.id).parameters);
    const left = fault.requests === undefined ? undefined : Math.max(0, fault.requests - fault.used);
    const text = [name, values].filter(Boolean).join(' ');
    item.text = `$(bug) ${left === undefined ? text : l10n.t('{0}, {1} left', text, left)}`;
    const hover = new MarkdownString('', true);
    hover.isTrusted = { enabledCommands: [commandId('stopFault'), commandId('serveWithFault')] };
    hover.appendMarkdown(`**${l10n.t('The server serves with a fault')}**\n\n${does}\n\n`);
    hover.appendMarkdown(`${l10n.t('A healthy firmware {0}.', healthy)}\n\n`);
    hover.appendMarkdown(`${l10n.t('Happened so far: {0}', fault.used)}\n\n`);
    hover.appendMarkdown(
      `[${l10n.t('Turn Off')}](command:${commandId('stopFault')}) · [${l10n.t('Another Fault…')}](command:${commandId('serveWithFault')})`,
    );
    item.tooltip = hover;
    item.accessibilityInformation = {
      label: `${l10n.t('The server serves with a fault')}: ${text}. ${l10n.t('Turn Off')}`,
    };
    item.show();
  };

  draw();
  const subscription = server.onChange(draw);
  return {
    dispose: () => {
      subscription.dispose();
      item.dispose();
    },
  };
}
