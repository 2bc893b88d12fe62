import { ByteReader } from '../base/byte-reader.ts';
import { readAppDescription } from './app-description.ts';

/** Files that are no flash content themselves. */
export type ContainerKind =
  | {
      readonly kind: 'preEncrypted';
      /** How the key of the content is wrapped. */
      readonly scheme: 'rsa-3072' | 'ecies-p256';
      /** Of the encrypted image. */
      readonly contentBytes: number;
    }
  | {
      readonly kind: 'delta';
      /** The appended digest of the image that the patch applies to, as hex. */
      readonly baseDigest: string;
    }
  | {
      readonly kind: 'compressed';
      /** `espressif`: a packed update for ESP-IDF's bootloader_support_plus; the others are plain files. */
      readonly container: 'espressif' | 'gzip' | 'xz' | 'zip';
      /** The header of the application stands in front, for OTA functions that look at it. */
      readonly hasAppHeader: boolean;
      readonly headerVersion?: number;
      readonly contentBytes?: number;
    }
  | {
      readonly kind: 'elf';
      readonly machine: 'xtensa' | 'riscv' | number;
    }
  | { readonly kind: 'html' }
  | { readonly kind: 'json' };

/** First four bytes as a little-endian number; they are the start of the SHA-256 of a name.
 * @see espressif/idf-extra-components `esp_encrypted_img/src/esp_encrypted_img.c`, `esp_enc_img_magic` */
const PRE_ENCRYPTED = new Map([
  [0x0788b6cf, 'rsa-3072'],
  [0x5b61eca0, 'ecies-p256'],
] as const);
const PRE_ENCRYPTED_HEADER_BYTES = 512;
const PRE_ENCRYPTED_SIZE_OFFSET = 404;

/** @see espressif/idf-extra-components `esp_delta_ota` */
const DELTA_MAGIC = 0xfccdde10;
const DELTA_HEADER_BYTES = 64;

/** `ESP\0`. @see espressif/esp-iot-solution `bootloader_support_plus`, `bootloader_custom_ota.h` */
const PACKED_MAGIC = 0x0050_5345;
const PACKED_HEADER_BYTES = 40;
const APP_HEADER_BYTES = 288;

const PLAIN = [
  { container: 'gzip', bytes: [0x1f, 0x8b, 0x08] },
  { container: 'xz', bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00] },
  { container: 'zip', bytes: [0x50, 0x4b, 0x03, 0x04] },
] as const;

const ELF_MAGIC = 0x464c457f;
const MACHINES: ReadonlyMap<number, 'xtensa' | 'riscv'> = new Map([
  [94, 'xtensa'],
  [243, 'riscv'],
]);
const TEXT_BYTES = 512;
/** JSON up to this size is read in full, of a longer one only the first character counts. */
const JSON_BYTES = 0x10_0000;

function recognisePacked(bytes: Uint8Array): ContainerKind | undefined {
  const isAt = (offset: number): boolean =>
    bytes.length >= offset + PACKED_HEADER_BYTES && new ByteReader(bytes).u32(offset) === PACKED_MAGIC;
  const hasAppHeader = isAt(APP_HEADER_BYTES) && bytes[1] === 0 && readAppDescription(bytes) !== undefined;
  if (!hasAppHeader && !isAt(0)) return undefined;
  const start = hasAppHeader ? APP_HEADER_BYTES : 0;
  const reader = new ByteReader(bytes);
  const headerVersion = reader.u8(start + 4);
  return {
    kind: 'compressed',
    container: 'espressif',
    hasAppHeader,
    headerVersion,
    ...(headerVersion === 3 ? { contentBytes: reader.u32(start + 16) } : {}),
  };
}

function recogniseText(bytes: Uint8Array): ContainerKind | undefined {
  const isText = (part: Uint8Array): boolean => !part.includes(0);
  const head = bytes.subarray(0, TEXT_BYTES);
  if (!isText(head)) return undefined;
  const start = new TextDecoder().decode(head).trimStart().toLowerCase();
  if (/^(?:<!doctype\s+html|<html|<head|<body|<\?xml|<!--)/.test(start)) return { kind: 'html' };
  if (!/^(?:\{\s*["}]|\[\s*[[\]{"\-0-9tfn])/.test(start)) return undefined;
  if (bytes.length > JSON_BYTES) return isText(bytes) ? { kind: 'json' } : undefined;
  try {
    JSON.parse(new TextDecoder().decode(bytes));
    return { kind: 'json' };
  } catch {
    return undefined;
  }
}

/** Encrypted, packed and delta updates, ELF files and text, or `undefined`. Never throws. */
export function recogniseContainer(bytes: Uint8Array): ContainerKind | undefined {
  const packed = recognisePacked(bytes);
  if (packed !== undefined) return packed;
  if (bytes.length >= 20) {
    const reader = new ByteReader(bytes);
    const magic = reader.u32(0);
    const scheme = PRE_ENCRYPTED.get(magic as 0x0788b6cf);
    if (scheme !== undefined && bytes.length >= PRE_ENCRYPTED_HEADER_BYTES) {
      return { kind: 'preEncrypted', scheme, contentBytes: reader.u32(PRE_ENCRYPTED_SIZE_OFFSET) };
    }
    if (magic === DELTA_MAGIC && bytes.length >= DELTA_HEADER_BYTES) {
      return { kind: 'delta', baseDigest: Buffer.from(reader.slice(4, 32)).toString('hex') };
    }
    if (magic === ELF_MAGIC) return { kind: 'elf', machine: MACHINES.get(reader.u16(18)) ?? reader.u16(18) };
  }
  const plain = PLAIN.find((format) => format.bytes.every((byte, index) => bytes[index] === byte));
  if (plain !== undefined) return { kind: 'compressed', container: plain.container, hasAppHeader: false };
  return recogniseText(bytes);
}
