import { constants, createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { crc32 } from 'node:zlib';

export interface SigningKeys {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export function makeSigningKeys(kind: 'rsa' | 'ec'): SigningKeys {
  return kind === 'rsa'
    ? generateKeyPairSync('rsa', { modulusLength: 3072 })
    : generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
}

function littleEndian(bigEndian: Uint8Array, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  Buffer.from(bigEndian).reverse().copy(bytes);
  return bytes;
}

function part(key: KeyObject, name: 'n' | 'e' | 'x' | 'y'): Buffer {
  return Buffer.from(String(key.export({ format: 'jwk' })[name]), 'base64url');
}

/** Appends a signature that a key really made.
 * @see espsecure of esptool 5.3, `sign_data` */
export function signImage(
  image: Uint8Array,
  scheme: 'ecdsa-v1' | 'rsa-v2' | 'ecdsa-v2',
  keys: SigningKeys,
): Uint8Array {
  if (scheme === 'ecdsa-v1') {
    const signature = sign('sha256', image, { key: keys.privateKey, dsaEncoding: 'ieee-p1363' });
    return Buffer.concat([image, Buffer.alloc(4), signature]);
  }
  const padded = Buffer.alloc(Math.ceil(image.length / 4096) * 4096, 0xff);
  padded.set(image);
  const block = Buffer.alloc(1216);
  block[0] = 0xe7;
  block[1] = scheme === 'rsa-v2' ? 2 : 3;
  createHash('sha256').update(padded).digest().copy(block, 4);
  if (scheme === 'rsa-v2') {
    littleEndian(part(keys.publicKey, 'n'), 384).copy(block, 36);
    littleEndian(part(keys.publicKey, 'e'), 4).copy(block, 36 + 384);
    const signature = sign('sha256', padded, {
      key: keys.privateKey,
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: 32,
    });
    littleEndian(signature, 384).copy(block, 36 + 776);
  } else {
    block[36] = 2;
    littleEndian(part(keys.publicKey, 'x'), 32).copy(block, 37);
    littleEndian(part(keys.publicKey, 'y'), 32).copy(block, 69);
    const signature = sign('sha256', padded, { key: keys.privateKey, dsaEncoding: 'ieee-p1363' });
    littleEndian(signature.subarray(0, 32), 32).copy(block, 101);
    littleEndian(signature.subarray(32), 32).copy(block, 133);
  }
  block.writeUInt32LE(crc32(block.subarray(0, 1196)), 1196);
  return Buffer.concat([padded, block, Buffer.alloc(4096 - 1216, 0xff)]);
}
