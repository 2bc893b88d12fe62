import * as l10n from '@vscode/l10n';
import { resolve } from 'node:path';
import { text } from './option.ts';
import { UsageError } from './usage-error.ts';

/** A certificate of the user's own instead of one by the local authority. */
export const OWN_CERTIFICATE_OPTIONS = {
  certificate: text(() => l10n.t('certificate chain of your own for the server, PEM; with --key'), {
    placeholder: 'FILE',
  }),
  key: text(() => l10n.t('private key of --certificate, PEM'), { placeholder: 'FILE' }),
};

export interface OwnCertificate {
  readonly certificate: string | undefined;
  readonly key: string | undefined;
}

/** Paths of the user's own certificate, where both are given.
 * @throws {UsageError} `usage.certificateAndKey` for one without the other */
export function ownCertificate(
  cwd: string,
  { certificate, key }: OwnCertificate,
): { readonly certificatePath: string; readonly keyPath: string } | undefined {
  if (certificate === undefined && key === undefined) return undefined;
  if (certificate === undefined || key === undefined)
    throw new UsageError('usage.certificateAndKey', l10n.t('--certificate and --key belong together.'));
  return { certificatePath: resolve(cwd, certificate), keyPath: resolve(cwd, key) };
}
