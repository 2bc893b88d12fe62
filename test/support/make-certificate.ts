import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';

/** A certificate for a test, made at run time; its parts as a bundle stores them. */
export interface MadeCertificate {
  readonly pem: string;
  readonly der: Buffer;
  readonly subject: Buffer;
  readonly publicKey: Buffer;
  readonly privateKey: KeyObject;
}

function element(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  return Buffer.concat([Buffer.from([tag, 0x82, body.length >> 8, body.length & 0xff]), body]);
}

function objectId(...bytes: readonly number[]): Buffer {
  return element(0x06, Buffer.from(bytes));
}

const ECDSA_SHA256 = element(0x30, objectId(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));
const COMMON_NAME = objectId(0x55, 0x04, 0x03);

/** A self-signed P-256 certificate of X.509 version 1 or 3 with the given common name. */
export function makeCertificate(commonName: string, version: 1 | 3 = 3): MadeCertificate {
  const keys = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const publicKey = keys.publicKey.export({ type: 'spki', format: 'der' });
  const text = element(0x0c, Buffer.from(commonName));
  const subject = element(0x30, element(0x31, element(0x30, COMMON_NAME, text)));
  const validity = element(
    0x30,
    element(0x17, Buffer.from('260101000000Z')),
    element(0x17, Buffer.from('360101000000Z')),
  );
  const body = element(
    0x30,
    version === 3 ? element(0xa0, element(0x02, Buffer.from([2]))) : Buffer.alloc(0),
    element(0x02, Buffer.from([1])),
    ECDSA_SHA256,
    subject,
    validity,
    subject,
    publicKey,
  );
  const signature = sign('sha256', body, keys.privateKey);
  const der = element(0x30, body, ECDSA_SHA256, element(0x03, Buffer.from([0]), signature));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  const pem = ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
  return { pem, der, subject, publicKey, privateKey: keys.privateKey };
}
