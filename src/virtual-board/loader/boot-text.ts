import { findChip } from '../chip-profile.ts';
import type { LoaderChip } from './loader-chips.ts';

/** Why the ROM runs. */
export type RomReset = 'powerOn' | 'usb' | 'watchdog';

const RESET_WORDS: Readonly<Record<RomReset, string>> = {
  powerOn: '0x1 (POWERON)',
  usb: '0x15 (USB_UART_CHIP_RESET)',
  watchdog: '0x10 (RTCWDT_RTC_RST)',
};

/** What the ROM prints when it stays in download mode. Hosts look for `boot:(0x…)` and `waiting for download`.
 * @see esptool documentation, "Boot Mode Selection", Boot Log */
export function downloadText(chip: LoaderChip, reset: RomReset): string {
  const reason = chip.target === 'esp32' && reset === 'powerOn' ? '0x1 (POWERON_RESET)' : RESET_WORDS[reset];
  const banner = findChip(chip.target)?.banner ?? [];
  return [...banner, `rst:${reason},boot:${chip.downloadWords}`, 'waiting for download', ''].join('\r\n');
}

/** What the ROM prints before it starts the program in flash, where no firmware is attached that prints it itself. */
export function normalText(chip: LoaderChip, reset: RomReset): string {
  const profile = findChip(chip.target);
  const strapping = (profile?.strapping ?? 8).toString(16);
  return [...(profile?.banner ?? []), `rst:${RESET_WORDS[reset]},boot:0x${strapping} (SPI_FAST_FLASH_BOOT)`, ''].join(
    '\r\n',
  );
}
