import { ByteReader } from '../base/byte-reader.ts';
import { SECTOR_BYTES, type NorFlash } from './nor-flash.ts';

/** State of an entry, as stored. */
export const OTA_NEW = 0;
export const OTA_PENDING_VERIFY = 1;
export const OTA_VALID = 2;
export const OTA_INVALID = 3;
export const OTA_ABORTED = 4;
export const OTA_UNDEFINED = 0xffffffff;

const ENTRY_BYTES = 32;
const NO_SEQUENCE = 0xffffffff;

export interface Entry {
  readonly sequence: number;
  readonly state: number;
  readonly isCrcRight: boolean;
}

export type EntryPair = readonly [Entry, Entry];

const TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = (value & 1) === 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** CRC-32 as the ROM computes it over the four bytes of a sequence number: the register begins at 0, the result is inverted.
 * @see ESP-IDF v5.5 components/bootloader_support/src/bootloader_common.c, `bootloader_common_ota_select_crc` */
export function sequenceCrc(sequence: number): number {
  let register = 0;
  for (let shift = 0; shift < 32; shift += 8) {
    register = (register >>> 8) ^ (TABLE[(register ^ (sequence >>> shift)) & 0xff] ?? 0);
  }
  return ~register >>> 0;
}

function readEntry(bytes: Uint8Array): Entry {
  const reader = new ByteReader(bytes);
  const sequence = reader.u32(0);
  return { sequence, state: reader.u32(24), isCrcRight: reader.u32(28) === sequenceCrc(sequence) };
}

export function readEntries(flash: NorFlash, otadataOffset: number): EntryPair {
  return [
    readEntry(flash.view(otadataOffset, ENTRY_BYTES)),
    readEntry(flash.view(otadataOffset + SECTOR_BYTES, ENTRY_BYTES)),
  ];
}

/** Erases the sector of one entry and programs it, all 32 bytes. */
export function writeEntry(
  flash: NorFlash,
  otadataOffset: number,
  index: 0 | 1,
  sequence: number,
  state: number,
): void {
  const bytes = new Uint8Array(ENTRY_BYTES).fill(0xff);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, sequence, true);
  view.setUint32(24, state, true);
  view.setUint32(28, sequenceCrc(sequence), true);
  const at = otadataOffset + index * SECTOR_BYTES;
  flash.erase(at, SECTOR_BYTES);
  flash.program(at, bytes);
}

/** Changes the state of an entry and nothing else, as the bootloader does: a wrong CRC stays wrong. */
export function rewriteState(flash: NorFlash, otadataOffset: number, index: 0 | 1, state: number): void {
  const at = otadataOffset + index * SECTOR_BYTES;
  const bytes = flash.read(at, ENTRY_BYTES);
  new DataView(bytes.buffer).setUint32(24, state, true);
  flash.erase(at, SECTOR_BYTES);
  flash.program(at, bytes);
}

export function isBlank(entry: Entry): boolean {
  return entry.sequence === NO_SEQUENCE;
}

/** Empty, or given up: not the same as "not valid", a wrong CRC does not count here. */
export function isInvalid(entry: Entry): boolean {
  return isBlank(entry) || entry.state === OTA_INVALID || entry.state === OTA_ABORTED;
}

export function isValid(entry: Entry): boolean {
  return !isInvalid(entry) && entry.isCrcRight;
}

/** Which of two entries rules, among those that qualify: the larger sequence number, the first of equals; undefined for neither.
 * @see ESP-IDF v5.5 components/bootloader_support/src/bootloader_common.c, `bootloader_common_select_otadata` */
export function selectEntry(entries: EntryPair, qualifies: readonly [boolean, boolean]): 0 | 1 | undefined {
  if (qualifies[0] && qualifies[1]) return entries[1].sequence > entries[0].sequence ? 1 : 0;
  if (qualifies[0]) return 0;
  return qualifies[1] ? 1 : undefined;
}

export function activeEntry(entries: EntryPair): 0 | 1 | undefined {
  return selectEntry(entries, [isValid(entries[0]), isValid(entries[1])]);
}

/** The slot number a sequence number stands for, with `count` slots. */
export function slotOf(sequence: number, count: number): number {
  return ((sequence - 1) >>> 0) % count;
}

/** The stored state in words, for people and tests. */
export function stateWord(state: number): string {
  const words = ['new', 'pendingVerify', 'valid', 'invalid', 'aborted'];
  return words[state] ?? (state === OTA_UNDEFINED ? 'undefined' : `0x${state.toString(16)}`);
}
