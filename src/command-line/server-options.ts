import * as l10n from '@vscode/l10n';
import { conflict } from './conflict.ts';
import { choice, host, number } from './option.ts';

export const USUAL_PORT = 8070;

/** How a server is started. */
export const SERVER_OPTIONS = {
  protocol: choice(() => l10n.t('what firmware speaks'), ['https', 'http'], { otherwise: 'https' }),
  port: number(() => l10n.t('TCP port'), { min: 1, max: 65535, otherwise: USUAL_PORT }),
  bind: host(() => l10n.t('address to listen on; 127.0.0.1 for this computer only'), {
    placeholder: 'ADDRESS',
    otherwise: '0.0.0.0',
  }),
  host: host(() => l10n.t('name or address of this computer in the firmware’s URL; by default its likeliest address')),
  'key-type': choice(() => l10n.t('kind of the certificate’s key'), ['rsa', 'ec'], { otherwise: 'rsa' }),
};

/** Options of the certificate, which there is none of over plain HTTP.
 * @throws {UsageError} `usage.conflict` */
export function checkProtocol(protocol: 'https' | 'http', given: ReadonlySet<string>): void {
  const ofHttps = ['certificate', 'key', 'install-certificate', 'key-type'].filter((name) => given.has(name));
  if (protocol === 'http' && ofHttps.length > 0)
    throw conflict(['--protocol http', ...ofHttps.map((name) => `--${name}`)]);
}
