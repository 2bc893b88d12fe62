import { crc32 } from 'node:zlib';
import { ByteReader } from '../base/byte-reader.ts';
import { OtaError } from '../base/ota-error.ts';

/** Bytes of the otadata partition: two flash sectors with an entry at the start of each. */
export const OTADATA_BYTES = 0x2000;
export const OTADATA_SECTOR_BYTES = 0x1000;
export const OTADATA_ENTRY_BYTES = 32;
/** A sequence that means "no entry". */
export const EMPTY_SEQUENCE = 0xffff_ffff;

/** Which of the two sectors, first or second. */
export type OtadataSector = 0 | 1;

const STATES = ['new', 'pendingVerify', 'valid', 'invalid', 'aborted'] as const;
const UNDEFINED_STATE = 0xffff_ffff;

/** `esp_ota_img_states_t`. `undefined` is what firmware without rollback writes. */
export type OtaState = (typeof STATES)[number] | 'undefined';

/** One of the two entries.
 * @see ESP-IDF v5.5 `esp_flash_partitions.h`, `esp_ota_select_entry_t` */
export interface OtadataEntry {
  readonly sector: OtadataSector;
  readonly sequence: number;
  /** A number where the state has no name. The CRC does not cover it. */
  readonly state: OtaState | number;
  readonly crc: number;
  readonly crcIsValid: boolean;
  /** The sequence is 0xFFFFFFFF. */
  readonly isEmpty: boolean;
  /** The bootloader passes over it whatever its CRC: empty, or in state invalid or aborted. */
  readonly isUnusable: boolean;
  /** Usable, and its CRC matches. */
  readonly isValid: boolean;
  /** All 32 bytes. */
  readonly raw: Uint8Array;
}

/** First sector, second sector. */
export type OtadataEntries = readonly [OtadataEntry, OtadataEntry];

/** The CRC of an entry: over the four bytes of the sequence only.
 * @see ESP-IDF v5.5 `bootloader_common.c`, `bootloader_common_ota_select_crc` */
export function otadataCrc(sequence: number): number {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, sequence, true);
  return crc32(bytes, 0xffff_ffff) >>> 0;
}

function stateNumber(state: OtaState | number): number {
  if (typeof state === 'number') return state >>> 0;
  return state === 'undefined' ? UNDEFINED_STATE : STATES.indexOf(state);
}

/** Reads one entry of 32 bytes.
 * @throws {OtaError} `otadata.truncated` */
export function parseOtadataEntry(bytes: Uint8Array, sector: OtadataSector): OtadataEntry {
  if (bytes.length < OTADATA_ENTRY_BYTES) throw truncated(0, OTADATA_ENTRY_BYTES, bytes.length);
  // a Buffer’s own slice would share its bytes
  const raw = Uint8Array.from(bytes.subarray(0, OTADATA_ENTRY_BYTES));
  const reader = new ByteReader(raw);
  const sequence = reader.u32(0);
  const number = reader.u32(24);
  const crc = reader.u32(28);
  const state = number === UNDEFINED_STATE ? 'undefined' : (STATES[number] ?? number);
  const crcIsValid = crc === otadataCrc(sequence);
  const isEmpty = sequence === EMPTY_SEQUENCE;
  const isUnusable = isEmpty || state === 'invalid' || state === 'aborted';
  return { sector, sequence, state, crc, crcIsValid, isEmpty, isUnusable, isValid: !isUnusable && crcIsValid, raw };
}

function truncated(offsetBytes: number, neededBytes: number, availableBytes: number): OtaError {
  return new OtaError('otadata.truncated', { offsetBytes, neededBytes, availableBytes });
}

/** The two entries of an otadata partition, of which the first 0x1020 bytes are needed.
 * @throws {OtaError} `otadata.truncated` */
export function parseOtadata(bytes: Uint8Array): OtadataEntries {
  const needed = OTADATA_SECTOR_BYTES + OTADATA_ENTRY_BYTES;
  if (bytes.length < needed) throw truncated(0, needed, bytes.length);
  return [parseOtadataEntry(bytes, 0), parseOtadataEntry(bytes.subarray(OTADATA_SECTOR_BYTES), 1)];
}

/** All 32 bytes of an entry; the label is 0xFF. `state` is `undefined` by default, which every bootloader boots. */
export function encodeOtadataEntry(sequence: number, state: OtaState | number = 'undefined'): Uint8Array {
  const bytes = new Uint8Array(OTADATA_ENTRY_BYTES).fill(0xff);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, sequence, true);
  view.setUint32(24, stateNumber(state), true);
  view.setUint32(28, otadataCrc(sequence), true);
  return bytes;
}

/** The same entry in another state, all other bytes kept: what the bootloader does. */
export function withState(entry: OtadataEntry, state: OtaState): OtadataEntry {
  const raw = Uint8Array.from(entry.raw);
  new DataView(raw.buffer).setUint32(24, stateNumber(state), true);
  return parseOtadataEntry(raw, entry.sector);
}

/** An erased otadata partition, as `ota_data_initial.bin`: 8192 bytes of 0xFF. */
export function erasedOtadata(): Uint8Array {
  return new Uint8Array(OTADATA_BYTES).fill(0xff);
}
