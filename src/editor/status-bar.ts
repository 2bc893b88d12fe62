import { MarkdownString, StatusBarAlignment, l10n, window, workspace } from 'vscode';
import type { Disposable } from '../base/disposable.ts';
import { asMarkdown, asMarkdownCode } from '../base/plain-text.ts';
import { commandId } from '../texts/contributions.ts';
import type { CertificateSession } from './sessions/certificate-session.ts';
import { activityText } from '../texts/flash-texts.ts';
import type { FlashSession } from './sessions/flash-session.ts';
import { virtualLabel } from '../texts/board-names.ts';
import type { PortSession } from './sessions/port-session.ts';
import type { ProjectSession } from './sessions/project-session.ts';
import type { ServerSession } from './sessions/server-session.ts';
import { agoText, dayText, percentText } from '../texts/text.ts';

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
          url === undefined
            ? `${l10n.t('Nothing to serve yet: build the firmware.')}\n\n`
            : `${asMarkdownCode(url)}\n\n`,
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

/** The board's port: which one is selected, and what goes on with it. Shown only while a project is open. */
export function createPortItem(projects: ProjectSession, ports: PortSession, flash: FlashSession): Disposable {
  const item = window.createStatusBarItem('port', StatusBarAlignment.Left, 49);
  item.name = l10n.t('ESP32 OTA Port');
  item.command = commandId('selectPort');

  const draw = (): void => {
    if (projects.project === undefined || !workspace.isTrusted) {
      item.hide();
      return;
    }
    const { selected } = ports;
    const { activity } = flash;
    const known = ports.ports.find((port) => port.address === selected);
    const name = selected === '' ? l10n.t('no port') : (virtualLabel(selected) ?? shortName(selected));
    item.text = activity === undefined ? `$(plug) ${name}` : `$(loading~spin) ${activityText(activity)}`;
    const facts = ports.factsOf(selected);
    item.tooltip = new MarkdownString(
      [
        selected === '' ? l10n.t('Select the port that the board is on') : `**${asMarkdown(known?.name ?? name)}**`,
        selected === '' ? '' : asMarkdownCode(selected),
        facts === undefined
          ? ''
          : asMarkdown(
              `${facts.chip} ${facts.revision} · MAC ${facts.mac} · ${l10n.t('read {0}', agoText(facts.atMs))}`,
            ),
      ]
        .filter(Boolean)
        .join('\n\n'),
    );
    item.accessibilityInformation = {
      label: activity === undefined ? l10n.t('Port of the board: {0}', name) : activityText(activity),
    };
    item.show();
  };

  draw();
  const subscriptions = [projects.onChange(draw), ports.onChange(draw), flash.onChange(draw)];
  return {
    dispose: () => {
      for (const subscription of subscriptions) subscription.dispose();
      item.dispose();
    },
  };
}

/** `/dev/ttyUSB0` as `ttyUSB0`; an address on another computer as it is. */
function shortName(address: string): string {
  return address.replace(/^\/dev\//, '');
}
