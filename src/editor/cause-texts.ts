import { l10n } from 'vscode';
import type { CauseId } from '../monitor/stages.ts';
import type { TlsFailureCause } from '../server/transfer-events.ts';

const CONSOLE_CAUSES: Record<CauseId, () => string> = {
  nameNotResolved: () => l10n.t('the board could not resolve the host name in its URL'),
  serverUnreachable: () =>
    l10n.t('the board could not reach the server: wrong address or port, server off, or a firewall'),
  handshakeTooSlow: () => l10n.t('the TLS handshake took longer than the board waits'),
  certificateNotTrusted: () =>
    l10n.t(
      'the board does not trust the server’s certificate, or the host in its URL is not in it: install the certificate and build',
    ),
  certificateUsage: () => l10n.t('the certificate is not meant for a server: renew it'),
  noSharedTls: () => l10n.t('board and server have no TLS version or cipher in common'),
  notTls: () => l10n.t('what answered was not TLS, or its records are larger than the board’s buffer'),
  connectionLost: () => l10n.t('the connection broke off'),
  deviceMemory: () => l10n.t('the board ran out of memory'),
  embeddedCertificateUnusable: () =>
    l10n.t('the certificate in the firmware is not usable: install it again and build'),
  noServerVerification: () =>
    l10n.t('the firmware has no certificate to check the server with, and plain HTTP is not allowed'),
  httpStatus: () => l10n.t('the server answered with an error: the path in the URL is wrong'),
  authentication: () => l10n.t('the server wants a login that the firmware does not have'),
  redirect: () => l10n.t('the server redirected to where the firmware does not follow'),
  serverSlow: () => l10n.t('the server was too slow to answer'),
  imageTooShort: () => l10n.t('what came is too short for an image'),
  notAnAppImage: () => l10n.t('what came is not an application image'),
  wrongChip: () => l10n.t('the image is for another chip'),
  chipRevision: () => l10n.t('the image is for another revision of the chip'),
  spiMode: () => l10n.t('the image uses another SPI flash mode than the running one'),
  sameVersion: () => l10n.t('the board runs this version already: bump it'),
  versionRolledBackBefore: () => l10n.t('the board rolled this version back before: bump it'),
  secureVersion: () => l10n.t('the secure version is lower than the board’s'),
  appNotConfirmed: () => l10n.t('the running application never marked itself valid, so no update may start'),
  noOtaPartitions: () => l10n.t('the board’s partition table has no slot for updates'),
  imageTooLarge: () => l10n.t('the image is larger than the slot'),
  flashFailure: () => l10n.t('the flash could not be written or read'),
  partitionReadOnly: () => l10n.t('the partition is read-only'),
  imageCorrupt: () => l10n.t('the image arrived damaged or cut'),
  signature: () => l10n.t('the signature is missing or not by a key that the board knows'),
  urlFromStdin: () => l10n.t('the firmware expects its URL from the console, but was configured with one'),
  partitionTable: () => l10n.t('the board’s partition table is damaged'),
  nothingBootable: () => l10n.t('no slot holds anything that boots: flash by cable'),
  otadata: () => l10n.t('otadata is damaged: erase it'),
  flashSize: () => l10n.t('the flash is smaller than configured'),
  noBootloader: () => l10n.t('there is no bootloader where the chip looks for it'),
  wifi: () => l10n.t('the board did not get onto the Wi-Fi'),
  power: () => l10n.t('the supply is too weak'),
  watchdog: () => l10n.t('a watchdog reset the board'),
  earlier: () => l10n.t('the board gave up; the console says more'),
};

const TLS_CAUSES: Record<TlsFailureCause, () => string> = {
  unknownAuthority: () => l10n.t('the client does not trust our authority: install the certificate and build'),
  certificateRefused: () =>
    l10n.t('the client refused our certificate: the host in its URL is not in it, or it is not for a server'),
  plainHttpOnTls: () => l10n.t('the client spoke plain HTTP to the HTTPS port: its URL has to begin with https://'),
  tlsOnPlainHttp: () => l10n.t('the client spoke TLS to the HTTP port: its URL has to begin with http://'),
  noSharedVersion: () => l10n.t('no TLS version in common'),
  noSharedCipher: () => l10n.t('no cipher in common'),
  timeout: () => l10n.t('the TLS handshake was not finished in time'),
  closed: () => l10n.t('the client closed the connection during the TLS handshake'),
  other: () => l10n.t('the TLS handshake failed'),
};

const OWN_CAUSES: Readonly<Record<string, () => string>> = {
  'download.aborted': () => l10n.t('the download broke off'),
  'client.publicAddress': () => l10n.t('it comes from a public address, which is not answered'),
  'client.tooManyConnections': () => l10n.t('it opened too many connections'),
  rolledBack: () => l10n.t('the new version did not confirm itself, and the bootloader went back'),
  diagnosticsFailed: () => l10n.t('the new version found that it does not work, and went back'),
  crashed: () => l10n.t('the application crashed'),
  otherImageRuns: () => l10n.t('another image runs after the update'),
};

/** A cause of the timeline in words, with what to do where it is known. */
export function causeText(cause: string): string {
  if (cause in CONSOLE_CAUSES) return CONSOLE_CAUSES[cause as CauseId]();
  if (cause.startsWith('tls.') && cause.slice(4) in TLS_CAUSES) return TLS_CAUSES[cause.slice(4) as TlsFailureCause]();
  const own = OWN_CAUSES[cause];
  if (own !== undefined) return own();
  const status = /^http\.(\d+)$/.exec(cause)?.[1];
  return status === undefined ? cause : l10n.t('the server answered {0}: the path in the URL is wrong', status);
}
