import type { CauseId } from '../monitor/stage-rule.ts';
import type { TlsFailureCause } from '../server/transfer-events.ts';
import { isIdfAtLeast, type IdfVersion } from '../idf/idf-version.ts';
import type { Fix, FixCommand, Need, OptionValue } from './finding.ts';
import type { FixId } from './finding-ids.ts';

/** Why an update did not go on: what a console line tells, what the server saw, or what the update as a whole showed.
 * - `tls.…`: the TLS handshake, as the server saw it
 * - `http.<status>`: the status that the server answered with
 * - `download.aborted`: the client went away in the middle
 * - `client.…`: the server closed the connection unanswered
 * - `crashed`, `rolledBack`, `diagnosticsFailed`, `otherImageRuns`: what became of the new version */
export type Cause =
  | CauseId
  | `tls.${TlsFailureCause}`
  | `http.${number}`
  | 'download.aborted'
  | 'client.publicAddress'
  | 'client.tooManyConnections'
  | 'crashed'
  | 'rolledBack'
  | 'diagnosticsFailed'
  | 'otherImageRuns';

/** What can be done about a cause, the best first, for a version of ESP-IDF. */
type Remedy = (idf: IdfVersion | undefined) => readonly Fix[];

function command(id: FixId, name: FixCommand, ...needs: readonly Need[]): Fix {
  return { kind: 'command', id, command: name, needs };
}

function options(id: FixId, values: Readonly<Record<string, OptionValue>>, ...needs: readonly Need[]): Fix {
  return { kind: 'setOptions', id, options: values, needs };
}

const CHECK = command('checkSetup', 'checkSetup');
const COPY_URL = command('copyUrl', 'copyFirmwareUrl');
const BUILD = command('build', 'buildFirmware');
const FLASH_ALL = command('flashFully', 'flashProjectFully');
const BUMP = command('bumpVersion', 'bumpVersion', 'rebuild');
// what runs now was flashed with another certificate
const INSTALL = command('installCertificate', 'installCertificate', 'rebuild', 'fullFlash');
const RENEW = command('renewCertificate', 'createCertificate');
const SERVER_LOG = command('showServerLog', 'showServerLog');
const ADDRESS = command('selectAddress', 'selectAdvertisedAddress');
const START = command('startServer', 'startServer');
const SET_UP = command('setUp', 'setUpForOta', 'rebuild', 'fullFlash');
const TIMEOUT = options('setTimeout', { EXAMPLE_OTA_RECV_TIMEOUT: 10_000 }, 'rebuild', 'fullFlash');

function allowHttp(idf: IdfVersion | undefined): Fix {
  const symbol = isIdfAtLeast(idf, 5, 0) ? 'ESP_HTTPS_OTA_ALLOW_HTTP' : 'OTA_ALLOW_HTTP';
  return options('allowHttp', { [symbol]: true }, 'rebuild', 'fullFlash');
}

/** Basic and Digest are off unless asked for, Digest from ESP-IDF 5.0 on.
 * @see ESP-IDF v5.5 `components/esp_http_client/Kconfig` */
function enableAuthentication(idf: IdfVersion | undefined): Fix {
  const digest: Readonly<Record<string, OptionValue>> = isIdfAtLeast(idf, 5, 0)
    ? { ESP_HTTP_CLIENT_ENABLE_DIGEST_AUTH: true }
    : {};
  return options(
    'enableAuthentication',
    { ESP_HTTP_CLIENT_ENABLE_BASIC_AUTH: true, ...digest },
    'rebuild',
    'fullFlash',
  );
}

const none: Remedy = () => [];

