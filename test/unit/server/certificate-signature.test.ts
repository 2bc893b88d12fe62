import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSignatureAlgorithm } from '../../../src/image/der.ts';
import { signatureDigest } from '../../../src/server/certificate-signature.ts';
import { makeCertificate } from '../../support/make-certificate.ts';

const RUNS = Number(process.env['ESP32_OTA_FUZZ_RUNS'] ?? 2000);
const made = makeCertificate('server');

describe('the signature of a certificate', () => {
  it('is told by its digest', () => {
    expect(signatureDigest(made.pem)).toBe('sha256');
    expect(readSignatureAlgorithm(made.der)).toBe('1.2.840.10045.4.3.2');
    expect(signatureDigest('no certificate')).toBeUndefined();
  });

  it('is told by its number when it has no digest of its own', () => {
    // Ed25519 in place of ECDSA with SHA-256, of the same length: 1.3.101.112 and arcs behind it
    const id = Buffer.from([0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]);
    const other = Buffer.from([0x06, 0x08, 0x2b, 0x65, 0x70, 0x01, 0x01, 0x01, 0x01, 0x01]);
    const at = made.der.lastIndexOf(id);
    const der = Buffer.concat([made.der.subarray(0, at), other, made.der.subarray(at + id.length)]);
    expect(readSignatureAlgorithm(der)).toBe('1.3.101.112.1.1.1.1.1');
  });

  it('is a text or nothing for any bytes', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.tuple(fc.nat(made.der.length - 1), fc.nat(255)).map(([at, byte]) => {
        const changed = Buffer.from(made.der);
        changed[at] = byte;
        return changed;
      }),
      fc.nat(made.der.length).map((length) => made.der.subarray(0, length)),
    );
    fc.assert(
      fc.property(bytes, (input) => {
        expect(['string', 'undefined']).toContain(typeof readSignatureAlgorithm(input));
      }),
      { numRuns: RUNS },
    );
  });
});
