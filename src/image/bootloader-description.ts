import { ByteReader } from '../base/byte-reader.ts';
import { DESCRIPTION_OFFSET } from './app-description.ts';

const MAGIC = 0x50;
const DESCRIPTION_BYTES = 80;
/** First bytes of an application's description, which stands at the same place. */
const APP_MAGIC = 0xabcd5432;

/** What a second-stage bootloader says about itself, from ESP-IDF 5.2.
 * @see ESP-IDF v6.0 `esp_bootloader_desc.h`, `esp_bootloader_desc_t` */
export interface BootloaderDescription {
  /** From ESP-IDF 5.5; whatever stood in the reserved byte before. */
  readonly secureVersion: number;
  /** `CONFIG_BOOTLOADER_PROJECT_VER`. */
  readonly version: number;
  readonly idfVersion: string;
  /** `__DATE__ __TIME__`; empty in a reproducible build. */
  readonly dateTime: string;
}

function isPrintable(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}

/** The description of a bootloader from its first 112 bytes; `undefined` when there is none (older than 5.2, or not a bootloader).
 * Its magic is a single byte, so texts that are not printable count as "none". Never throws. */
export function readBootloaderDescription(bytes: Uint8Array): BootloaderDescription | undefined {
  if (bytes.length < DESCRIPTION_OFFSET + DESCRIPTION_BYTES) return undefined;
  const reader = new ByteReader(bytes.subarray(DESCRIPTION_OFFSET, DESCRIPTION_OFFSET + DESCRIPTION_BYTES));
  if (reader.u8(0) !== MAGIC || reader.u32(0) === APP_MAGIC) return undefined;
  const idfVersion = reader.text(8, 32);
  const dateTime = reader.text(40, 24);
  if (idfVersion === '' || !isPrintable(idfVersion) || !isPrintable(dateTime)) return undefined;
  return { secureVersion: reader.u8(3), version: reader.u32(4), idfVersion, dateTime };
}
