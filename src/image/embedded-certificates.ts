import { OtaError } from '../base/ota-error.ts';
import { readCertificate } from './der.ts';

/** A PEM certificate that stands in an image. */
export interface EmbeddedPem {
  /** Of `-----BEGIN`, from the start of the image, in bytes. */
  readonly offset: number;
  /** Line ends made LF, one at the end. */
  readonly pem: string;
}

/** Where an image keeps a certificate that it trusts: as PEM text, as a whole DER certificate, or as subject and key in an ESP-IDF x509
 * certificate bundle. */
export type TrustedAs = 'pem' | 'der' | 'bundle' | 'none';

const BEGIN = '-----BEGIN CERTIFICATE-----';
const END = '-----END CERTIFICATE-----';
const WHITE = /\s+/g;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

interface PemBlock extends EmbeddedPem {
  readonly der: Uint8Array;
}

/** Every block whose content is base64 of a certificate. The two marker lines alone are in every image that links mbedTLS. */
function findBlocks(buffer: Buffer): readonly PemBlock[] {
  const blocks: PemBlock[] = [];
  let end = -1;
  let begin = buffer.indexOf(BEGIN, 0, 'latin1');
  while (begin >= 0) {
    const content = begin + BEGIN.length;
    const next = buffer.indexOf(BEGIN, content, 'latin1');
    if (end < content) end = buffer.indexOf(END, content, 'latin1');
    if (end < 0) break;
    if (next < 0 || end < next) {
      const base64 = buffer.toString('latin1', content, end).replace(WHITE, '');
      const der = BASE64.test(base64) ? Buffer.from(base64, 'base64') : undefined;
      if (der !== undefined && readCertificate(der) !== undefined) {
        const lines = base64.match(/.{1,64}/g) ?? [];
        blocks.push({ offset: begin, pem: [BEGIN, ...lines, END, ''].join('\n'), der });
      }
    }
    begin = next;
  }
  return blocks;
}

/** Every PEM certificate in an image, in the order of their offsets. Never throws; takes time in proportion to the bytes. */
export function findPemCertificates(bytes: Uint8Array): readonly EmbeddedPem[] {
  return findBlocks(asBuffer(bytes)).map(({ offset, pem }) => ({ offset, pem }));
}

/** True when subject and key stand next to each other behind their two lengths, as an entry of a bundle does: big-endian in bundles that
 * begin with a count, little-endian in those that begin with a list of offsets. */
function isInBundle(image: Buffer, subject: Uint8Array, publicKey: Uint8Array): boolean {
  const entry = Buffer.concat([subject, publicKey]);
  for (let at = image.indexOf(entry); at >= 0; at = image.indexOf(entry, at + 1)) {
    if (at < 4) continue;
    const bigEndian = image.readUInt16BE(at - 4) === subject.length && image.readUInt16BE(at - 2) === publicKey.length;
    const littleEndian =
      image.readUInt16LE(at - 4) === subject.length && image.readUInt16LE(at - 2) === publicKey.length;
    if (bigEndian || littleEndian) return true;
  }
  return false;
}

/** Whether an image carries a certificate authority (or a pinned certificate) to trust, compared by content: line ends, a NUL at the end and
 * text around the PEM make no difference. With several certificates in `caPem`, one of them is enough.
 *
 * Both bundle formats of ESP-IDF are understood: count, then entries with big-endian lengths; and, in newer versions, a list of 32-bit
 * offsets, then entries with little-endian lengths. An image that has the certificate may still be configured to use another.
 * @throws {OtaError} `image.badCertificate` when `caPem` has no certificate
 * @see ESP-IDF `components/mbedtls/esp_crt_bundle/gen_crt_bundle.py`, `esp_crt_bundle.c` */
export function imageTrusts(bytes: Uint8Array, caPem: string): { readonly trusted: boolean; readonly how: TrustedAs } {
  const wanted = findBlocks(Buffer.from(caPem, 'latin1')).map(({ der }) => readCertificate(der));
  const authorities = wanted.filter((parts) => parts !== undefined);
  if (authorities.length === 0) throw new OtaError('image.badCertificate', { offsetBytes: 0 });
  const image = asBuffer(bytes);
  const embedded = findBlocks(image).map(({ der }) => Buffer.from(readCertificate(der)?.certificate ?? der));
  if (authorities.some(({ certificate }) => embedded.some((der) => der.equals(certificate)))) {
    return { trusted: true, how: 'pem' };
  }
  if (authorities.some(({ certificate }) => image.includes(asBuffer(certificate))))
    return { trusted: true, how: 'der' };
  if (authorities.some(({ subject, publicKey }) => isInBundle(image, subject, publicKey))) {
    return { trusted: true, how: 'bundle' };
  }
  return { trusted: false, how: 'none' };
}
