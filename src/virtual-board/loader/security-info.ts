import type { LoaderChip } from './loader-chips.ts';
import type { LoaderKnobs } from './loader-knobs.ts';

/** What was burned into the eFuses for good. */
export type SecurityFuses = Pick<LoaderKnobs, 'isSecureDownload' | 'flashCryptCount' | 'secureBoot'>;

const SECURE_BOOT_EN = 1 << 0;
const SECURE_DOWNLOAD_ENABLE = 1 << 2;

/** Flags, flash encryption count, seven key purposes and, except on the ESP32-S2, chip id and API version.
 * @see esptool documentation, "Serial Protocol", GET_SECURITY_INFO */
export function securityInfo(chip: LoaderChip, fuses: SecurityFuses): Uint8Array {
  const info = new Uint8Array(chip.securityInfoBytes);
  const view = new DataView(info.buffer);
  const flags =
    (fuses.secureBoot === undefined ? 0 : SECURE_BOOT_EN) |
    (fuses.isSecureDownload === true ? SECURE_DOWNLOAD_ENABLE : 0);
  view.setUint32(0, flags, true);
  view.setUint8(4, fuses.flashCryptCount ?? 0);
  if (info.length === 20) view.setUint32(12, chip.id, true);
  return info;
}

/** The words of the ESP32 that hold the same: FLASH_CRYPT_CNT in word 0 of block 0, ABS_DONE_0 and ABS_DONE_1 in word 6.
 * @see ESP-IDF v5.5 components/soc/esp32/register/soc/efuse_reg.h, `EFUSE_BLK0_RDATA0_REG`, `EFUSE_BLK0_RDATA6_REG` */
export function esp32SecurityWords({ flashCryptCount = 0, secureBoot }: SecurityFuses): ReadonlyMap<number, number> {
  return new Map([
    [0x3ff5a000, (flashCryptCount & 0x7f) << 20],
    [0x3ff5a018, secureBoot === undefined ? 0 : secureBoot === 1 ? 1 << 4 : 1 << 5],
  ]);
}
