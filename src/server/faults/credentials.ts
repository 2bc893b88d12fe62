import { OtaError } from '../../base/ota-error.ts';
import type {} from '../errors.ts';
import {
  makeAuthority,
  makeServerCertificate,
  type CertificateAndKey,
  type KeyType,
  type ServerNames,
} from '../selfsigned.ts';
import type { CertificateFaultId } from './profiles.ts';

export interface CertificateSource {
  /** What firmware trusts; undefined where its key is not ours. */
  readonly authority: CertificateAndKey | undefined;
  readonly keyType: KeyType;
  /** Those that the server is reached under. */
  readonly names: ServerNames;
  readonly nowMs: number;
}

/** Longer than a server's certificate is valid. */
const LONG_AGO_MS = 900 * 24 * 3600 * 1000;
const NOT_OURS: ServerNames = { dns: ['wrong-name.invalid'], ip: [] };

/** A certificate that is wrong in one way: by an authority that nobody knows, for another name, or expired some weeks ago. Kept in memory only.
 * @throws {OtaError} `server.faultNeedsAuthority` */
export async function faultCredentials(
  fault: CertificateFaultId,
  { authority, keyType, names, nowMs }: CertificateSource,
): Promise<CertificateAndKey> {
  if (fault === 'unknownAuthority') {
    const stranger = await makeAuthority(keyType, 'ESP32 OTA fault: unknown authority', nowMs);
    return makeServerCertificate(keyType, names, stranger, nowMs);
  }
  if (authority === undefined) throw new OtaError('server.faultNeedsAuthority', { fault });
  return fault === 'wrongName'
    ? makeServerCertificate(keyType, NOT_OURS, authority, nowMs)
    : makeServerCertificate(keyType, names, authority, nowMs - LONG_AGO_MS);
}
