import { createCipheriv, createHash } from 'node:crypto';
import { isOtaError } from '../../base/ota-error.ts';
import { DESCRIPTION_OFFSET } from '../../image/app-description.ts';
import { parseImage, type EspImage } from '../../image/app-image.ts';
import { CHIPS } from '../../image/chips.ts';

/** What is different in a copy of an application image. Everything left out stays. */
export interface ImageChange {
  readonly chipId?: number;
  /** Cut to 31 bytes. */
  readonly version?: string;
  readonly projectName?: string;
  /** Another ELF digest, as any other build has. */
  readonly hasOtherElf?: boolean;
}

const CHIP_ID_OFFSET = 12;
/** Offsets within the description, and the bytes of its texts.
 * @see ESP-IDF v5.5 `esp_app_desc.h` */
const VERSION_AT = DESCRIPTION_OFFSET + 16;
const PROJECT_AT = DESCRIPTION_OFFSET + 48;
const ELF_DIGEST_AT = DESCRIPTION_OFFSET + 144;
const TEXT_BYTES = 32;
/** Image header, first segment header and description. */
const HEAD_BYTES = DESCRIPTION_OFFSET + 256;

/** A copy of an application image that differs in one thing, with checksum and digest right again. A signature, where there is one, is no
 * longer right: only its owner could make it so.
 * @returns undefined when the bytes are no application image with a description */
export function retouchImage(bytes: Uint8Array, change: ImageChange): Uint8Array | undefined {
  if (parsed(bytes)?.description === undefined) return undefined;
  const copy = Uint8Array.from(bytes);
  if (change.chipId !== undefined) new DataView(copy.buffer).setUint16(CHIP_ID_OFFSET, change.chipId, true);
  if (change.version !== undefined) putText(copy, VERSION_AT, change.version);
  if (change.projectName !== undefined) putText(copy, PROJECT_AT, change.projectName);
  if (change.hasOtherElf === true) copy[ELF_DIGEST_AT] = (copy[ELF_DIGEST_AT] ?? 0) ^ 0xff;
  const image = parsed(copy);
  if (image === undefined) return undefined;
  copy[image.checksum.offset] = image.checksum.computed;
  if (image.digest !== undefined) {
    const { offset } = image.digest;
    copy.set(createHash('sha256').update(copy.subarray(0, offset)).digest(), offset);
  }
  return copy;
}

/** The version in an application image, or undefined when it is none. */
export function imageVersion(bytes: Uint8Array): string | undefined {
  return parsed(bytes)?.description?.version;
}

/** The id of a chip that the image is not for. */
export function otherChip(bytes: Uint8Array): number {
  const own = parsed(bytes)?.header.chipId;
  return CHIPS.find((chip) => chip.id !== own)?.id ?? 0;
}

/** A version before this one: its last number that can be lowered is, and those after it become 9. `0.0.0` has none before it and stays. */
export function versionBefore(version: string): string {
  const parts = version.split(/(\d+)/);
  for (let index = parts.length - 2; index > 0; index -= 2) {
    const number = Number(parts[index]);
    if (number === 0) continue;
    parts[index] = String(number - 1);
    for (let after = index + 2; after < parts.length; after += 2) parts[after] = '9';
    return parts.join('');
  }
  return version;
}

/** A version after this one: its last number, raised; `.1` and so on where it has none. At most 31 characters, as firmware has room for. */
export function versionAfter(version: string, steps: number): string {
  const match = /^(.*?)(\d{1,9})(\D*)$/.exec(version);
  if (match === null) return `${version.slice(0, 20)}.${steps}`;
  const [, before = '', number = '', after = ''] = match;
  return `${before}${Number(number) + steps}${after}`.slice(0, 31);
}

/** As many bytes as asked for that mean nothing, the same ones for the same seed; the first is 0, which begins no image. */
export function noise(lengthBytes: number, seed: string): Uint8Array {
  const key = createHash('sha256').update(seed).digest();
  const bytes = createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(lengthBytes));
  if (bytes.length > 0) bytes[0] = 0;
  return bytes;
}

/** A copy with one bit changed, N % of the way: behind the header and the description, so that only the checksum and the digest can tell,
 * and before what follows an image. */
export function withFlippedByte(bytes: Uint8Array, percent: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const length = parsed(bytes)?.imageLength ?? bytes.length;
  const at = Math.min(Math.max(percentOf(length, percent), HEAD_BYTES), bytes.length - 1);
  copy[at] = (copy[at] ?? 0) ^ 0x01;
  return copy;
}

/** An offset within so many bytes, never the end. */
export function percentOf(lengthBytes: number, percent: number): number {
  return Math.min(Math.max(0, lengthBytes - 1), Math.floor((lengthBytes * percent) / 100));
}

function putText(bytes: Uint8Array, offset: number, text: string): void {
  bytes.fill(0, offset, offset + TEXT_BYTES);
  new TextEncoder().encodeInto(text, bytes.subarray(offset, offset + TEXT_BYTES - 1));
}

function parsed(bytes: Uint8Array): EspImage | undefined {
  try {
    return parseImage(bytes);
  } catch (error) {
    if (isOtaError(error)) return undefined;
    throw error;
  }
}
