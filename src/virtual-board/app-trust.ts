import type { AppOptions } from './board-setup.ts';
import type { TlsOptions } from './connect.ts';
import { pinnedCertificates } from './tls-trust.ts';

/** Whom the application in a slot trusts: the certificates in its image, or the bundle.
 * @param image the bytes of its slot
 * @param trustsAnyone it takes any certificate */
export function trustOf(image: Uint8Array, app: AppOptions, trustsAnyone: boolean): TlsOptions {
  const rest = { app, trustsAnyone };
  if (app.usesCertBundle) return { trust: { kind: 'bundle', image }, trustProblem: undefined, ...rest };
  const { authorities, problem } = pinnedCertificates(image);
  const isConfigured = authorities.length > 0 || problem !== undefined;
  return { trust: isConfigured ? { kind: 'pem', authorities } : undefined, trustProblem: problem, ...rest };
}
