import type { LoaderChip } from './loader-chips.ts';

const SECURE_DOWNLOAD_ENABLE = 1 << 2;

/** Flags, flash encryption count, seven key purposes and, except on the ESP32-S2, chip id and API version.
 * @see esptool documentation, "Serial Protocol", GET_SECURITY_INFO */
export function securityInfo(chip: LoaderChip, isSecureDownload: boolean): Uint8Array {
  const info = new Uint8Array(chip.securityInfoBytes);
  const view = new DataView(info.buffer);
  view.setUint32(0, isSecureDownload ? SECURE_DOWNLOAD_ENABLE : 0, true);
  if (info.length === 20) view.setUint32(12, chip.id, true);
  return info;
}
