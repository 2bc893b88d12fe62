import { l10n } from 'vscode';
import type { WayOut } from './error-texts/error-text.ts';

const bump = (): WayOut => ({ kind: 'command', title: l10n.t('Bump Version'), command: 'bumpVersion' });
const install = (): WayOut => ({
  kind: 'command',
  title: l10n.t('Install Certificate'),
  command: 'installCertificate',
});
const flash = (): WayOut => ({ kind: 'command', title: l10n.t('Flash Project'), command: 'flashProject' });
const address = (): WayOut => ({
  kind: 'command',
  title: l10n.t('Select Address'),
  command: 'selectAdvertisedAddress',
});
const url = (): WayOut => ({ kind: 'command', title: l10n.t('Copy Firmware URL'), command: 'copyFirmwareUrl' });
const log = (): WayOut => ({ kind: 'command', title: l10n.t('Show Server Log'), command: 'showServerLog' });
const build = (): WayOut => ({ kind: 'command', title: l10n.t('Build Firmware'), command: 'buildFirmware' });

/** What can be done about a cause of the timeline with one click, the best first; nothing where only the firmware's author can help. */
const FIXES: Readonly<Record<string, readonly (() => WayOut)[]>> = {
  sameVersion: [bump],
  versionRolledBackBefore: [bump],
  certificateNotTrusted: [install],
  'tls.unknownAuthority': [install],
  'tls.closed': [install],
  noServerVerification: [install],
  embeddedCertificateUnusable: [install],
  'tls.certificateRefused': [address, install],
  serverUnreachable: [address, log],
  nameNotResolved: [address],
  'tls.plainHttpOnTls': [url],
  'tls.tlsOnPlainHttp': [url],
  'http.404': [url],
  'http.403': [url],
  httpStatus: [url],
  wrongChip: [build],
  notAnAppImage: [build],
  imageCorrupt: [build],
  noOtaPartitions: [flash],
  imageTooLarge: [flash],
  partitionTable: [flash],
  otadata: [flash],
  nothingBootable: [flash],
  'client.publicAddress': [() => ({ kind: 'setting', key: 'server.allowPublicClients' })],
  'trigger.badTemplate': [() => ({ kind: 'setting', key: 'deliver.httpRequest' })],
  'trigger.unreachable': [() => ({ kind: 'setting', key: 'deliver.httpRequest' })],
  'trigger.refused': [() => ({ kind: 'setting', key: 'deliver.httpRequest' })],
  'trigger.publicAddress': [() => ({ kind: 'setting', key: 'deliver.allowPublicBoards' })],
  'serial.noModemLines': [() => ({ kind: 'setting', key: 'deliver.trigger' })],
};

export function causeFixes(cause: string): readonly WayOut[] {
  return (FIXES[cause] ?? []).map((make) => make());
}
