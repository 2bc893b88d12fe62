import { MarkdownString, StatusBarAlignment, l10n, window } from 'vscode';
import type { Disposable } from '../base/disposable.ts';
import { commandId } from './contributions.ts';
import type { CertificateSession } from './sessions/certificate-session.ts';
import type { ServerSession } from './sessions/server-session.ts';
import { dayText, percentText } from './text.ts';

function link(name: Parameters<typeof commandId>[0], title: string): string {
  return `[${title}](command:${commandId(name)})`;
}

/** The server toggle: one item, which says whether the server is on, under which address, and how far a transfer is. */
export function createStatusBarItem(server: ServerSession, certificates: CertificateSession): Disposable {
  const item = window.createStatusBarItem('server', StatusBarAlignment.Left, 50);
  item.name = l10n.t('ESP32 OTA Server');
  item.command = commandId('toggleServer');

  const draw = (): void => {
    const { state, projectRelease } = server;
    const hover = new MarkdownString('', true);
    hover.isTrusted = {
      enabledCommands: (
        ['toggleServer', 'copyFirmwareUrl', 'showServerLog', 'showCertificate', 'selectAdvertisedAddress'] as const
      ).map(commandId),
    };
    switch (state.kind) {
      case 'off':
        item.text = `$(broadcast) ${l10n.t('OTA: off')}`;
        hover.appendMarkdown(`${l10n.t('The OTA server is off.')}\n\n${link('toggleServer', l10n.t('Start'))}`);
        item.accessibilityInformation = { label: l10n.t('The OTA server is off. Start') };
        break;
      case 'starting':
        item.text = `$(loading~spin) ${l10n.t('OTA: starting…')}`;
        hover.appendMarkdown(l10n.t('The OTA server is starting.'));
        item.accessibilityInformation = { label: l10n.t('The OTA server is starting.') };
        break;
      case 'on': {
        const active = [...server.clients.values()].flatMap((client) => client.current ?? []);
        const version = projectRelease?.version ?? '';
        const [first] = active;
        const progress = first === undefined ? '' : ` ${percentText(first.offsetBytes, first.totalBytes)}`;
        const more = active.length > 1 ? ` (+${active.length - 1})` : '';
        const address = state.url.replace(/^https?:\/\//, '');
        item.text = `$(${first === undefined ? 'broadcast' : 'cloud-download'}) ${[address, version].filter(Boolean).join(' · ')}${progress}${more}`;
        const url = projectRelease === undefined ? undefined : server.urlOf(projectRelease);
        hover.appendMarkdown(`**${l10n.t('OTA server on')}**\n\n`);
        hover.appendMarkdown(
          url === undefined ? `${l10n.t('Nothing to serve yet: build the firmware.')}\n\n` : `\`${url}\`\n\n`,
        );
        hover.appendMarkdown(`${certificateLine(state.protocol, certificates)}\n\n`);
        hover.appendMarkdown(
          [
            ...(url === undefined ? [] : [link('copyFirmwareUrl', l10n.t('Copy URL'))]),
            link('selectAdvertisedAddress', l10n.t('Address')),
            link('showCertificate', l10n.t('Certificate')),
            link('showServerLog', l10n.t('Log')),
            link('toggleServer', l10n.t('Stop')),
          ].join(' · '),
        );
        item.accessibilityInformation = {
          label: `${l10n.t('OTA server on')}, ${state.url} ${version}${progress}. ${l10n.t('Stop')}`,
        };
        break;
      }
    }
    item.tooltip = hover;
  };

  draw();
  item.show();
  const subscriptions = [server.onChange(draw), certificates.onChange(draw)];
  return {
    dispose: () => {
      for (const subscription of subscriptions) subscription.dispose();
      item.dispose();
    },
  };
}

function certificateLine(protocol: 'https' | 'http', certificates: CertificateSession): string {
  if (protocol === 'http') return `$(unlock) ${l10n.t('Plain HTTP: for tests only')}`;
  const { current } = certificates;
  if (current === undefined) return '';
  return `$(lock) ${l10n.t('Certificate valid until {0}', dayText(current.description.validToMs))}`;
}
