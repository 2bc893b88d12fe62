import * as l10n from '@vscode/l10n';
import { basename } from 'node:path';
import type { OtaErrorCode } from '../../base/ota-error.ts';
import { dayText } from '../text.ts';
import { says, type ErrorTexts } from './error-text.ts';

type Code = Extract<OtaErrorCode, `server.${string}` | `certificate.${string}`>;

const port = { kind: 'setting', key: 'server.port' } as const;
const mode = { kind: 'setting', key: 'certificate.mode' } as const;

export const serverTexts: ErrorTexts<Code> = {
  'server.portInUse': (it) =>
    says(
      l10n.t(
        'Port {0} is used by another program. Firmware has the port in its URL, so it is not changed automatically.',
        it.port,
      ),
      { kind: 'command', title: l10n.t('Try Again'), command: 'startServer' },
      { kind: 'command', title: l10n.t('Use Another Port…'), command: 'changePort' },
    ),
  'server.portForbidden': (it) =>
    says(
      it.port < 1024
        ? l10n.t('Only an administrator may use port {0}. Use a port from 1024 on.', it.port)
        : l10n.t(
            'The system keeps port {0} for itself. On Windows, Hyper-V and WSL reserve ranges: “netsh interface ipv4 show excludedportrange tcp” lists them. Use another port.',
            it.port,
          ),
      { kind: 'command', title: l10n.t('Use Another Port…'), command: 'changePort' },
    ),
  'server.addressUnavailable': (it) =>
    says(l10n.t('{0} is not an address of this computer.', it.host), { kind: 'setting', key: 'server.bindAddress' }),
  'server.listenFailed': (it) => says(l10n.t('The server can’t listen on port {0}: {1}.', it.port, it.reason), port),
  'server.credentialsInvalid': (it) =>
    says(l10n.t('This certificate and key can’t be used for TLS: {0}.', it.reason), mode),
  'server.nameTaken': (it) =>
    says(
      l10n.t(
        '{0} is already served for {1}, and two images can’t share a name. Rename the file or stop serving the other one.',
        it.name,
        it.heldByProject,
      ),
      {
        kind: 'command',
        title: l10n.t('Stop Serving Image…'),
        command: 'stopServing',
      },
    ),
  'server.nameInvalid': (it) => says(l10n.t('“{0}” can’t be part of a URL. Rename the file.', it.name)),
  'server.releaseEmpty': (it) => says(l10n.t('{0} is empty.', it.name)),
  'server.addressFixed': (it) =>
    says(l10n.t('The address is set to {0} in the settings.', it.host), {
      kind: 'setting',
      key: 'server.advertisedHost',
    }),
  'server.faultParameter': (it) =>
    says(
      it.range === ''
        ? l10n.t('The fault does not take this value for {0}.', it.parameter)
        : l10n.t('The fault takes {1} for {0}.', it.parameter, it.range),
    ),
  'server.faultNeedsHttps': () =>
    says(l10n.t('This fault is one of TLS: the server has to speak HTTPS for it.'), {
      kind: 'setting',
      key: 'server.protocol',
    }),
  'server.faultNeedsAuthority': () =>
    says(l10n.t('This fault needs a certificate by an authority whose key is on this computer.'), mode),
  'certificate.unreadable': (it) =>
    says(
      l10n.t('{0} holds no certificate in PEM format.', it.path === '' ? l10n.t('The file') : basename(it.path)),
      mode,
    ),
  'certificate.missing': (it) =>
    it.path === ''
      ? says(l10n.t('No certificate or key file is set.'), { kind: 'setting', key: 'certificate.ownCertificate' })
      : says(l10n.t('{0} does not exist.', it.path), mode),
  'certificate.keyUnreadable': (it) =>
    says(l10n.t('{0} holds no private key in PEM format.', basename(it.path)), {
      kind: 'setting',
      key: 'certificate.ownKey',
    }),
  'certificate.keyEncrypted': (it) =>
    says(
      l10n.t(
        'The key in {0} has a passphrase. Save it without one: openssl pkey -in key.pem -out plain.pem',
        basename(it.path),
      ),
      {
        kind: 'setting',
        key: 'certificate.ownKey',
      },
    ),
  'certificate.keyMismatch': (it) =>
    says(
      l10n.t(
        'The key in {1} does not belong to the certificate in {0}.',
        basename(it.certificatePath),
        basename(it.keyPath),
      ),
      mode,
    ),
  'certificate.placeOfKey': (it) =>
    says(
      l10n.t('{0} holds a private key, and the project would embed the certificate from there. It stays.', it.path),
      { kind: 'file', path: it.path },
    ),
  'certificate.expired': (it) =>
    says(
      l10n.t('The certificate in {0} expired on {1}. Use a new one.', basename(it.path), dayText(it.validToMs)),
      mode,
    ),
  'certificate.notYetValid': (it) =>
    says(
      l10n.t(
        'The certificate in {0} is not valid before {1}. Check the clock of this computer, or use another certificate.',
        basename(it.path),
        dayText(it.validFromMs),
      ),
      mode,
    ),
  'certificate.authorityUnusable': (it) =>
    says(
      it.reason === 'expired'
        ? l10n.t(
            'Your certificate authority in {0} has expired. Move the file away to get a new one, which firmware then has to embed.',
            it.path,
          )
        : l10n.t(
            'Your certificate authority in {0} is damaged. Restore the file, or move it away to get a new one, which firmware then has to embed.',
            it.path,
          ),
    ),
  'certificate.noRoot': (it) =>
    says(
      l10n.t(
        'The certificate chain of {0} has no root, so it is not known what firmware has to embed. Put the root certificate at the end of the file.',
        it.subject,
      ),
      {
        kind: 'setting',
        key: 'certificate.ownCertificate',
      },
    ),
};
