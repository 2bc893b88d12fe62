import { constants, createHash, createPublicKey, verify, type KeyObject } from 'node:crypto';
import { ByteReader } from '../base/byte-reader.ts';
import type { ImageInFlash, Log } from './image-in-flash.ts';
import { SECTOR_BYTES, type NorFlash } from './nor-flash.ts';

/** How an application checks updates before it boots them, without secure boot in hardware (`CONFIG_SECURE_SIGNED_ON_UPDATE_NO_SECURE_BOOT`). For
 * version 1 the public key is built into the firmware; for version 2 the keys of the running application's own signature are trusted. */
export type SigningScheme =
  | { readonly kind: 'ecdsa-v1'; readonly publicKeyPem: string }
  | { readonly kind: 'rsa-v2' }
  | { readonly kind: 'ecdsa-v2' };

const BLOCK_BYTES = 1216;
const MAX_BLOCKS = 3;
const BLOCK_MAGIC = 0xe7;
const KEY_OFFSET = 36;
/** Modulus, exponent and two precomputed values. */
const RSA_KEY_BYTES = 384 + 4 + 384 + 4;
/** Curve id and point. */
const ECDSA_KEY_BYTES = 1 + 64;
const V1_BYTES = 68;

interface Region {
  readonly offset: number;
  readonly size: number;
}

function reversed(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes).reverse();
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

function derInteger(bigEndian: Uint8Array): Buffer {
  const first = bigEndian.findIndex((byte) => byte !== 0);
  const digits = Buffer.from(first < 0 ? [0] : bigEndian.subarray(first));
  const body = (digits[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), digits]) : digits;
  return der(0x02, body);
}

