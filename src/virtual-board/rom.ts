import { ByteReader } from '../base/byte-reader.ts';
import type { BoardConsole } from './board-console.ts';
import { resetWords, type ResetCause } from './chip-profile.ts';
import { parseIdfVersion, type IdfVersion } from './idf-version.ts';
import { HEADER_BYTES, readHeader, type ChipFacts, type ImageHeader } from './image-in-flash.ts';
import type { NorFlash } from './nor-flash.ts';

/** What the ROM found at the bootloader's offset. */
export interface FlashedBootloader {
  readonly header: ImageHeader;
  /** From its description (bootloaders since 5.2 have one). */
  readonly idfVersion: IdfVersion | undefined;
  readonly idfVersionText: string | undefined;
  readonly compiled: string | undefined;
}

const MODES = ['QIO', 'QOUT', 'DIO', 'DOUT', 'FAST READ', 'SLOW READ'];
const DESCRIPTION_MAGIC = 80;
const APP_DESCRIPTION_MAGIC = 0xabcd5432;

export function modeWord(header: ImageHeader): string {
  return MODES[header.spiMode] ?? 'QIO';
}

/** The bootloader in flash, with its description; undefined when there is no image at the chip's bootloader offset.
 * @see ESP-IDF v5.5 components/esp_bootloader_format/include/esp_bootloader_desc.h */
export function findBootloader(flash: NorFlash, chip: ChipFacts): FlashedBootloader | undefined {
  const at = chip.profile.bootloaderOffset;
  const head = flash.read(at, 32 + 80);
  const header = readHeader(head.subarray(0, HEADER_BYTES));
  if (header === undefined) return undefined;
  const reader = new ByteReader(head);
  const isDescribed = reader.u8(32) === DESCRIPTION_MAGIC && reader.u32(32) !== APP_DESCRIPTION_MAGIC;
  const idfVersionText = isDescribed ? reader.text(40, 32) : undefined;
  const compiled = isDescribed ? reader.text(72, 24) : '';
  return {
    header,
    idfVersion: idfVersionText === undefined ? undefined : parseIdfVersion(idfVersionText),
    idfVersionText: idfVersionText === '' ? undefined : idfVersionText,
    compiled: compiled === '' ? undefined : compiled,
  };
}

/** The ROM's lines from reset to the entry of the bootloader, whose segments it names from the bytes in flash; undefined (and `invalid header`)
 * when there is none.
 * @see the consoles of real boards; ESP-IDF v5.5 docs, "Fatal Errors" and esptool docs, "Boot Log" */
export function runRom(
  flash: NorFlash,
  chip: ChipFacts,
  cause: ResetCause,
  out: BoardConsole,
): FlashedBootloader | undefined {
  const { profile } = chip;
  const isClassic = profile.target === 'esp32';
  for (const line of profile.banner) out.raw(line);
  out.raw(`rst:${resetWords(profile, cause)},boot:0x${profile.strapping.toString(16)} (SPI_FAST_FLASH_BOOT)`);
  const found = findBootloader(flash, chip);
  if (found === undefined) {
    const word = new ByteReader(flash.read(profile.bootloaderOffset, 4)).u32(0);
    for (let attempt = 0; attempt < 3; attempt++) out.raw(`invalid header: 0x${word.toString(16).padStart(8, '0')}`);
    return undefined;
  }
  if (isClassic) {
    out.raw('configsip: 0, SPIWP:0xee');
    out.raw('clk_drv:0x00,q_drv:0x00,d_drv:0x00,cs0_drv:0x00,hd_drv:0x00,wp_drv:0x00');
  } else {
    out.raw('SPIWP:0xee');
  }
  out.raw(`mode:${modeWord(found.header)}, clock div:${found.header.spiSpeed === 0xf ? 1 : found.header.spiSpeed + 2}`);
  let at = profile.bootloaderOffset + HEADER_BYTES;
  for (let index = 0; index < found.header.segmentCount && at + 8 <= flash.sizeBytes; index++) {
    const reader = new ByteReader(flash.read(at, 8));
    const length = reader.u32(4);
    out.raw(
      `load:0x${reader.u32(0).toString(16).padStart(8, '0')},len:${isClassic ? length : `0x${length.toString(16)}`}`,
    );
    at += 8 + length;
  }
  out.raw(`entry 0x${found.header.entryAddress.toString(16).padStart(8, '0')}`);
  return found;
}
