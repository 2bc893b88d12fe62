import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { ByteReader } from '../base/byte-reader.ts';
import { SECTOR_BYTES } from './flash-sector.ts';

const BLOCK_BYTES = 1216;
const MAXIMUM_BLOCKS = 3;
const BLOCK_MAGIC = 0xe7;
const VERSION_RSA = 2;
const VERSION_ECDSA = 3;
const SHA_384 = 1;
const V1_BYTES = 68;

export type SignatureScheme = 'ecdsa-v1' | 'rsa-v2' | 'ecdsa-v2';

/** One key's signature in a sector of version 2. */
export interface SignatureBlock {
  /** From the start of the file, in bytes. */
  readonly offset: number;
  /** CRC-32 of the block's first 1196 bytes. */
  readonly crcIsValid: boolean;
  /** The digest in the block is that of the image with its padding. */
  readonly digestMatches: boolean;
}

/** The signature that follows an image. That its parts agree is checked, the signature itself is not: the device's key is not known here.
 * @see ESP-IDF v6.0 `esp_secure_boot.h` (`ets_secure_boot_signature_t`); esptool 5.3 `espsecure/__init__.py` */
export interface ImageSignature {
  readonly scheme: SignatureScheme;
  /** Blocks with a magic byte, 1 … 3; 1 for version 1. */
  readonly count: number;
  /** From the start of the file, in bytes. */
  readonly offset: number;
  /** Bytes from the start of the image to the end of the signature, which have to fit the slot. */
  readonly signedLength: number;
  /** Empty for version 1, which has nothing to check without its key. */
  readonly blocks: readonly SignatureBlock[];
}

function readBlock(bytes: Uint8Array, sector: number, index: number): SignatureBlock | undefined {
  const offset = sector + index * BLOCK_BYTES;
  const reader = new ByteReader(bytes.subarray(offset, offset + BLOCK_BYTES));
  const version = reader.u8(1);
  if (reader.u8(0) !== BLOCK_MAGIC || (version !== VERSION_RSA && version !== VERSION_ECDSA)) return undefined;
  const is384 = version === VERSION_ECDSA && reader.u8(2) === SHA_384;
  const digest = createHash(is384 ? 'sha384' : 'sha256')
    .update(bytes.subarray(0, sector))
    .digest();
  return {
    offset,
    crcIsValid: crc32(reader.slice(0, 1196)) === reader.u32(1196),
    digestMatches: digest.equals(reader.slice(4, digest.length)),
  };
}

function readVersion2(bytes: Uint8Array, imageLength: number): ImageSignature | undefined {
  const sector = Math.ceil(imageLength / SECTOR_BYTES) * SECTOR_BYTES;
  if (bytes.length < sector + SECTOR_BYTES) return undefined;
  const blocks: SignatureBlock[] = [];
  for (let index = 0; index < MAXIMUM_BLOCKS; index++) {
    const block = readBlock(bytes, sector, index);
    if (block === undefined) break;
    blocks.push(block);
  }
  if (blocks.length === 0) return undefined;
  return {
    scheme: bytes[sector + 1] === VERSION_RSA ? 'rsa-v2' : 'ecdsa-v2',
    count: blocks.length,
    offset: sector,
    signedLength: sector + SECTOR_BYTES,
    blocks,
  };
}

function readVersion1(bytes: Uint8Array, imageLength: number): ImageSignature | undefined {
  if (bytes.length !== imageLength + V1_BYTES) return undefined;
  const reader = new ByteReader(bytes);
  const hasBytes = reader.slice(imageLength + 4, V1_BYTES - 4).some((byte) => byte !== 0 && byte !== 0xff);
  if (reader.u32(imageLength) !== 0 || !hasBytes) return undefined;
  return { scheme: 'ecdsa-v1', count: 1, offset: imageLength, signedLength: bytes.length, blocks: [] };
}

/** The signature after an image of `imageLength` bytes (with its digest), `undefined` when nothing that looks like one follows.
 * Version 1 has no magic: it is recognised by being the last 68 bytes of the file. Never throws. */
export function readSignature(bytes: Uint8Array, imageLength: number): ImageSignature | undefined {
  return readVersion2(bytes, imageLength) ?? readVersion1(bytes, imageLength);
}
