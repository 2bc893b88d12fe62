import { readSignatureAlgorithm } from '../image/der.ts';
import { certificatesIn } from './certificate-description.ts';

/** Digests by the object identifier of the signature they are part of.
 * @see RFC 3279, RFC 4055, RFC 5758 */
const DIGESTS: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.4': 'md5',
  '1.2.840.113549.1.1.5': 'sha1',
  '1.2.840.113549.1.1.14': 'sha224',
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.1': 'sha1',
  '1.2.840.10045.4.3.1': 'sha224',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
};

/** Digest in the signature of the first certificate of a PEM text, such as `sha256`; the object identifier where it is another kind of signature;
 * undefined when there is no certificate. */
export function signatureDigest(pem: string): string | undefined {
  const [first] = certificatesIn(pem);
  if (first === undefined) return undefined;
  const id = readSignatureAlgorithm(Buffer.from(first.replace(/-----[^-]*-----/g, ''), 'base64'));
  return id === undefined ? undefined : (DIGESTS[id] ?? id);
}
