import { ByteReader } from '../base/byte-reader.ts';
import { isOtaError, OtaError } from '../base/ota-error.ts';

/** First byte of every bootable image. */
export const IMAGE_MAGIC = 0xe9;
/** Bytes of the image header; the first segment header follows. */
export const HEADER_BYTES = 24;
export const MAXIMUM_SEGMENTS = 16;

export type SpiMode = 'qio' | 'qout' | 'dio' | 'dout' | 'fast_read' | 'slow_read';

/** By the number in the header. */
export const SPI_MODES: readonly SpiMode[] = ['qio', 'qout', 'dio', 'dout', 'fast_read', 'slow_read'];

/** The first 24 bytes of an image.
 * @see ESP-IDF v6.0 `esp_app_format.h`, `esp_image_header_t` */
export interface ImageHeader {
  readonly segmentCount: number;
  /** A number where the mode has no name. */
  readonly spiMode: SpiMode | number;
  /** The code 0, 1, 2 or 15: a divider of the chip's flash clock (2, 3, 4, 1). */
  readonly spiSpeed: number;
  /** 1 MB … 128 MB; `undefined` where the code has no size. */
  readonly flashSizeBytes: number | undefined;
  readonly entryAddress: number;
  readonly chipId: number;
  /** major * 100 + minor. */
  readonly minChipRevision: number;
  /** major * 100 + minor. 0 and 65535 both mean "no limit". */
  readonly maxChipRevision: number;
  /** The byte from before full revisions: the major number on ESP32, the minor one on ESP32-C3. */
  readonly legacyMinChipRevision: number;
  /** A SHA-256 digest of everything before it ends the image. */
  readonly hashAppended: boolean;
}

/** Runs a reader's work and gives its end-of-bytes error the code of this format. */
export function readingImage<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (isOtaError(error, 'bytes.truncated')) throw new OtaError('image.truncated', error.details, { cause: error });
    throw error;
  }
}

/** Reads the header of an image, and no more than its first 24 bytes.
 * @throws {OtaError} `image.truncated`, `image.badMagic`, `image.tooManySegments` */
export function parseImageHeader(bytes: Uint8Array): ImageHeader {
  return readingImage(() => {
    const reader = new ByteReader(bytes);
    const magic = reader.u8(0);
    if (magic !== IMAGE_MAGIC) {
      throw new OtaError('image.badMagic', { offsetBytes: 0, found: magic, expected: IMAGE_MAGIC });
    }
    reader.slice(0, HEADER_BYTES);
    const segmentCount = reader.u8(1);
    if (segmentCount > MAXIMUM_SEGMENTS) {
      throw new OtaError('image.tooManySegments', { offsetBytes: 1, count: segmentCount, maximum: MAXIMUM_SEGMENTS });
    }
    const mode = reader.u8(2);
    const sizeCode = reader.u8(3) >> 4;
    return {
      segmentCount,
      spiMode: SPI_MODES[mode] ?? mode,
      spiSpeed: reader.u8(3) & 0x0f,
      flashSizeBytes: sizeCode <= 7 ? 0x10_0000 * 2 ** sizeCode : undefined,
      entryAddress: reader.u32(4),
      chipId: reader.u16(12),
      legacyMinChipRevision: reader.u8(14),
      minChipRevision: reader.u16(15),
      maxChipRevision: reader.u16(17),
      hashAppended: reader.u8(23) === 1,
    };
  });
}
