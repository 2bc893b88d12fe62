import * as l10n from '@vscode/l10n';
import type { FaultGroup, FaultId, FaultParameter, FaultProfile } from '../server/faults/profiles.ts';

/** What a fault is called, what it does, and what a healthy firmware does then. */
export interface FaultText {
  readonly name: string;
  readonly does: string;
  readonly healthy: string;
}

const keeps = (): string => l10n.t('says what is wrong and keeps the version it runs');
const installs = (): string => l10n.t('installs the update all the same');

const TEXTS: Readonly<Record<FaultId, () => FaultText>> = {
  cutBody: () => ({
    name: l10n.t('Connection cut'),
    does: l10n.t('The connection ends in the middle of the image.'),
    healthy: keeps(),
  }),
  cutHeader: () => ({
    name: l10n.t('File cut in the header'),
    does: l10n.t('The file ends within the image’s header and description.'),
    healthy: keeps(),
  }),
  shortFile: () => ({
    name: l10n.t('File cut short'),
    does: l10n.t('The file ends in the middle of the image, and the server says that this is all.'),
    healthy: keeps(),
  }),
  flippedByte: () => ({
    name: l10n.t('One flipped byte'),
    does: l10n.t('One byte of the image is wrong: only checksum and digest can tell.'),
    healthy: keeps(),
  }),
  randomData: () => ({
    name: l10n.t('Random data'),
    does: l10n.t('As many bytes as the image has, and none of them means anything.'),
    healthy: keeps(),
  }),
  wrongChip: () => ({
    name: l10n.t('Image for another chip'),
    does: l10n.t('The image says that it is for another chip; everything else in it is right.'),
    healthy: keeps(),
  }),
  otherApp: () => ({
    name: l10n.t('Another application'),
    does: l10n.t('The image has another project name; everything else in it is right.'),
    healthy: l10n.t('compares project names and keeps its own, or takes it as any other version'),
  }),
  olderVersion: () => ({
    name: l10n.t('Older version'),
    does: l10n.t('The image has a lower version; everything else in it is right.'),
    healthy: l10n.t('keeps what it runs, or goes back where that is allowed'),
  }),
  sameVersion: () => ({
    name: l10n.t('Same version'),
    does: l10n.t('The image has the version that the board runs already.'),
    healthy: l10n.t('keeps what it runs, or installs it again'),
  }),
  slow: () => ({
    name: l10n.t('Slow download'),
    does: l10n.t('The image comes at a trickle.'),
    healthy: installs(),
  }),
  stall: () => ({
    name: l10n.t('Stall'),
    does: l10n.t('Nothing comes for a while in the middle of the image, then the rest.'),
    healthy: l10n.t('waits and installs the update, or gives up and keeps the version it runs'),
  }),
  chunked: () => ({
    name: l10n.t('No length: chunked'),
    does: l10n.t('The image comes in chunks, without a Content-Length.'),
    healthy: installs(),
  }),
  untilClose: () => ({
    name: l10n.t('No length: until close'),
    does: l10n.t('The image ends where the connection does, without a Content-Length.'),
    healthy: installs(),
  }),
  noRanges: () => ({
    name: l10n.t('No ranges'),
    does: l10n.t('Whoever asks for a part of the image gets all of it.'),
    healthy: l10n.t('starts over and installs the update, or keeps the version it runs'),
  }),
  redirectAbsolute: () => ({
    name: l10n.t('Redirections'),
    does: l10n.t('The image is behind several redirections to absolute HTTPS URLs.'),
    healthy: l10n.t('follows and installs the update; a client of its own may keep the version it runs'),
  }),
  redirectRelative: () => ({
    name: l10n.t('Relative redirections'),
    does: l10n.t('The image is behind several redirections that give the path only.'),
    healthy: l10n.t('refuses from ESP-IDF 5.5.5 and 6.1 on, follows before'),
  }),
  redirectToHttp: () => ({
    name: l10n.t('Redirection to plain HTTP'),
    does: l10n.t('The image is behind a redirection that leaves TLS.'),
    healthy: keeps(),
  }),
  status401: () => ({
    name: l10n.t('401 Unauthorized'),
    does: l10n.t('The server wants a login.'),
    healthy: keeps(),
  }),
  status403: () => ({ name: l10n.t('403 Forbidden'), does: l10n.t('The server refuses.'), healthy: keeps() }),
  status404: () => ({
    name: l10n.t('404 Not Found'),
    does: l10n.t('The server has nothing under this path.'),
    healthy: keeps(),
  }),
  status500: () => ({
    name: l10n.t('500 Internal Server Error'),
    does: l10n.t('The server says that it is broken.'),
    healthy: keeps(),
  }),
  status503: () => ({
    name: l10n.t('503 Service Unavailable'),
    does: l10n.t('The server says that it is too busy.'),
    healthy: keeps(),
  }),
  unknownAuthority: () => ({
    name: l10n.t('TLS: unknown authority'),
    does: l10n.t('The certificate is by an authority that the firmware does not know.'),
    healthy: keeps(),
  }),
  wrongName: () => ({
    name: l10n.t('TLS: wrong name'),
    does: l10n.t('The certificate is by the right authority, for another host.'),
    healthy: keeps(),
  }),
  expired: () => ({
    name: l10n.t('TLS: expired'),
    does: l10n.t('The certificate is by the right authority, and no longer valid.'),
    healthy: l10n.t('refuses where CONFIG_MBEDTLS_HAVE_TIME_DATE is set, and does not look at dates otherwise'),
  }),
  tls13Only: () => ({
    name: l10n.t('TLS 1.3 only'),
    does: l10n.t('The server does not speak TLS 1.2.'),
    healthy: l10n.t('installs the update where TLS 1.3 is enabled, and keeps the version it runs otherwise'),
  }),
  smallRecords: () => ({
    name: l10n.t('TLS: small records'),
    does: l10n.t('The server sends records of a few hundred bytes.'),
    healthy: installs(),
  }),
  connectionRefused: () => ({
    name: l10n.t('Connection refused'),
    does: l10n.t('Nothing listens on the server’s port.'),
    healthy: keeps(),
  }),
};

