// The partition that says which slot boots.
import { crc32 } from 'node:zlib';

const SECTOR_BYTES = 4096;

/** States of an otadata entry. */
export const OTA_STATES = /** @type {const} */ ({
  new: 0,
  pendingVerify: 1,
  valid: 2,
  invalid: 3,
  aborted: 4,
  undefined: 0xffffffff,
});

/**
 * @typedef {object} OtadataSlot
 * @property {number} sequence `ota_seq`
 * @property {keyof typeof OTA_STATES | number} [state] `undefined` by default, as firmware without rollback writes it
 * @property {number} [crc] a wrong one, on purpose
 */

/**
 * The two sectors of an otadata partition, 8192 bytes. Nothing given: erased, as `ota_data_initial.bin` is.
 * @see ESP-IDF v5.5 `esp_flash_partitions.h`, `esp_ota_select_entry_t`
 * @param {OtadataSlot} [a]
 * @param {OtadataSlot} [b]
 * @returns {Uint8Array}
 */
export function makeOtadata(a, b) {
  const bytes = new Uint8Array(2 * SECTOR_BYTES).fill(0xff);
  const view = new DataView(bytes.buffer);
  for (const [index, slot] of [a, b].entries()) {
    if (slot === undefined) continue;
    const at = index * SECTOR_BYTES;
    const state = slot.state ?? 'undefined';
    view.setUint32(at, slot.sequence, true);
    view.setUint32(at + 24, typeof state === 'number' ? state : OTA_STATES[state], true);
    view.setUint32(at + 28, slot.crc ?? crc32(bytes.subarray(at, at + 4), 0xffffffff), true);
  }
  return bytes;
}
