import { systemCode } from '../base/ota-error.ts';
import type { TlsFailureCause } from './transfer-events.ts';

/** OpenSSL's reason for a failed handshake, without its `ERR_SSL_` prefix and protocol words, by what it means to us. */
const CAUSES: Readonly<Record<string, TlsFailureCause>> = {
  ALERT_UNKNOWN_CA: 'unknownAuthority',
  ALERT_CERTIFICATE_UNKNOWN: 'unknownAuthority',
  ALERT_BAD_CERTIFICATE: 'certificateRefused',
  ALERT_CERTIFICATE_EXPIRED: 'certificateRefused',
  ALERT_CERTIFICATE_REVOKED: 'certificateRefused',
  ALERT_UNSUPPORTED_CERTIFICATE: 'certificateRefused',
  ALERT_ACCESS_DENIED: 'certificateRefused',
  HTTP_REQUEST: 'plainHttpOnTls',
  HTTPS_PROXY_REQUEST: 'plainHttpOnTls',
  UNSUPPORTED_PROTOCOL: 'noSharedVersion',
  VERSION_TOO_LOW: 'noSharedVersion',
  VERSION_TOO_HIGH: 'noSharedVersion',
  ALERT_PROTOCOL_VERSION: 'noSharedVersion',
  WRONG_VERSION_NUMBER: 'noSharedVersion',
  NO_SHARED_CIPHER: 'noSharedCipher',
  NO_SHARED_GROUP: 'noSharedCipher',
  NO_SUITABLE_KEY_SHARE: 'noSharedCipher',
  NO_SUITABLE_SIGNATURE_ALGORITHM: 'noSharedCipher',
  NO_SHARED_SIGNATURE_ALGORITHMS: 'noSharedCipher',
  ALERT_HANDSHAKE_FAILURE: 'noSharedCipher',
  ALERT_INSUFFICIENT_SECURITY: 'noSharedCipher',
};

/** What a handshake's error means; `detail` is the library's code for it.
 * @see OpenSSL 3.0 `include/openssl/sslerr.h` */
export function tlsFailure(error: unknown): { readonly cause: TlsFailureCause; readonly detail: string } {
  const detail = systemCode(error) ?? 'unknown';
  if (detail === 'ECONNRESET' || detail === 'EPIPE') return { cause: 'closed', detail };
  // alerts are called TLSV1_ALERT_…, SSLV3_ALERT_… and TLSV13_ALERT_…, by the version that brought them; SSL/TLS_ALERT_… from Node 24 on
  const reason = detail.replace(/^ERR_SSL_/, '').replace(/^(?:TLSV1|TLSV13|SSLV3|SSL\/TLS)_(?=ALERT_)/, '');
  return { cause: CAUSES[reason] ?? 'other', detail };
}
