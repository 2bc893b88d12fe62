import { createHash } from 'node:crypto';
import { ByteReader } from '../base/byte-reader.ts';
import { OtaError } from '../base/ota-error.ts';
import { readAppDescription, type AppDescription } from './app-description.ts';
import { readBootloaderDescription, type BootloaderDescription } from './bootloader-description.ts';
import { HEADER_BYTES, parseImageHeader, readingImage, type ImageHeader } from './image-header.ts';
import { readSignature, type ImageSignature } from './signature.ts';

export type { AppDescription } from './app-description.ts';
export { readAppDescription } from './app-description.ts';
export type { ImageHeader } from './image-header.ts';

export const SEGMENT_HEADER_BYTES = 8;
/** A segment has to be shorter than this.
 * @see ESP-IDF v5.5 `esp_image_format.c`, `SIXTEEN_MB` */
const MAXIMUM_SEGMENT_BYTES = 0x100_0000;
const CHECKSUM_SEED = 0xef;
export const DIGEST_BYTES = 32;

export interface Segment {
  readonly loadAddress: number;
  /** Of the data, in bytes; a multiple of 4. */
  readonly length: number;
  /** Of the data, from the start of the image, in bytes. */
  readonly offset: number;
}

/** An application or bootloader image, taken apart. */
export interface EspImage {
  readonly header: ImageHeader;
  readonly segments: readonly Segment[];
  /** XOR of all segment data. `offset` is that of the stored byte. */
  readonly checksum: { readonly stored: number; readonly computed: number; readonly offset: number };
  /** SHA-256 over everything before it, as hex; absent when the header says that none is appended. */
  readonly digest?: { readonly stored: string; readonly computed: string; readonly offset: number };
  /** Bytes from the header through the checksum and the digest. What follows in the file (padding, signature, anything) does not count. */
  readonly imageLength: number;
  readonly description?: AppDescription;
  readonly bootloader?: BootloaderDescription;
  readonly signature?: ImageSignature;
}

/** Whether a segment can be so long, in bytes. */
export function isSegmentLength(length: number): boolean {
  return length % 4 === 0 && length < MAXIMUM_SEGMENT_BYTES;
}

/** Where the checksum stands behind the last segment, which ends at `end`: it is the last byte of its 16-byte block; an end on a block boundary
 * takes a whole further block. */
export function checksumOffset(end: number): number {
  return end + 15 - (end % 16);
}

/** The header and where the segments lie; reads no segment data.
 * @throws {OtaError} `image.truncated`, `image.badMagic`, `image.tooManySegments`, `image.badSegment` */
export function walkSegments(bytes: Uint8Array): { header: ImageHeader; segments: readonly Segment[]; end: number } {
  const header = parseImageHeader(bytes);
  return readingImage(() => {
    const reader = new ByteReader(bytes);
    const segments: Segment[] = [];
    let next = HEADER_BYTES;
    for (let index = 0; index < header.segmentCount; index++) {
      const loadAddress = reader.u32(next);
      const length = reader.u32(next + 4);
      if (!isSegmentLength(length)) {
        throw new OtaError('image.badSegment', { offsetBytes: next, index, lengthBytes: length });
      }
      const offset = next + SEGMENT_HEADER_BYTES;
      reader.slice(offset, length);
      segments.push({ loadAddress, length, offset });
      next = offset + length;
    }
    return { header, segments, end: next };
  });
}

/** XOR of the segment data; by words, which are always aligned to each other. */
function computeChecksum(bytes: Uint8Array, segments: readonly Segment[]): number {
  let word = 0;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const { offset, length } of segments) {
    const start = bytes.byteOffset + offset;
    if (start % 4 === 0) {
      // not by an iterator, which costs ten times as much on every load of a project
      word = new Uint32Array(bytes.buffer, start, length / 4).reduce((sum, value) => sum ^ value, word);
    } else {
      for (let at = offset; at < offset + length; at += 4) word ^= view.getUint32(at, true);
    }
  }
  return (CHECKSUM_SEED ^ word ^ (word >>> 8) ^ (word >>> 16) ^ (word >>> 24)) & 0xff;
}

/** Takes an image apart and computes its checksum and digest; whether they agree with the stored ones is for the caller to say
 * (see `verifyImage`).
 * @throws {OtaError} `image.truncated`, `image.badMagic`, `image.tooManySegments`, `image.badSegment`
 * @see ESP-IDF v5.5 `esp_image_format.c` (`process_segments`, `process_checksum`, `process_appended_hash`) */
export function parseImage(bytes: Uint8Array): EspImage {
  const { header, segments, end } = walkSegments(bytes);
  return readingImage(() => {
    const reader = new ByteReader(bytes);
    const checksumAt = checksumOffset(end);
    const stored = reader.u8(checksumAt);
    let imageLength = checksumAt + 1;
    let digest: EspImage['digest'];
    if (header.hashAppended) {
      digest = {
        stored: Buffer.from(reader.slice(imageLength, DIGEST_BYTES)).toString('hex'),
        computed: createHash('sha256').update(reader.slice(0, imageLength)).digest('hex'),
        offset: imageLength,
      };
      imageLength += DIGEST_BYTES;
    }
    const description = readAppDescription(bytes);
    const bootloader = readBootloaderDescription(bytes);
    const signature = readSignature(bytes, imageLength);
    return {
      header,
      segments,
      checksum: { stored, computed: computeChecksum(bytes, segments), offset: checksumAt },
      imageLength,
      ...(digest === undefined ? {} : { digest }),
      ...(description === undefined ? {} : { description }),
      ...(bootloader === undefined ? {} : { bootloader }),
      ...(signature === undefined ? {} : { signature }),
    };
  });
}
