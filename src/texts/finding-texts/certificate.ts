import * as l10n from '@vscode/l10n';
import { dayText } from '../text.ts';
import type { FindingTexts, IdsOf } from './finding-text.ts';

function subjectOf(what: 'server' | 'embedded'): string {
  return what === 'server' ? l10n.t('The server’s certificate') : l10n.t('The certificate in the project');
}

export const certificateTexts: FindingTexts<IdsOf<'certificate'>> = {
  'certificate-file-missing': ({ file }) =>
    l10n.t('{0} is to be embedded but does not exist, so the build stops.', file),
  'certificate-file-differs': ({ file, isImageRight }) =>
    isImageRight
      ? l10n.t('{0} is not the certificate of this server: the next build won’t trust it any more.', file)
      : l10n.t('{0} is not the certificate of this server, so boards will refuse it.', file),
  'certificate-not-in-image': ({ file, image }) =>
    l10n.t('{0} was built before {1} was installed and does not trust this server.', image, file),
  'certificate-example': ({ file }) =>
    l10n.t('{0} is the certificate of ESP-IDF’s example: its key is public, and this server does not use it.', file),
  'certificate-bundle': ({ option }) =>
    l10n.t(
      'The firmware trusts the certificate bundle only, and {0} does not add this server’s certificate to it.',
      option,
    ),
  'certificate-bundle-file': ({ file, isMissing }) =>
    isMissing
      ? l10n.t('The certificate bundle takes {0}, which does not exist.', file)
      : l10n.t('The certificate bundle takes {0}, which is not the certificate of this server.', file),
  'certificate-host': ({ host, names }) =>
    l10n.t(
      'The server’s certificate does not name {0}, the host of the firmware URL. It names: {1}.',
      host,
      names === '' ? '–' : names,
    ),
  'certificate-ip-name': ({ host, idf }) =>
    l10n.t(
      'The server’s certificate names {0} as an address only, which ESP-IDF {1} does not compare: it needs it as a DNS name too.',
      host,
      idf,
    ),
  'certificate-expired': ({ what, atMs, isOver }) =>
    isOver
      ? l10n.t('{0} expired on {1}, and this firmware checks dates.', subjectOf(what), dayText(atMs))
      : l10n.t('{0} is valid from {1} on only, and this firmware checks dates.', subjectOf(what), dayText(atMs)),
  'certificate-key-kind': ({ what, key }) =>
    l10n.t('{0} has a key ({1}) that this ESP-IDF does not accept.', subjectOf(what), key),
  'certificate-signature': ({ what, signature }) =>
    l10n.t('{0} is signed with {1}, which mbedTLS refuses.', subjectOf(what), signature),
  'certificate-private-key': ({ file, isTracked }) =>
    isTracked
      ? l10n.t('{0} is a private key and in Git: everybody with the repository can use it.', file)
      : l10n.t('{0} is a private key inside the workspace.', file),
};
