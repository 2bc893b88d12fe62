import { X509Certificate } from 'node:crypto';
import { OtaError } from '../base/ota-error.ts';
import type {} from './errors.ts';

export interface CertificateName {
  readonly kind: 'dns' | 'ip' | 'other';
  readonly value: string;
}

/** What a certificate says, for people and for comparisons. Times are milliseconds since 1970. */
export interface CertificateDescription {
  /** Such as `CN=localhost`; several parts are joined with a comma. */
  readonly subject: string;
  readonly issuer: string;
  /** Subject alternative names, in their order. */
  readonly names: readonly CertificateName[];
  readonly validFromMs: number;
  readonly validToMs: number;
  /** SHA-256 over the DER form, lower-case hexadecimal without colons. */
  readonly fingerprint: string;
  /** `bits` is the RSA modulus, `curve` the name as OpenSSL has it (`prime256v1` for P-256). */
  readonly key: { readonly kind: string; readonly bits?: number; readonly curve?: string };
  readonly isAuthority: boolean;
  /** Whether its own key made the signature. */
  readonly isSelfSigned: boolean;
  readonly serialNumber: string;
}

const PEM_BLOCK = /-----BEGIN CERTIFICATE-----[\sA-Za-z0-9+/=]{1,65536}?-----END CERTIFICATE-----/g;

/** The certificates in a text, each as its own PEM text, in their order. */
export function certificatesIn(text: string): readonly string[] {
  return [...text.matchAll(PEM_BLOCK)].map(([block]) => `${block}\n`);
}

/** Describes the first certificate in a PEM text (of a chain: the leaf).
 * @throws {OtaError} `certificate.unreadable` with `path` as given */
export function describeCertificate(pem: string, path = ''): CertificateDescription {
  const certificate = readCertificate(pem, path);
  const { asymmetricKeyType, asymmetricKeyDetails } = certificate.publicKey;
  return {
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    names: alternativeNames(certificate.subjectAltName),
    validFromMs: Date.parse(certificate.validFrom),
    validToMs: Date.parse(certificate.validTo),
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    key: {
      kind: asymmetricKeyType ?? 'unknown',
      ...(asymmetricKeyDetails?.modulusLength !== undefined && { bits: asymmetricKeyDetails.modulusLength }),
      ...(asymmetricKeyDetails?.namedCurve !== undefined && { curve: asymmetricKeyDetails.namedCurve }),
    },
    isAuthority: certificate.ca,
    isSelfSigned: isSelfSigned(certificate),
    serialNumber: certificate.serialNumber.toLowerCase(),
  };
}

/** @throws {OtaError} `certificate.unreadable` */
export function readCertificate(pem: string, path = ''): X509Certificate {
  const [first] = certificatesIn(pem);
  try {
    if (first !== undefined) {
      const certificate = new X509Certificate(first);
      // a key of an unknown kind is only noticed here
      if (certificate.publicKey.type === 'public') return certificate;
    }
  } catch (cause) {
    throw new OtaError('certificate.unreadable', { path }, { cause });
  }
  throw new OtaError('certificate.unreadable', { path });
}

/** `checkIssued` asks for the right to sign certificates too, which a self-signed server's certificate does not have. */
function isSelfSigned(certificate: X509Certificate): boolean {
  try {
    return certificate.subject === certificate.issuer && certificate.verify(certificate.publicKey);
  } catch {
    // a signature algorithm that does not go with the key
    return false;
  }
}

function oneLine(name: string | undefined): string {
  return (name ?? '').split('\n').join(', ');
}

/** Node writes `DNS:localhost, IP Address:127.0.0.1`; a value with a comma or a quote in it is a JSON string. */
function alternativeNames(text: string | undefined): readonly CertificateName[] {
  const found: CertificateName[] = [];
  for (const match of (text ?? '').matchAll(/([^:,]+):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/g)) {
    const [, label = '', value = ''] = match;
    const kind = label === 'DNS' ? 'dns' : label === 'IP Address' ? 'ip' : 'other';
    found.push({ kind, value: kind === 'ip' ? shortAddress(value) : unquoted(value) });
  }
  return found;
}

function unquoted(value: string): string {
  if (!value.startsWith('"')) return value;
  try {
    return String(JSON.parse(value));
  } catch {
    return value;
  }
}

/** IPv6 addresses come as `FE80:0:0:0:0:0:0:1`; gives the usual spelling, RFC 5952. */
function shortAddress(value: string): string {
  if (!value.includes(':')) return value;
  try {
    return new URL(`http://[${value}]`).hostname.slice(1, -1);
  } catch {
    return value;
  }
}
