import { l10n } from 'vscode';
import { basename } from 'node:path';
import type { OtaErrorCode } from '../../base/ota-error.ts';
import { says, type ErrorTexts } from './error-text.ts';

type Code = Extract<OtaErrorCode, `server.${string}` | `certificate.${string}`>;

const port = { kind: 'setting', key: 'server.port' } as const;
const mode = { kind: 'setting', key: 'certificate.mode' } as const;

function day(ms: number): string {
  return new Date(ms).toLocaleDateString();
}

export const serverTexts: ErrorTexts<Code> = {
  'server.portInUse': (it) =>
    says(
      l10n.t(
        'Port {0} is taken by another program. Firmware has the port in its URL, so it is not changed by itself.',
        it.port,
      ),
      { kind: 'command', title: l10n.t('Try Again'), command: 'startServer' },
      { kind: 'command', title: l10n.t('Use Another Port…'), command: 'changePort' },
    ),
  'server.portForbidden': (it) =>
    says(l10n.t('The system lets only an administrator use port {0}. Ports from 1024 on are free for all.', it.port), {
      kind: 'command',
      title: l10n.t('Use Another Port…'),
      command: 'changePort',
    }),
  'server.addressUnavailable': (it) =>
    says(l10n.t('{0} is not an address of this computer.', it.host), { kind: 'setting', key: 'server.bindAddress' }),
  'server.listenFailed': (it) => says(l10n.t('The server can’t listen on port {0}: {1}.', it.port, it.reason), port),
  'server.credentialsInvalid': (it) =>
    says(l10n.t('TLS does not take this certificate and key: {0}.', it.reason), mode),
  'server.nameTaken': (it) =>
    says(
      l10n.t(
        '{0} is served for {1} already: two images can’t share a name. Rename the file, or stop serving the other.',
        it.name,
        it.heldByProject,
      ),
      {
        kind: 'command',
        title: l10n.t('Stop Serving…'),
        command: 'stopServing',
      },
    ),
  'server.nameInvalid': (it) => says(l10n.t('“{0}” can’t be part of a URL: rename the file.', it.name)),
  'server.releaseEmpty': (it) => says(l10n.t('{0} is empty.', it.name)),
  'server.addressFixed': (it) =>
    says(l10n.t('The address is set to {0} in the settings.', it.host), {
      kind: 'setting',
      key: 'server.advertisedHost',
    }),
  'certificate.unreadable': (it) =>
    says(
      l10n.t('{0} holds no certificate in PEM form.', it.path === '' ? l10n.t('The file') : basename(it.path)),
      mode,
    ),
  'certificate.missing': (it) =>
    it.path === ''
      ? says(l10n.t('No certificate file is set.'), { kind: 'setting', key: 'certificate.ownCertificate' })
      : says(l10n.t('{0} does not exist.', it.path), mode),
  'certificate.keyUnreadable': (it) =>
    says(l10n.t('{0} holds no private key in PEM form.', basename(it.path)), {
      kind: 'setting',
      key: 'certificate.ownKey',
    }),
  'certificate.keyEncrypted': (it) =>
    says(
      l10n.t(
        'The key in {0} has a passphrase. Write it without one: openssl pkey -in key.pem -out plain.pem',
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
        'The key in {1} is not the one of the certificate in {0}.',
        basename(it.certificatePath),
        basename(it.keyPath),
      ),
      mode,
    ),
  'certificate.expired': (it) =>
    says(l10n.t('The certificate in {0} expired on {1}.', basename(it.path), day(it.validToMs)), mode),
  'certificate.notYetValid': (it) =>
    says(l10n.t('The certificate in {0} is valid from {1} on.', basename(it.path), day(it.validFromMs)), mode),
  'certificate.authorityUnusable': (it) =>
    says(
      it.reason === 'expired'
        ? l10n.t(
            'Your authority in {0} has expired. Move the file away to make a new one; firmware then has to embed it.',
            it.path,
          )
        : l10n.t(
            'Your authority in {0} is damaged. Restore it, or move the file away to make a new one; firmware then has to embed it.',
            it.path,
          ),
    ),
  'certificate.noRoot': (it) =>
    says(
      l10n.t(
        'The chain of {0} ends before its root, so what firmware has to embed is not known. Put the root at the end of the file.',
        it.subject,
      ),
      {
        kind: 'setting',
        key: 'certificate.ownCertificate',
      },
    ),
};
