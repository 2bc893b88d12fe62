import { createPublicKey } from 'node:crypto';
import { isIP } from 'node:net';
import type { LogLevel } from './board-console.ts';
import { readCertificate, sameBytes, type Certificate } from './certificate.ts';
import { isAtLeast, type IdfVersion } from './idf-version.ts';

/** Where the firmware's trust comes from: PEM blocks pinned as `cert_pem`, or the x509 bundle somewhere in the image. */
export type Trust =
  | { readonly kind: 'pem'; readonly authorities: readonly Certificate[] }
  | { readonly kind: 'bundle'; readonly image: Uint8Array };

export interface TrustOptions {
  readonly trust: Trust;
  readonly idf: IdfVersion;
  /** Name that the certificate has to carry; undefined when the check is skipped. */
  readonly hostName: string | undefined;
  /** `CONFIG_MBEDTLS_HAVE_TIME_DATE`: the time now; undefined when dates are not looked at. */
  readonly nowMs: number | undefined;
}

/** Bits of `MBEDTLS_X509_BADCERT_*`. */
const EXPIRED = 0x01;
const CN_MISMATCH = 0x04;
const NOT_TRUSTED = 0x08;
const FUTURE = 0x200;
const KEY_USAGE = 0x800;
const EXT_KEY_USAGE = 0x1000;
const BAD_MD = 0x4000;
const BAD_KEY = 0x10000;

/** A judgement: 0 flags is trust. */
export interface TrustVerdict {
  readonly flags: number;
  /** Return value of `mbedtls_ssl_handshake`, negative; 0 when trusted. */
  readonly code: number;
  /** TLS alert that mbedTLS sends. */
  readonly alert: number;
  readonly lines: readonly { readonly level: LogLevel; readonly tag: string; readonly message: string }[];
}

const SHA1_SIGNATURES = new Set(['1.2.840.113549.1.1.5', '1.2.840.10045.4.1', '1.2.840.113549.1.1.4']);
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const ANY_USAGE = '2.5.29.37.0';
const DIGITAL_SIGNATURE = 0x80;
const CERT_SIGN = 0x04;

/** IP addresses in a SAN are compared since Mbed TLS 3.5.0, that is from ESP-IDF 5.0.5, 5.1.2 and 5.2 on. */
export function matchesIpNames(idf: IdfVersion): boolean {
  if (isAtLeast(idf, 5, 2)) return true;
  if (idf.major !== 5) return false;
  return idf.minor === 0 ? idf.patch >= 5 : idf.patch >= 2;
}

function isNameLike(pattern: string, host: string): boolean {
  const [left, right] = [pattern.toLowerCase(), host.toLowerCase()];
  if (left === right) return true;
  if (!left.startsWith('*.')) return false;
  const dot = right.indexOf('.');
  return dot > 0 && right.slice(dot) === left.slice(1);
}

