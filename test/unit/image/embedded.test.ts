import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { findPemCertificates, imageTrusts } from '../../../src/image/embedded-certificates.ts';
import { findUrls } from '../../../src/image/embedded-urls.ts';
import { makeCertificate, type MadeCertificate } from '../../support/make-certificate.ts';
import { makeApp } from '../../support/make-image.ts';
import { codeOf } from './code-of.ts';

const first = makeCertificate('first authority');
const second = makeCertificate('second authority', 1);
const stranger = makeCertificate('a stranger');

function bySubject(certificates: readonly MadeCertificate[]): MadeCertificate[] {
  return [...certificates].sort((a, b) => Buffer.compare(a.subject, b.subject));
}

/** Count, then entries with big-endian lengths. */
function bundleWithCount(certificates: readonly MadeCertificate[]): Buffer {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(certificates.length);
  const entries = bySubject(certificates).map(({ subject, publicKey }) => {
    const lengths = Buffer.alloc(4);
    lengths.writeUInt16BE(subject.length, 0);
    lengths.writeUInt16BE(publicKey.length, 2);
    return Buffer.concat([lengths, subject, publicKey]);
  });
  return Buffer.concat([head, ...entries]);
}

/** A list of offsets, then entries with little-endian lengths. */
function bundleWithOffsets(certificates: readonly MadeCertificate[]): Buffer {
  const entries = bySubject(certificates).map(({ subject, publicKey }) => {
    const lengths = Buffer.alloc(4);
    lengths.writeUInt16LE(subject.length, 0);
    lengths.writeUInt16LE(publicKey.length, 2);
    return Buffer.concat([lengths, subject, publicKey]);
  });
  const offsets = Buffer.alloc(4 * entries.length);
  let next = offsets.length;
  entries.forEach((entry, index) => {
    offsets.writeUInt32LE(next, 4 * index);
    next += entry.length;
  });
  return Buffer.concat([offsets, ...entries]);
}

describe('certificates for these tests', () => {
  it('are certificates to Node too', () => {
    expect(new X509Certificate(first.pem).subject).toBe('CN=first authority');
    expect(new X509Certificate(second.pem).verify(new X509Certificate(second.pem).publicKey)).toBe(true);
  });
});

describe('findPemCertificates', () => {
  it('finds every block with its offset, and gives it with plain line ends', () => {
    const image = makeApp({
      extra: Buffer.concat([
        Buffer.from('xx'),
        Buffer.from(first.pem.replaceAll('\n', '\r\n')),
        Buffer.from([0]),
        Buffer.from(second.pem),
      ]),
    });
    const found = findPemCertificates(image);
    expect(found.map(({ pem }) => pem)).toEqual([first.pem, second.pem]);
    expect(found[0]?.offset).toBe(image.indexOf('-----BEGIN'));
  });

  it('passes over the marker lines that mbedTLS itself contains', () => {
    const markers = '-----BEGIN CERTIFICATE-----\0-----END CERTIFICATE-----\0-----BEGIN CERTIFICATE-----\0';
    expect(findPemCertificates(makeApp({ extra: Buffer.from(markers) }))).toEqual([]);
    expect(findPemCertificates(makeApp({ extra: Buffer.from(markers + first.pem) }))).toHaveLength(1);
  });

  it('passes over a block whose base64 is no certificate', () => {
    const noise = `-----BEGIN CERTIFICATE-----\n${Buffer.alloc(90, 3).toString('base64')}\n-----END CERTIFICATE-----\n`;
    expect(findPemCertificates(Buffer.from(noise))).toEqual([]);
  });
});

describe('imageTrusts', () => {
  const image = makeApp({ extra: Buffer.concat([Buffer.from(first.pem), Buffer.from([0])]) });

  it('trusts a certificate that is embedded as PEM, whatever its line ends', () => {
    expect(imageTrusts(image, first.pem)).toEqual({ trusted: true, how: 'pem' });
    expect(imageTrusts(image, `${first.pem.replaceAll('\n', '\r\n').trimEnd()}\0`)).toEqual({
      trusted: true,
      how: 'pem',
    });
    expect(imageTrusts(image, `Subject: first\n${first.pem}`)).toEqual({ trusted: true, how: 'pem' });
  });

  it('does not trust another certificate of the same name', () => {
    expect(imageTrusts(image, makeCertificate('first authority').pem)).toEqual({ trusted: false, how: 'none' });
  });

  it('finds a whole DER certificate', () => {
    expect(imageTrusts(makeApp({ extra: second.der }), second.pem)).toEqual({ trusted: true, how: 'der' });
  });

  it.each([
    ['count and big-endian lengths', bundleWithCount],
    ['offsets and little-endian lengths', bundleWithOffsets],
  ])('finds an authority in a bundle with %s', (_, bundle) => {
    const packed = makeApp({ extra: bundle([second, first]) });
    expect(imageTrusts(packed, first.pem)).toEqual({ trusted: true, how: 'bundle' });
    expect(imageTrusts(packed, second.pem)).toEqual({ trusted: true, how: 'bundle' });
    expect(imageTrusts(packed, stranger.pem)).toEqual({ trusted: false, how: 'none' });
  });

  it('does not take subject and key for a bundle without their lengths', () => {
    const bytes = Buffer.concat([Buffer.from('no lengths'), first.subject, first.publicKey]);
    expect(imageTrusts(bytes, first.pem).trusted).toBe(false);
  });

  it('takes one of several certificates', () => {
    expect(imageTrusts(image, stranger.pem + first.pem).trusted).toBe(true);
  });

  it('refuses text that is no certificate', () => {
    expect(codeOf(() => imageTrusts(image, 'not a certificate'))).toBe('image.badCertificate');
    expect(codeOf(() => imageTrusts(image, ''))).toBe('image.badCertificate');
  });
});

describe('findUrls', () => {
  it('finds http and https URLs with their offsets, up to the first byte that ends one', () => {
    const bytes = Buffer.from('\0https://192.168.1.5:8070/app.bin\0"http://ota.local/x?y=1"httpd\0http');
    expect(findUrls(bytes)).toEqual([
      { offset: 1, url: 'https://192.168.1.5:8070/app.bin' },
      { offset: bytes.indexOf('http://'), url: 'http://ota.local/x?y=1' },
    ]);
  });

  it('passes over patterns and over what is too long', () => {
    expect(findUrls(Buffer.from('https://%s:%d/\0https://\0http://\xff'))).toEqual([]);
    expect(findUrls(Buffer.from(`https://a/${'x'.repeat(4000)}`))).toEqual([]);
  });

  it('stops at a thousand', () => {
    expect(findUrls(Buffer.from('https://a/\0'.repeat(5000)))).toHaveLength(1000);
  });
});

describe('a search through 4 MB', () => {
  const markers = Buffer.alloc(4 * 1024 * 1024, '-----BEGIN CERTIFICATE-----\n');
  const schemes = Buffer.alloc(4 * 1024 * 1024, 'http');
  const zeros = Buffer.alloc(4 * 1024 * 1024);

  it('takes time in proportion to the bytes, whatever they are', () => {
    // No figure is asserted: a quadratic search would not end within the time a test has.
    for (const bytes of [markers, schemes, zeros]) {
      expect(findPemCertificates(bytes)).toEqual([]);
      expect(findUrls(bytes)).toEqual([]);
    }
  });
});
