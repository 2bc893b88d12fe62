import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCertificate } from '../../../src/virtual-board/certificate.ts';
import { RecordInspector, type RecordNews } from '../../../src/virtual-board/tls-records.ts';
import { judge, matchesIpNames, pinnedCertificates } from '../../../src/virtual-board/tls-trust.ts';
import { parseIdfVersion } from '../../../src/virtual-board/idf-version.ts';
import { makeCertificate } from '../../support/make-certificate.ts';

const RUNS = Number(process.env['ESP32_OTA_FUZZ_RUNS'] ?? 2000);

function record(type: number, body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([type, 3, 3, body.length >> 8, body.length & 0xff]), body]);
}

function sized(bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([0, bytes.length >> 8, bytes.length & 0xff]), bytes]);
}

const first = Buffer.from('first certificate');
const second = Buffer.from('second');
const certificateMessage = Buffer.concat([
  Buffer.from([11]),
  sized(sized(Buffer.concat([sized(first), sized(second)]))),
]);
const hello = Buffer.concat([Buffer.from([2]), sized(Buffer.alloc(40))]);
/** ServerHello and Certificate over two records that cut the message in the middle, then an alert. */
const FLIGHT = Buffer.concat([
  record(22, Buffer.concat([hello, certificateMessage.subarray(0, 20)])),
  record(22, certificateMessage.subarray(20)),
  record(21, Uint8Array.of(2, 40)),
]);

function read(bytes: Uint8Array, cuts: readonly number[], max = 16384): RecordNews[] {
  const inspector = new RecordInspector(max);
  const news: RecordNews[] = [];
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    news.push(...inspector.feed(bytes.subarray(from, cut)));
    from = cut;
  }
  return news;
}

describe('RecordInspector', () => {
  it('finds the certificates and the alert, cut anywhere', () => {
    for (let cut = 0; cut <= FLIGHT.length; cut++) {
      expect(read(FLIGHT, [cut])).toEqual([
        { kind: 'certificates', chain: [first, second] },
        { kind: 'alert', isFatal: true, description: 40 },
      ]);
    }
  });

  it('does not look into what is encrypted', () => {
    const secret = Buffer.concat([record(20, Uint8Array.of(1)), record(22, certificateMessage), record(23, FLIGHT)]);
    expect(read(secret, [])).toEqual([]);
  });

  it('knows what is not TLS and what is too large', () => {
    expect(read(Buffer.from('HTTP/1.1 400 Bad Request'), [3])).toEqual([{ kind: 'notTls' }]);
    expect(read(record(23, Buffer.alloc(5000)), [], 4096)).toEqual([{ kind: 'tooLarge', lengthBytes: 5000 }]);
    expect(read(record(23, Buffer.alloc(4096 + 24)), [], 4096)).toEqual([]);
  });

  it('takes any bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.uint8Array({ maxLength: 30 }), fc.constant(FLIGHT))), (chunks) => {
        const inspector = new RecordInspector(16384);
        for (const chunk of chunks) inspector.feed(chunk);
      }),
      { numRuns: RUNS },
    );
  });
});

describe('certificates', () => {
  const made = makeCertificate('board.test');

  it('reads what mbedTLS looks at', () => {
    expect(readCertificate(made.der)).toMatchObject({
      version: 3,
      commonNames: ['board.test'],
      alternativeNames: undefined,
      keyUsage: undefined,
      isCa: false,
      subject: made.subject,
      issuer: made.subject,
    });
    expect(readCertificate(makeCertificate('old', 1).der)?.version).toBe(1);
  });

  it('takes any damage', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(made.der.length - 1), fc.nat(255)), { maxLength: 4 }),
        fc.nat(made.der.length),
        (flips, end) => {
          const bytes = Buffer.from(made.der);
          for (const [at, value] of flips) bytes[at] = value;
          const certificate = readCertificate(bytes.subarray(0, end));
          const idf = { major: 5, minor: 5, patch: 0 };
          judge([bytes], { trust: { kind: 'pem', authorities: [] }, idf, hostName: 'x', nowMs: undefined });
          expect(certificate === undefined || certificate.der.length === end).toBe(true);
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('finds every PEM block of an image, and says when one is unusable', () => {
    const other = makeCertificate('other');
    const image = Buffer.concat([
      Buffer.alloc(99, 7),
      Buffer.from(`${made.pem}\0junk${other.pem}\0`),
      Buffer.alloc(50),
    ]);
    expect(pinnedCertificates(image).authorities.map(({ commonNames }) => commonNames)).toEqual([
      ['board.test'],
      ['other'],
    ]);
    const damaged = Buffer.from(made.pem.replace('MI', 'MA'));
    expect(pinnedCertificates(damaged)).toEqual({ authorities: [], problem: -0x2180 });
    expect(pinnedCertificates(Buffer.alloc(100))).toEqual({ authorities: [], problem: undefined });
  });
});

describe('IP addresses in a SAN', () => {
  it.each([
    ['4.4.8', false],
    ['5.0.4', false],
    ['5.0.5', true],
    ['5.1.1', false],
    ['5.1.2', true],
    ['5.2', true],
    ['6.0.2', true],
  ])('ESP-IDF %s: %s', (text, expected) => {
    const idf = parseIdfVersion(text);
    expect(idf && matchesIpNames(idf)).toBe(expected);
  });
});
