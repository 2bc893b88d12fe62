import * as l10n from '@vscode/l10n';
import type { Failure } from '../ota/update-state.ts';
import { textOfRecorded } from './error-texts.ts';
import type { CauseId } from '../monitor/stages.ts';
import type { TlsFailureCause } from '../server/transfer-events.ts';

const CONSOLE_CAUSES: Record<CauseId, () => string> = {
  nameNotResolved: () => l10n.t('the board could not resolve the host name in its URL'),
  serverUnreachable: () =>
    l10n.t('the board could not reach the server: wrong address or port, server off, or a firewall'),
  handshakeTooSlow: () => l10n.t('the TLS handshake took longer than the board waits'),
  certificateNotTrusted: () =>
    l10n.t(
      'the board’s firmware does not trust the server’s certificate, or the host in its URL is not in it: install the certificate, build, and flash by cable once (virtual board: detach and attach it)',
    ),
  certificateUsage: () =>
    l10n.t('the certificate is not meant for servers: use one with the extended key usage serverAuth'),
  noSharedTls: () => l10n.t('board and server have no TLS version or cipher in common'),
  notTls: () => l10n.t('what answered was not TLS, or its records are larger than the board’s buffer'),
  connectionLost: () => l10n.t('the connection broke off: try again, and check the Wi-Fi if it happens often'),
  deviceMemory: () => l10n.t('the board ran out of memory'),
  embeddedCertificateUnusable: () =>
    l10n.t(
      'the certificate in the firmware is unusable: install it again, build, and flash by cable (virtual board: detach and attach it)',
    ),
  noServerVerification: () =>
    l10n.t(
      'the firmware has no certificate to check the server with, and plain HTTP is not allowed: embed the certificate, or set CONFIG_ESP_HTTPS_OTA_ALLOW_HTTP',
    ),
  httpStatus: () => l10n.t('the server answered with an error: check the path in the firmware’s URL'),
  authentication: () => l10n.t('the server wants a login that the firmware does not have'),
  redirect: () =>
    l10n.t('the server redirected to where the firmware does not follow: only a whole https:// address works'),
  serverSlow: () => l10n.t('the server was too slow to answer'),
  imageTooShort: () => l10n.t('what was downloaded is too short for an image'),
  notAnAppImage: () => l10n.t('what was downloaded is not an application image'),
  wrongChip: () => l10n.t('the image is for another chip: set the target (idf.py set-target) and build'),
  chipRevision: () =>
    l10n.t('the image is for another revision of the chip: set the minimum revision in menuconfig (Hardware Settings)'),
  spiMode: () => l10n.t('the image uses another SPI flash mode than the running one'),
  sameVersion: () => l10n.t('the board already runs this version: bump the version and build'),
  versionRolledBackBefore: () => l10n.t('the board rolled this version back before: bump the version and build'),
  secureVersion: () => l10n.t('the image’s secure version is lower than the board’s: raise it in menuconfig'),
  appNotConfirmed: () =>
    l10n.t(
      'the running application has not marked itself valid (esp_ota_mark_app_valid_cancel_rollback), so no update may start',
    ),
  noOtaPartitions: () =>
    l10n.t('the board’s partition table has no slot for updates: choose one with two OTA slots and flash by cable'),
  imageTooLarge: () =>
    l10n.t('the image is larger than the slot: make it smaller, or enlarge the slots and flash by cable'),
  flashFailure: () =>
    l10n.t('the flash could not be written or read: check the supply, and flash mode and frequency in menuconfig'),
  partitionReadOnly: () => l10n.t('the partition is read-only'),
  imageCorrupt: () => l10n.t('the image arrived damaged or cut: build again, and compare what the server sent'),
  signature: () =>
    l10n.t('the image is not signed, or not with a key that the board trusts: sign it with the key of its firmware'),
  urlFromStdin: () =>
    l10n.t(
      'the firmware reads its URL from the console, but another one is configured: set CONFIG_EXAMPLE_FIRMWARE_UPGRADE_URL to FROM_STDIN',
    ),
  partitionTable: () => l10n.t('the board’s partition table is damaged: flash it by cable'),
  nothingBootable: () => l10n.t('no slot holds anything that boots: flash by cable'),
  otadata: () => l10n.t('otadata is damaged: erase it by cable'),
  flashSize: () => l10n.t('the flash is smaller than configured: set the flash size in menuconfig'),
  noBootloader: () => l10n.t('there is no bootloader where the chip looks for it'),
  wifi: () => l10n.t('the board could not connect to Wi-Fi: check name and password in menuconfig'),
  power: () => l10n.t('the power supply is too weak: use a shorter cable or a stronger supply'),
  watchdog: () => l10n.t('a watchdog reset the board: something kept it busy, the console says what before the reset'),
  earlier: () => l10n.t('the board gave up; the console says more'),
};

const TLS_CAUSES: Record<TlsFailureCause, () => string> = {
  unknownAuthority: () =>
    l10n.t(
      'the client does not trust the server’s certificate: install the certificate, build, and flash by cable once (virtual board: detach and attach it)',
    ),
  certificateRefused: () =>
    l10n.t(
      'the client refused the server’s certificate: the host in its URL is not in it, it has expired, or it is not meant for servers',
    ),
  plainHttpOnTls: () => l10n.t('the client spoke plain HTTP to the HTTPS port: its URL has to begin with https://'),
  tlsOnPlainHttp: () => l10n.t('the client spoke TLS to the HTTP port: its URL has to begin with http://'),
  noSharedVersion: () => l10n.t('no TLS version in common'),
  noSharedCipher: () => l10n.t('no cipher in common'),
  timeout: () => l10n.t('the TLS handshake was not finished in time'),
  closed: () => l10n.t('the client closed the connection at the TLS handshake: it may not trust the certificate'),
  other: () => l10n.t('the TLS handshake failed'),
};

const OWN_CAUSES: Readonly<Record<string, () => string>> = {
  'download.aborted': () => l10n.t('the download broke off'),
  'client.publicAddress': () =>
    l10n.t(
      'it comes from a public address, which is not answered (esp32Ota.server.allowPublicClients, or --allow-public on the command line)',
    ),
  'client.tooManyConnections': () => l10n.t('it opened too many connections'),
  rolledBack: () => l10n.t('the new version did not confirm itself, so the bootloader went back to the old one'),
  diagnosticsFailed: () =>
    l10n.t('the new version failed its own diagnostics and went back to the old one: its console says what failed'),
  crashed: () => l10n.t('the application crashed: the monitor shows the source line'),
  otherImageRuns: () => l10n.t('another image runs after the update'),
};

/** A cause of the timeline in words, with what to do where it is known. */
export function causeText(cause: string): string {
  if (cause in CONSOLE_CAUSES) return CONSOLE_CAUSES[cause as CauseId]();
  if (cause.startsWith('tls.') && cause.slice(4) in TLS_CAUSES) return TLS_CAUSES[cause.slice(4) as TlsFailureCause]();
  const own = OWN_CAUSES[cause];
  if (own !== undefined) return own();
  const status = /^http\.(\d+)$/.exec(cause)?.[1];
  return status === undefined
    ? cause
    : l10n.t('the server answered with {0}: check the path in the firmware’s URL', status);
}

/** What a failure says: of an error of ours its own words, of anything else its cause. */
export function failureText({ cause, evidence }: Failure): string {
  if (evidence.source !== 'trigger') return causeText(cause);
  try {
    return textOfRecorded(cause, JSON.parse(evidence.text))?.message ?? causeText(cause);
  } catch {
    return causeText(cause);
  }
}