export function faultText(id: FaultId): FaultText {
  return TEXTS[id]();
}

export function groupText(group: FaultGroup): string {
  switch (group) {
    case 'transfer':
      return l10n.t('How the image is sent');
    case 'image':
      return l10n.t('What is sent');
    case 'answer':
      return l10n.t('What is answered instead');
    case 'tls':
      return 'TLS';
    case 'connection':
      return l10n.t('Connection');
  }
}

/** What a parameter is, as a question. */
export function parameterText(id: FaultId, parameter: FaultParameter): string {
  switch (parameter.unit) {
    case 'percent':
      return l10n.t('After how many percent of the image?');
    case 'bytes':
      return id === 'smallRecords' ? l10n.t('How many bytes in a record at most?') : l10n.t('After how many bytes?');
    case 'kilobytesPerSecond':
      return l10n.t('How many kilobytes a second?');
    case 'seconds':
      return l10n.t('For how many seconds?');
    case 'count':
      return l10n.t('How many redirections?');
    case 'version':
      return id === 'olderVersion'
        ? l10n.t('Which version? Leave empty for the one before the image’s own.')
        : l10n.t('Which version does the board run? Leave empty for the image’s own.');
  }
}

/** `50 %`, `20 KB/s`: the values that were chosen; nothing for a fault without any. */
export function profileText({ id, parameters }: FaultProfile, kinds: readonly FaultParameter[]): string {
  return kinds
    .map((kind) => {
      const value = parameters[kind.id] ?? kind.default;
      switch (kind.unit) {
        case 'percent':
          return l10n.t('{0} %', value);
        case 'bytes':
          return l10n.t('{0} B', value);
        case 'kilobytesPerSecond':
          return l10n.t('{0} KB/s', value);
        case 'seconds':
          return l10n.t('{0} s', value);
        case 'count':
          return `${value} ×`;
        case 'version':
          return id === 'olderVersion' || value !== '' ? String(value) : '';
      }
    })
    .filter((text) => text !== '')
    .join(', ');
}