/** Every cause with what can be done about it. Where the list is empty, only the user can do something: the words for the cause say what. */
const REMEDIES: Readonly<Record<Exclude<Cause, `http.${number}`>, Remedy>> = {
  nameNotResolved: () => [ADDRESS, CHECK],
  serverUnreachable: () => [START, CHECK, ADDRESS],
  handshakeTooSlow: () => [TIMEOUT],
  certificateNotTrusted: () => [INSTALL, CHECK],
  certificateUsage: () => [RENEW],
  noSharedTls: () => [options('allowTls12', { MBEDTLS_SSL_PROTO_TLS1_2: true }, 'rebuild', 'fullFlash'), SERVER_LOG],
  notTls: () => [CHECK, options('setTlsBuffer', { MBEDTLS_SSL_IN_CONTENT_LEN: 16_384 }, 'rebuild', 'fullFlash')],
  connectionLost: () => [SERVER_LOG],
  deviceMemory: () => [options('useDynamicBuffers', { MBEDTLS_DYNAMIC_BUFFER: true }, 'rebuild', 'fullFlash')],
  embeddedCertificateUnusable: () => [INSTALL],
  noServerVerification: (idf) => [INSTALL, SET_UP, allowHttp(idf)],
  httpStatus: () => [CHECK, COPY_URL],
  authentication: (idf) => [enableAuthentication(idf)],
  redirect: () => [SERVER_LOG],
  serverSlow: () => [TIMEOUT],
  imageTooShort: () => [BUILD, CHECK],
  notAnAppImage: () => [BUILD, CHECK],
  wrongChip: () => [CHECK, BUILD],
  chipRevision: () => [CHECK],
  // the firmware that runs compares, so that one has to be built without it
  spiMode: (idf) =>
    isIdfAtLeast(idf, 6, 1)
      ? [CHECK, options('skipSpiMode', { ESP_HTTPS_OTA_VERIFY_SPI_MODE: false }, 'rebuild', 'fullFlash')]
      : [CHECK],
  sameVersion: () => [BUMP],
  versionRolledBackBefore: () => [BUMP],
  secureVersion: () => [CHECK],
  appNotConfirmed: () => [
    CHECK,
    options('disableRollback', { BOOTLOADER_APP_ROLLBACK_ENABLE: false }, 'rebuild', 'fullFlash'),
  ],
  noOtaPartitions: () => [SET_UP, FLASH_ALL],
  imageTooLarge: () => [CHECK, SET_UP],
  flashFailure: none,
  partitionReadOnly: () => [CHECK],
  imageCorrupt: () => [BUILD, SERVER_LOG],
  signature: () => [CHECK],
  urlFromStdin: () => [
    options('urlFromConsole', { EXAMPLE_FIRMWARE_UPGRADE_URL: 'FROM_STDIN' }, 'rebuild', 'fullFlash'),
  ],
  partitionTable: () => [FLASH_ALL],
  nothingBootable: () => [FLASH_ALL],
  otadata: () => [FLASH_ALL],
  flashSize: () => [CHECK, FLASH_ALL],
  noBootloader: () => [FLASH_ALL],
  wifi: () => [CHECK],
  power: none,
  watchdog: none,
  earlier: () => [SERVER_LOG],
  'tls.unknownAuthority': () => [INSTALL, CHECK],
  'tls.certificateRefused': () => [RENEW, CHECK],
  'tls.plainHttpOnTls': () => [CHECK, COPY_URL],
  'tls.tlsOnPlainHttp': () => [CHECK, COPY_URL],
  'tls.noSharedVersion': () => [options('allowTls12', { MBEDTLS_SSL_PROTO_TLS1_2: true }, 'rebuild', 'fullFlash')],
  'tls.noSharedCipher': () => [SERVER_LOG],
  'tls.timeout': () => [TIMEOUT],
  'tls.closed': () => [INSTALL, SERVER_LOG],
  'tls.other': () => [SERVER_LOG],
  'download.aborted': () => [SERVER_LOG],
  'client.publicAddress': () => [SERVER_LOG],
  'client.tooManyConnections': () => [SERVER_LOG],
  crashed: none,
  rolledBack: () => [CHECK],
  diagnosticsFailed: none,
  otherImageRuns: () => [BUILD, SERVER_LOG],
};

/** What can be done about a cause, the best first; empty where it is nothing that a click can do, or the cause is not known.
 * @param idf of the firmware that runs; options have other names in others. Unknown counts as the newest. */
export function fixesFor(cause: string, idf: IdfVersion | undefined): readonly Fix[] {
  if (/^http\.\d+$/.test(cause)) return cause === 'http.401' ? [enableAuthentication(idf)] : [CHECK, COPY_URL];
  return Object.hasOwn(REMEDIES, cause) ? REMEDIES[cause as keyof typeof REMEDIES](idf) : [];
}

/** Whether a text is the id of a cause. */
export function isCause(text: string): text is Cause {
  return Object.hasOwn(REMEDIES, text) || /^http\.\d{3}$/.test(text);
}
