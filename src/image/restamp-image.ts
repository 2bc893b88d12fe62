import './errors.ts';
import { createHash } from 'node:crypto';
import { OtaError } from '../base/ota-error.ts';
import { DESCRIPTION_MAGIC, DESCRIPTION_OFFSET } from './app-description.ts';
import { parseImage } from './app-image.ts';

/** From the start of the description, in bytes. @see ESP-IDF v6.0 `esp_app_desc.h`, `esp_app_desc_t` */
const VERSION_OFFSET = 16;
const VERSION_BYTES = 32;
const ELF_DIGEST_OFFSET = 144;
const ELF_DIGEST_BYTES = 32;
const DESCRIPTION_BYTES = 256;

/** The same application under another version, with another ELF digest so that nobody takes one for the other; checksum and digest are made
 * anew. What stands behind the image, such as a signature, is left out: it would be wrong.
 * @param version at most 31 bytes of UTF-8
 * @throws {OtaError} `image.*` of `parseImage`; `image.badMagic` when it has no description, `image.truncated` when it ends inside
 * of it, `version.tooLong` */
export function restampImage(bytes: Uint8Array, version: string): Uint8Array {
  const { description, segments, checksum, digest, imageLength } = parseImage(bytes);
  if (description === undefined) {
    throwIfShort(imageLength, 4);
    const found = Buffer.from(bytes).readUInt32LE(DESCRIPTION_OFFSET);
    throw new OtaError('image.badMagic', { offsetBytes: DESCRIPTION_OFFSET, found, expected: DESCRIPTION_MAGIC });
  }
  throwIfShort(imageLength, DESCRIPTION_BYTES);
  const text = Buffer.from(version, 'utf8');
  if (text.length >= VERSION_BYTES) {
    throw new OtaError('version.tooLong', { version, lengthBytes: text.length, maxBytes: VERSION_BYTES - 1 });
  }
  const stamped = Uint8Array.from(bytes.subarray(0, imageLength));
  const field = new Uint8Array(VERSION_BYTES);
  field.set(text);
  stamped.set(field, DESCRIPTION_OFFSET + VERSION_OFFSET);
  const elf = createHash('sha256').update(description.elfSha256).update(text).digest().subarray(0, ELF_DIGEST_BYTES);
  stamped.set(elf, DESCRIPTION_OFFSET + ELF_DIGEST_OFFSET);
  let sum = 0xef;
  for (const { offset, length } of segments) {
    for (const byte of stamped.subarray(offset, offset + length)) sum ^= byte;
  }
  stamped[checksum.offset] = sum;
  if (digest !== undefined) {
    const hash = createHash('sha256').update(stamped.subarray(0, digest.offset)).digest();
    stamped.set(hash, digest.offset);
  }
  return stamped;
}

/** An image may end before a description that only seems to be its own. */
function throwIfShort(imageLength: number, neededBytes: number): void {
  const availableBytes = Math.max(0, imageLength - DESCRIPTION_OFFSET);
  if (availableBytes >= neededBytes) return;
  throw new OtaError('image.truncated', { offsetBytes: DESCRIPTION_OFFSET, neededBytes, availableBytes });
}
