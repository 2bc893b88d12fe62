import type { SelfsignedOptions } from 'selfsigned';

export type KeyType = 'rsa' | 'ec';

/** A certificate and its private key (PKCS #8), both PEM, each ending with a newline. */
export interface CertificateAndKey {
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** What a server is called by those who connect to it. */
export interface ServerNames {
  /** Host names, such as `localhost`. */
  readonly dns: readonly string[];
  /** IPv4 and IPv6 addresses, without a zone. */
  readonly ip: readonly string[];
}

const DAY_MS = 24 * 3600 * 1000;
/** Clocks of boards and computers differ: a certificate counts from the day before. */
const BACKDATED_MS = DAY_MS;
const AUTHORITY_MS = 10 * 365.25 * DAY_MS;
/** Some clients refuse a longer validity of a server's certificate (Apple since 2019). */
const SERVER_MS = 825 * DAY_MS;

/** A certificate authority for one key type: RSA-2048 or P-256, SHA-256, CA:TRUE, keyCertSign, ten years.
 * @param name becomes the common name */
export async function makeAuthority(keyType: KeyType, name: string, nowMs: number): Promise<CertificateAndKey> {
  return make(name, {
    ...keyOptions(keyType),
    ...validity(nowMs, AUTHORITY_MS),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
}

/** A server's certificate for these names, 825 days at most, issued by the authority or, without one, self-signed.
 * The authority's key has to be of the same type: the library reads it as such. */
export async function makeServerCertificate(
  keyType: KeyType,
  names: ServerNames,
  authority: CertificateAndKey | undefined,
  nowMs: number,
): Promise<CertificateAndKey> {
  return make(names.dns[0] ?? names.ip[0] ?? 'ESP32 OTA', {
    ...keyOptions(keyType),
    ...validity(nowMs, SERVER_MS),
    ...(authority && { ca: { cert: authority.certificatePem, key: authority.keyPem } }),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyEncipherment: keyType === 'rsa', critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: alternativeNames(names) },
    ],
  });
}

/** Every address twice, as an address and as the text of a DNS name: Mbed TLS before 3.5 (ESP-IDF 4.x, 5.0.0–5.0.4, 5.1.0–5.1.1) compares
 * the URL's host with DNS names only.
 * @see Mbed TLS v3.5.0 ChangeLog, "Add parsing and verification of IP address SANs" */
function alternativeNames({ dns, ip }: ServerNames) {
  return [
    ...dns.map((value) => ({ type: 2 as const, value })),
    ...ip.map((value) => ({ type: 7 as const, ip: value })),
    ...ip.map((value) => ({ type: 2 as const, value })),
  ];
}

function keyOptions(keyType: KeyType): Pick<SelfsignedOptions, 'keyType' | 'keySize' | 'curve' | 'algorithm'> {
  return keyType === 'ec'
    ? { keyType, curve: 'P-256', algorithm: 'sha256' }
    : { keyType, keySize: 2048, algorithm: 'sha256' };
}

function validity(nowMs: number, lengthMs: number): Pick<SelfsignedOptions, 'notBeforeDate' | 'notAfterDate'> {
  // certificates count in seconds
  const fromMs = Math.floor((nowMs - BACKDATED_MS) / 1000) * 1000;
  return { notBeforeDate: new Date(fromMs), notAfterDate: new Date(fromMs + lengthMs - 1000) };
}

async function make(commonName: string, options: SelfsignedOptions): Promise<CertificateAndKey> {
  // heavy (it brings a whole ASN.1 stack): loaded when the first certificate is made, never at start
  // named exports of a CommonJS package are there or not, as the bundler sees it; the default always is
  const { default: selfsigned } = await import('selfsigned');
  // the library joins the subject to one text: characters that mean something there are left out; RFC 5280 allows 64 of them
  const value = commonName.replace(/[^\w .:()-]/g, '-').slice(0, 64);
  const made = await selfsigned.generate([{ name: 'commonName', value }], options);
  return { certificatePem: withNewline(made.cert), keyPem: withNewline(made.private) };
}

function withNewline(pem: string): string {
  return pem.endsWith('\n') ? pem : `${pem}\n`;
}