function der(tag: number, body: Uint8Array): Buffer {
  const length = body.length < 0x80 ? [body.length] : [0x82, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}

function rsaKey(block: Uint8Array): KeyObject {
  const modulus = derInteger(reversed(block.subarray(KEY_OFFSET, KEY_OFFSET + 384)));
  const exponent = derInteger(reversed(block.subarray(KEY_OFFSET + 384, KEY_OFFSET + 388)));
  return createPublicKey({ key: der(0x30, Buffer.concat([modulus, exponent])), format: 'der', type: 'pkcs1' });
}

function ecKey(block: Uint8Array): KeyObject {
  const x = reversed(block.subarray(KEY_OFFSET + 1, KEY_OFFSET + 33)).toString('base64url');
  const y = reversed(block.subarray(KEY_OFFSET + 33, KEY_OFFSET + 65)).toString('base64url');
  return createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' });
}

function isSigned(block: Uint8Array, kind: 'rsa-v2' | 'ecdsa-v2', signed: Uint8Array): boolean {
  try {
    if (kind === 'rsa-v2') {
      const signature = reversed(block.subarray(KEY_OFFSET + RSA_KEY_BYTES, KEY_OFFSET + RSA_KEY_BYTES + 384));
      const padding = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
      return verify('sha256', signed, { key: rsaKey(block), ...padding }, signature);
    }
    const at = KEY_OFFSET + ECDSA_KEY_BYTES;
    const signature = Buffer.concat([
      reversed(block.subarray(at, at + 32)),
      reversed(block.subarray(at + 32, at + 64)),
    ]);
    return verify('sha256', signed, { key: ecKey(block), dsaEncoding: 'ieee-p1363' }, signature);
  } catch {
    // numbers that are no key
    return false;
  }
}

/** The signature blocks behind an image, in the sector after its padding.
 * @see esptool 5.3 espsecure, `generate_signature_block_using_private_key` */
function blocksBehind(flash: NorFlash, region: Region, image: ImageInFlash, version: number): readonly Uint8Array[] {
  const at = region.offset + Math.ceil(image.lengthBytes / SECTOR_BYTES) * SECTOR_BYTES;
  if (at + SECTOR_BYTES > Math.min(flash.sizeBytes, region.offset + region.size)) return [];
  const sector = flash.view(at, SECTOR_BYTES);
  const blocks = Array.from({ length: MAX_BLOCKS }, (_, index) =>
    sector.subarray(index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES),
  );
  return blocks.filter(
    (block) =>
      block[0] === BLOCK_MAGIC &&
      block[1] === version &&
      crc32(block.subarray(0, 1196)) === new ByteReader(block).u32(1196),
  );
}

function crc32(bytes: Uint8Array): number {
  let register = ~0;
  for (const byte of bytes) {
    register ^= byte;
    for (let bit = 0; bit < 8; bit++) register = (register & 1) === 1 ? (register >>> 1) ^ 0xedb88320 : register >>> 1;
  }
  return ~register >>> 0;
}

function isV1Signed(flash: NorFlash, region: Region, image: ImageInFlash, publicKeyPem: string): boolean {
  const end = region.offset + image.lengthBytes;
  if (end + V1_BYTES > flash.sizeBytes || new ByteReader(flash.view(end, 4)).u32(0) !== 0) return false;
  const signature = flash.read(end + 4, 64);
  try {
    const key = { key: createPublicKey(publicKeyPem), dsaEncoding: 'ieee-p1363' } as const;
    return verify('sha256', flash.read(region.offset, image.lengthBytes), key, signature);
  } catch {
    return false;
  }
}

function isV2Signed(
  flash: NorFlash,
  region: Region,
  image: ImageInFlash,
  kind: 'rsa-v2' | 'ecdsa-v2',
  running: { readonly region: Region; readonly image: ImageInFlash },
  log: Log,
): boolean {
  const tag = 'secure_boot_v2';
  const [version, keyBytes] = kind === 'rsa-v2' ? [2, RSA_KEY_BYTES] : [3, ECDSA_KEY_BYTES];
  const keyDigest = (block: Uint8Array): string =>
    sha256(block.subarray(KEY_OFFSET, KEY_OFFSET + keyBytes)).toString('hex');
  log('I', tag, 'Take trusted digest key(s) from running app');
  const trusted = blocksBehind(flash, running.region, running.image, version).map(keyDigest);
  const signed = flash.read(region.offset, Math.ceil(image.lengthBytes / SECTOR_BYTES) * SECTOR_BYTES);
  const digest = sha256(signed);
  for (const [index, block] of blocksBehind(flash, region, image, version).entries()) {
    const key = trusted.indexOf(keyDigest(block));
    if (key < 0 || !digest.equals(block.subarray(4, 36))) continue;
    log('I', tag, `#${index} app key digest == #${key} trusted key digest`);
    log('I', tag, `Verifying with ${kind === 'rsa-v2' ? 'RSA-PSS' : 'ECDSA'}...`);
    if (isSigned(block, kind, signed)) {
      log('I', tag, 'Signature verified successfully!');
      return true;
    }
  }
  return false;
}

/** Verifies the signature of an image that is whole otherwise, as an application does after a download.
 * @see ESP-IDF v5.5 components/bootloader_support/src/esp_image_format.c, `verify_secure_boot_signature`;
 * secure_boot_v2/secure_boot_signatures_app.c */
export function isSignatureTrusted(
  flash: NorFlash,
  region: Region,
  image: ImageInFlash,
  scheme: SigningScheme,
  running: { readonly region: Region; readonly image: ImageInFlash },
  log: Log,
): boolean {
  log('I', 'esp_image', 'Verifying image signature...');
  const isTrusted =
    scheme.kind === 'ecdsa-v1'
      ? isV1Signed(flash, region, image, scheme.publicKeyPem)
      : isV2Signed(flash, region, image, scheme.kind, running, log);
  if (isTrusted) return true;
  log('E', 'esp_image', 'Secure boot signature verification failed');
  log('I', 'esp_image', 'Calculating simple hash to check for corruption...');
  log('W', 'esp_image', 'image valid, signature bad');
  return false;
}
