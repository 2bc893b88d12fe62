import { ByteReader } from '../base/byte-reader.ts';

/** Where the description stands in an application: after the image header and the header of its first segment. */
export const DESCRIPTION_OFFSET = 32;
const DESCRIPTION_BYTES = 256;
export const DESCRIPTION_MAGIC = 0xabcd5432;

/** What an application says about itself. Texts may be empty (a reproducible build has no time and date).
 * @see ESP-IDF v6.0 `esp_app_desc.h`, `esp_app_desc_t` */
export interface AppDescription {
  readonly secureVersion: number;
  /** At most 31 characters, what did not fit was cut at the build. */
  readonly version: string;
  readonly projectName: string;
  /** `__TIME__` of the build, such as `15:36:45`. */
  readonly time: string;
  /** `__DATE__` of the build, such as `Jan  8 2026`. */
  readonly date: string;
  /** ESP-IDF version. */
  readonly idfVersion: string;
  /** 64 hex digits; all zero when the build did not fill it in. */
  readonly elfSha256: string;
  /** major * 100 + minor, from ESP-IDF 5.1; 0 before. */
  readonly minEfuseBlockRevision: number;
  /** major * 100 + minor, from ESP-IDF 5.1; 0 before. */
  readonly maxEfuseBlockRevision: number;
  /** log2 of the page size in bytes, from ESP-IDF 5.4; absent where the field is 0. */
  readonly mmuPageSizeLog2?: number;
  /** `CONFIG_ESPTOOLPY_FLASHMODE_VAL`, from ESP-IDF 6.1; absent where the field is 0 (unknown). */
  readonly spiFlashMode?: number;
}

/** The description of an application from its first 288 bytes; `undefined` when there is none (a bootloader, NuttX, Zephyr, too few bytes).
 * Never throws. */
export function readAppDescription(bytes: Uint8Array): AppDescription | undefined {
  if (bytes.length < DESCRIPTION_OFFSET + DESCRIPTION_BYTES) return undefined;
  const reader = new ByteReader(bytes.subarray(DESCRIPTION_OFFSET, DESCRIPTION_OFFSET + DESCRIPTION_BYTES));
  if (reader.u32(0) !== DESCRIPTION_MAGIC) return undefined;
  const mmuPageSizeLog2 = reader.u8(180);
  const spiFlashMode = reader.u8(181);
  return {
    secureVersion: reader.u32(4),
    version: reader.text(16, 32),
    projectName: reader.text(48, 32),
    time: reader.text(80, 16),
    date: reader.text(96, 16),
    idfVersion: reader.text(112, 32),
    elfSha256: Buffer.from(reader.slice(144, 32)).toString('hex'),
    minEfuseBlockRevision: reader.u16(176),
    maxEfuseBlockRevision: reader.u16(178),
    ...(mmuPageSizeLog2 === 0 ? {} : { mmuPageSizeLog2 }),
    ...(spiFlashMode === 0 ? {} : { spiFlashMode }),
  };
}