function addressBytes(host: string): Uint8Array | undefined {
  if (isIP(host) === 4) return Uint8Array.from(host.split('.'), Number);
  if (isIP(host) !== 6) return undefined;
  const [head = '', tail] = host.replace(/%.*$/, '').split('::');
  const words = (side: string): number[] =>
    side === '' ? [] : side.split(':').flatMap((word) => (word.includes('.') ? v4Words(word) : [parseInt(word, 16)]));
  const before = words(head);
  const after = tail === undefined ? [] : words(tail);
  const all = [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
  return Uint8Array.from(all.flatMap((word) => [word >>> 8, word & 0xff]));
}

function v4Words(address: string): number[] {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
  return [a * 256 + b, c * 256 + d];
}

/** The name rule of mbedTLS: with a SAN extension only its entries count, otherwise the common names.
 * @see Mbed TLS library/x509_crt.c, `x509_crt_verify_name` */
export function isForHost(leaf: Certificate, host: string, idf: IdfVersion): boolean {
  if (leaf.alternativeNames === undefined) return leaf.commonNames.some((name) => isNameLike(name, host));
  if (leaf.alternativeNames.dns.some((name) => isNameLike(name, host))) return true;
  const address = addressBytes(host);
  if (address === undefined || !matchesIpNames(idf)) return false;
  return leaf.alternativeNames.ip.some((entry) => sameBytes(entry, address));
}

/** @see Mbed TLS library/x509_crt.c, `x509_crt_check_parent` */
function mayIssue(parent: Certificate, isTop: boolean): boolean {
  if (isTop && parent.version < 3) return true;
  return parent.isCa && (parent.keyUsage === undefined || (parent.keyUsage & CERT_SIGN) !== 0);
}

function isKeyStrong(certificate: Certificate): boolean {
  const details = certificate.publicKey.asymmetricKeyDetails;
  return details?.modulusLength === undefined || details.modulusLength >= 2048;
}

function dateFlags(certificate: Certificate, nowMs: number | undefined): number {
  if (nowMs === undefined) return 0;
  return (nowMs > certificate.notAfterMs ? EXPIRED : 0) | (nowMs < certificate.notBeforeMs ? FUTURE : 0);
}

/** @see Mbed TLS library/x509_crt.c, `x509_crt_verify_chain` */
function chainFlags(
  chain: readonly Certificate[],
  authorities: readonly Certificate[],
  nowMs: number | undefined,
): number {
  let flags = 0;
  let child = chain[0];
  for (let depth = 0; child !== undefined && depth < 10; depth++) {
    const current: Certificate = child;
    flags |= dateFlags(current, nowMs);
    if (SHA1_SIGNATURES.has(current.signatureOid)) flags |= BAD_MD;
    if (!isKeyStrong(current)) flags |= BAD_KEY;
    if (depth === 0 && authorities.some((authority) => sameBytes(authority.der, current.der))) return flags;
    const isParent = (parent: Certificate, isTop: boolean): boolean =>
      sameBytes(parent.subject, current.issuer) && mayIssue(parent, isTop) && current.isSignedBy(parent.publicKey);
    const authority = authorities.find((candidate) => isParent(candidate, true));
    if (authority !== undefined) {
      if (!isKeyStrong(authority)) flags |= BAD_KEY;
      return flags | dateFlags(authority, nowMs);
    }
    child = chain.slice(depth + 1).find((candidate) => isParent(candidate, false));
  }
  return flags | NOT_TRUSTED;
}

function usageFlags(leaf: Certificate): number {
  const isSigning = leaf.keyUsage === undefined || (leaf.keyUsage & DIGITAL_SIGNATURE) !== 0;
  const usage = leaf.extendedKeyUsage;
  const isServer = usage === undefined || usage.includes(SERVER_AUTH) || usage.includes(ANY_USAGE);
  return (isSigning ? 0 : KEY_USAGE) | (isServer ? 0 : EXT_KEY_USAGE);
}

/** @see Mbed TLS library/ssl_tls.c, `ssl_parse_certificate_verify` */
function alertFor(flags: number): number {
  if ((flags & CN_MISMATCH) !== 0) return 42;
  if ((flags & (KEY_USAGE | EXT_KEY_USAGE | BAD_KEY)) !== 0) return 43;
  if ((flags & EXPIRED) !== 0) return 45;
  return (flags & NOT_TRUSTED) !== 0 ? 48 : 46;
}

/** Looks the issuer up in a bundle: subject and key lie one behind the other there, both lengths in front: big-endian up to ESP-IDF 5.3, little-endian
 * in the bundles that begin with a list of offsets, from 5.4 on. The bundle is of the release that reads it, so that the lengths tell which it is.
 * @see ESP-IDF v5.3 and v5.5 components/mbedtls/esp_crt_bundle/esp_crt_bundle.c, `esp_crt_verify_callback`, "Format of certificate bundle" */
function isInBundle(child: Certificate, image: Uint8Array): 'yes' | 'wrongKey' | 'no' {
  const haystack = Buffer.from(image.buffer, image.byteOffset, image.byteLength);
  let answer: 'wrongKey' | 'no' = 'no';
  for (let at = haystack.indexOf(child.issuer); at >= 0; at = haystack.indexOf(child.issuer, at + 1)) {
    if (at < 4) continue;
    const lengths = [
      [haystack.readUInt16BE(at - 4), haystack.readUInt16BE(at - 2)],
      [haystack.readUInt16LE(at - 4), haystack.readUInt16LE(at - 2)],
    ] as const;
    const keyAt = at + child.issuer.length;
    for (const [nameLength, keyLength] of lengths) {
      const holder =
        nameLength === child.issuer.length ? keyFrom(haystack.subarray(keyAt, keyAt + keyLength)) : undefined;
      if (holder === undefined) continue;
      if (child.isSignedBy(holder)) return 'yes';
      answer = 'wrongKey';
    }
  }
  return answer;
}

function keyFrom(der: Uint8Array): Certificate['publicKey'] | undefined {
  try {
    return createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
}

function judgeByBundle(chain: readonly Certificate[], image: Uint8Array): TrustVerdict | undefined {
  // the callback sees the certificate whose issuer was not found: the last one of the chain
  const last = chain.at(-1);
  const answer = last === undefined ? 'no' : isInBundle(last, image);
  if (answer === 'yes') return undefined;
  const tag = 'esp-x509-crt-bundle';
  const reason =
    answer === 'no'
      ? 'No matching trusted root certificate found'
      : 'Certificate matched but signature verification failed';
  return {
    flags: NOT_TRUSTED,
    code: -0x3000,
    alert: 48,
    lines: [
      { level: 'E', tag, message: reason },
      { level: 'E', tag, message: 'Failed to verify certificate' },
    ],
  };
}

/** Judges the chain a server sent as the firmware's mbedTLS does, in its order: chain, name, then key usage. Dates only where asked for. */
export function judge(ders: readonly Uint8Array[], options: TrustOptions): TrustVerdict {
  const chain = ders.map(readCertificate).filter((certificate) => certificate !== undefined);
  const leaf = chain[0];
  const tag = isAtLeast(options.idf, 4, 3) ? 'esp-tls-mbedtls' : 'esp-tls';
  if (leaf === undefined || chain.length !== ders.length) {
    return { flags: NOT_TRUSTED, code: -0x2180, alert: 42, lines: [] };
  }
  let flags = 0;
  if (options.trust.kind === 'pem') flags = chainFlags(chain, options.trust.authorities, options.nowMs);
  else {
    const refused = judgeByBundle(chain, options.trust.image);
    if (refused !== undefined) return refused;
  }
  if (options.hostName !== undefined && !isForHost(leaf, options.hostName, options.idf)) flags |= CN_MISMATCH;
  const usage = usageFlags(leaf);
  if (flags === 0 && usage === 0) return { flags: 0, code: 0, alert: 0, lines: [] };
  const all = flags | usage;
  return {
    flags: all,
    code: flags === 0 ? -0x7a00 : -0x2700,
    alert: alertFor(all),
    lines: [{ level: 'I', tag, message: 'Failed to verify peer certificate!' }],
  };
}

const PEM_BLOCK = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]{16,}?-----END CERTIFICATE-----/g;

/** Every certificate that lies as PEM text in an image. `problem` is the parser's return value when one is unusable: -0x2180 for damaged
 * base64 or DER, -0x262E for a signature algorithm mbedTLS does not know (Ed25519). */
export function pinnedCertificates(image: Uint8Array): {
  readonly authorities: readonly Certificate[];
  readonly problem: number | undefined;
} {
  const found = Buffer.from(image.buffer, image.byteOffset, image.byteLength).toString('latin1').match(PEM_BLOCK) ?? [];
  const authorities: Certificate[] = [];
  let problem: number | undefined;
  for (const pem of found) {
    const der = Buffer.from(pem.replace(/-----[A-Z ]+-----/g, ''), 'base64');
    const certificate = readCertificate(der);
    if (certificate === undefined) problem ??= -0x2180;
    else if (['1.3.101.112', '1.3.101.113'].includes(certificate.signatureOid)) problem ??= -0x262e;
    else authorities.push(certificate);
  }
  return { authorities, problem };
}
