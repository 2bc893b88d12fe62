import './errors.ts';
import { createHash } from 'node:crypto';
import { OtaError } from '../base/ota-error.ts';
import { parseImage } from '../image/app-image.ts';
import { chipByTarget } from '../image/chips.ts';

/** Words of the build's settings, as in `flasher_args.json`; `keep` or left out leaves the header as it is. */
export interface FlashSettings {
  /** `qio`, `qout`, `dio`, `dout`. */
  readonly flashMode?: string;
  /** Such as `80m`. */
  readonly flashFrequency?: string;
  /** Such as `4MB`, or `detect`. */
  readonly flashSize?: string;
}

const MODES: Readonly<Record<string, number>> = { qio: 0, qout: 1, dio: 2, dout: 3 };
const USUAL_FREQUENCIES = { '80m': 0xf, '40m': 0x0, '26m': 0x1, '20m': 0x2 };
const H_FREQUENCIES = { '48m': 0xf, '24m': 0x0, '16m': 0x1, '12m': 0x2 };
const NO_26 = { '80m': 0xf, '40m': 0x0, '20m': 0x2 };

/** Codes of the flash clock by chip (esptool-js 0.7 defect: it knows those of the ESP32 only, and any other word destroys the size beside it).
 * @see esptool v5.3 `esptool/targets`, `FLASH_FREQUENCY`; that of the ESP32-C6 has no divider of 1 in its ROM, so 80 MHz is written as 40 */
const FREQUENCIES: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  esp32c2: { '60m': 0xf, '30m': 0x0, '20m': 0x1, '15m': 0x2 },
  esp32c5: NO_26,
  esp32c6: { '80m': 0x0, '40m': 0x0, '20m': 0x2 },
  esp32c61: NO_26,
  esp32h2: H_FREQUENCIES,
  esp32h21: H_FREQUENCIES,
  esp32h4: H_FREQUENCIES,
  esp32s31: NO_26,
};
const MIB = 1024 * 1024;
const LARGEST_SIZE_CODE = 7;

/** In bytes, of `4MB` or `512KB`; undefined for any other word. */
export function flashSizeOf(word: string | undefined): number | undefined {
  const found = /^(\d{1,4})(KB|MB)$/i.exec(word ?? '');
  if (found === null) return undefined;
  return Number(found[1]) * (found[2]?.toUpperCase() === 'MB' ? MIB : 1024);
}

function codeOf(
  setting: 'mode' | 'frequency',
  word: string | undefined,
  codes: Readonly<Record<string, number>>,
  chip: string,
): number | undefined {
  if (word === undefined || word === 'keep') return undefined;
  const code = Object.hasOwn(codes, word.toLowerCase()) ? codes[word.toLowerCase()] : undefined;
  if (code === undefined) throw new OtaError('flash.badSetting', { setting, value: word, chip });
  return code;
}

function sizeCode(settings: FlashSettings, detectedBytes: number | undefined, chip: string): number | undefined {
  const { flashSize = 'keep' } = settings;
  if (flashSize === 'keep') return undefined;
  const sizeBytes = flashSize === 'detect' ? detectedBytes : flashSizeOf(flashSize);
  // a chip whose size could not be detected keeps what the build chose
  if (flashSize === 'detect' && sizeBytes === undefined) return undefined;
  const code = sizeBytes === undefined ? -1 : Math.log2(sizeBytes / MIB);
  if (!Number.isInteger(code) || code < 0 || code > LARGEST_SIZE_CODE) {
    throw new OtaError('flash.badSetting', { setting: 'size', value: flashSize, chip });
  }
  return code;
}

/** A bootloader image with the flash settings in its header, and its SHA-256 made anew (esptool-js 0.7 defect: it leaves the old digest, so that
 * the ROM of a chip that checks it refuses the bootloader). The bytes themselves when nothing changes.
 * @param target `CONFIG_IDF_TARGET`
 * @throws {OtaError} `flash.badSetting`, `image.*` for bytes that are no image
 * @see ESP-IDF v5.5 `esp_app_format.h`, `esp_image_header_t` */
export function withFlashSettings(
  bytes: Uint8Array,
  settings: FlashSettings,
  target: string,
  detectedBytes?: number,
): Uint8Array {
  const chip = chipByTarget(target)?.name ?? target;
  const mode = codeOf('mode', settings.flashMode, MODES, chip);
  const frequency = codeOf('frequency', settings.flashFrequency, FREQUENCIES[target] ?? USUAL_FREQUENCIES, chip);
  const size = sizeCode(settings, detectedBytes, chip);
  const oldMode = bytes[2] ?? 0;
  const old = bytes[3] ?? 0;
  const newMode = mode ?? oldMode;
  const sizeAndFrequency = ((size ?? old >>> 4) << 4) | (frequency ?? old & 0xf);
  if (newMode === oldMode && sizeAndFrequency === old) return bytes;
  const { header, imageLength } = parseImage(bytes);
  // a Buffer’s own slice would share its bytes
  const patched = Uint8Array.from(bytes);
  patched[2] = newMode;
  patched[3] = sizeAndFrequency;
  if (header.hashAppended) {
    const digestAt = imageLength - 32;
    patched.set(createHash('sha256').update(patched.subarray(0, digestAt)).digest(), digestAt);
  }
  return patched;
}
