/** The parts of a certificate that an update needs, as DER with their tag and length. */
export interface CertificateParts {
  /** The whole certificate, without what may follow it. */
  readonly certificate: Uint8Array;
  readonly subject: Uint8Array;
  /** SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array;
}

interface Element {
  readonly tag: number;
  readonly start: number;
  readonly contentStart: number;
  readonly end: number;
}

const SEQUENCE = 0x30;
const VERSION = 0xa0;
const OBJECT_ID = 0x06;

function readElement(bytes: Uint8Array, start: number, limit: number): Element | undefined {
  const tag = bytes[start];
  const first = bytes[start + 1];
  if (tag === undefined || first === undefined) return undefined;
  let length = first;
  let contentStart = start + 2;
  if (first >= 0x80) {
    const count = first & 0x7f;
    if (count === 0 || count > 4) return undefined;
    length = 0;
    for (let index = 0; index < count; index++) length = length * 0x100 + (bytes[contentStart + index] ?? 0);
    contentStart += count;
  }
  const end = contentStart + length;
  return end <= limit ? { tag, start, contentStart, end } : undefined;
}

/** Subject and public key of an X.509 certificate in DER; `undefined` when the bytes are none. Never throws.
 * @see RFC 5280, 4.1 */
export function readCertificate(bytes: Uint8Array): CertificateParts | undefined {
  const certificate = readElement(bytes, 0, bytes.length);
  if (certificate?.tag !== SEQUENCE) return undefined;
  const body = readElement(bytes, certificate.contentStart, certificate.end);
  if (body?.tag !== SEQUENCE) return undefined;
  const fields: Element[] = [];
  for (let at = body.contentStart; at < body.end && fields.length < 7;) {
    const field = readElement(bytes, at, body.end);
    if (field === undefined) return undefined;
    if (fields.length > 0 || field.tag !== VERSION) fields.push(field);
    at = field.end;
  }
  // Serial number, signature algorithm, issuer, validity, subject, public key.
  const [, , , , subject, publicKey] = fields;
  if (subject?.tag !== SEQUENCE || publicKey?.tag !== SEQUENCE) return undefined;
  return {
    certificate: bytes.subarray(0, certificate.end),
    subject: bytes.subarray(subject.start, subject.end),
    publicKey: bytes.subarray(publicKey.start, publicKey.end),
  };
}

/** Object identifier of the algorithm that signed an X.509 certificate in DER, in dots such as `1.2.840.113549.1.1.11`; `undefined` when the bytes are no
 * certificate. Never throws.
 * @see RFC 5280, 4.1.1.2 */
export function readSignatureAlgorithm(bytes: Uint8Array): string | undefined {
  const certificate = readElement(bytes, 0, bytes.length);
  if (certificate?.tag !== SEQUENCE) return undefined;
  const body = readElement(bytes, certificate.contentStart, certificate.end);
  const algorithm = body === undefined ? undefined : readElement(bytes, body.end, certificate.end);
  if (algorithm?.tag !== SEQUENCE) return undefined;
  const id = readElement(bytes, algorithm.contentStart, algorithm.end);
  if (id?.tag !== OBJECT_ID) return undefined;
  const arcs: number[] = [];
  let arc = 0;
  for (const byte of bytes.subarray(id.contentStart, id.end)) {
    arc = arc * 128 + (byte & 0x7f);
    if (byte >= 0x80) continue;
    arcs.push(arc);
    arc = 0;
  }
  const [first = 0, ...rest] = arcs;
  const top = Math.min(2, Math.floor(first / 40));
  return [top, first - top * 40, ...rest].join('.');
}
