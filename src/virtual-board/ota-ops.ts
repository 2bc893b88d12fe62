import type { SecureVersionFuse } from './bootloader.ts';
import { ESP_FAIL, ESP_OK, espErr } from './esp-err.ts';
import { isAtLeast, type IdfVersion } from './idf-version.ts';
import {
  descriptionInFlash,
  verifyInFlash,
  type ChipFacts,
  type Description,
  type ImageInFlash,
  type Log,
} from './image-in-flash.ts';
import { isSignatureTrusted, type SigningScheme } from './image-signature.ts';
import { SECTOR_BYTES, type NorFlash } from './nor-flash.ts';
import {
  activeEntry,
  isBlank,
  isInvalid,
  isValid,
  OTA_ABORTED,
  OTA_INVALID,
  OTA_NEW,
  OTA_PENDING_VERIFY,
  OTA_UNDEFINED,
  OTA_VALID,
  readEntries,
  selectEntry,
  slotOf,
  writeEntry,
} from './otadata-entries.ts';
import {
  APP_FACTORY,
  APP_OTA_0,
  countOtaRows,
  DATA_OTA,
  findRow,
  isOtaRow,
  TYPE_APP,
  TYPE_DATA,
  type Row,
} from './partition-rows.ts';

/** What the update functions of a running application work on. */
export interface OtaContext {
  readonly flash: NorFlash;
  readonly chip: ChipFacts;
  readonly idf: IdfVersion;
  readonly rows: readonly Row[];
  readonly running: Row;
  readonly hasRollback: boolean;
  readonly hasAntiRollback: boolean;
  readonly fuse: SecureVersionFuse;
  readonly log: Log;
  /** Undefined: images need no signature. */
  readonly signing: SigningScheme | undefined;
  /** The firmware does not look at what it has received. */
  readonly skipsImageChecks?: boolean;
  /** Hears of the slot that otadata points at from now on, with the digest of its image. */
  readonly onSlotSet: (slot: Row, sha256: string) => void;
}

const TAG = 'esp_ota_ops';

/** The image in a slot, if it is whole and signed by whom it has to be. */
function verifiedImage(context: OtaContext, slot: Row): ImageInFlash | undefined {
  const { flash, signing, running, log } = context;
  const image = verifyInFlash(flash, slot, context);
  if (image === undefined || signing === undefined) return image;
  const own = verifyInFlash(flash, running, { ...context, isSilent: true });
  if (own === undefined) return undefined;
  return isSignatureTrusted(flash, slot, image, signing, { region: running, image: own }, log) ? image : undefined;
}

function otadataOf(context: OtaContext): Row | undefined {
  const row = findRow(context.rows, TYPE_DATA, DATA_OTA);
  if (row === undefined) context.log('E', TAG, 'not found otadata');
  return row;
}

/** The slot after the running one, cyclically; from factory the first there is; undefined without OTA slots.
 * @see ESP-IDF v5.5 components/app_update/esp_ota_ops.c, `esp_ota_get_next_update_partition` */
export function nextUpdateSlot({ rows, running }: OtaContext): Row | undefined {
  const slots = rows.filter(isOtaRow).sort((left, right) => left.subtype - right.subtype);
  return slots[slots.findIndex((slot) => slot.offset === running.offset) + 1] ?? slots[0];
}

/** The stored state of a slot; undefined when otadata has no right entry for it. */
export function stateOfSlot(context: OtaContext, slot: Row): number | undefined {
  const count = countOtaRows(context.rows);
  const otadata = findRow(context.rows, TYPE_DATA, DATA_OTA);
  if (!isOtaRow(slot) || otadata === undefined || count === 0) return undefined;
  return readEntries(context.flash, otadata.offset).find(
    (entry) => entry.isCrcRight && slotOf(entry.sequence, count) === slot.subtype - APP_OTA_0,
  )?.state;
}

export function isPendingVerify(context: OtaContext): boolean {
  return stateOfSlot(context, context.running) === OTA_PENDING_VERIFY;
}

/** Which slot otadata points at, without looking into images. */
export function bootSlot(context: OtaContext): Row | undefined {
  const { rows, flash } = context;
  const otadata = findRow(rows, TYPE_DATA, DATA_OTA);
  if (otadata === undefined) return undefined;
  const count = countOtaRows(rows);
  const entries = readEntries(flash, otadata.offset);
  const active = activeEntry(entries);
  const byDefault = findRow(rows, TYPE_APP, APP_FACTORY) ?? rows.find(isOtaRow);
  if (count === 0 || (isInvalid(entries[0]) && isInvalid(entries[1])) || active === undefined) return byDefault;
  return findRow(rows, TYPE_APP, APP_OTA_0 + slotOf(entries[active].sequence, count));
}

/** One update being written into a slot. */
export class OtaWrite {
  readonly slot: Row;
  writtenBytes: number;
  readonly #context: OtaContext;
  readonly #isResumed: boolean;

  constructor(context: OtaContext, slot: Row, resumeAtBytes: number) {
    this.#context = context;
    this.slot = slot;
    this.writtenBytes = resumeAtBytes;
    this.#isResumed = resumeAtBytes > 0;
  }

  /** Erases the sectors that the data reaches for the first time, checks the first byte, programs.
   * @see ESP-IDF v5.5 components/app_update/esp_ota_ops.c, `esp_ota_write` */
  write(data: Uint8Array): number {
    if (data.length === 0) return ESP_OK;
    const { flash, log } = this.#context;
    const first = Math.floor(this.writtenBytes / SECTOR_BYTES);
    const last = Math.floor((this.writtenBytes + data.length - 1) / SECTOR_BYTES);
    const from = this.writtenBytes % SECTOR_BYTES === 0 ? first : first + 1;
    // esp_partition_erase_range and esp_partition_write refuse what leaves the partition
    if ((last + 1) * SECTOR_BYTES > this.slot.size) return espErr('ESP_ERR_INVALID_SIZE');
    if (last >= from) {
      flash.erase(this.slot.offset + from * SECTOR_BYTES, (last - from + 1) * SECTOR_BYTES);
    }
    if (this.writtenBytes === 0 && !this.#isResumed && data[0] !== 0xe9) {
      const saw = (data[0] ?? 0).toString(16).padStart(2, '0');
      log('E', TAG, `OTA image has invalid magic byte (expected 0xE9, saw 0x${saw})`);
      return espErr('ESP_ERR_OTA_VALIDATE_FAILED');
    }
    flash.program(this.slot.offset + this.writtenBytes, data);
    this.writtenBytes += data.length;
    return ESP_OK;
  }

  /** @see ESP-IDF v5.5 components/app_update/esp_ota_ops.c, `esp_ota_end` */
  end(): number {
    if (this.writtenBytes === 0) return espErr('ESP_ERR_INVALID_ARG');
    const { log, idf, skipsImageChecks } = this.#context;
    if (skipsImageChecks === true || verifiedImage(this.#context, this.slot) !== undefined) return ESP_OK;
    if (isAtLeast(idf, 5, 5)) log('E', TAG, 'New image failed verification');
    return espErr('ESP_ERR_OTA_VALIDATE_FAILED');
  }
}

/** @see ESP-IDF v5.5 components/app_update/esp_ota_ops.c, `esp_ota_begin` */
export function beginOta(context: OtaContext, slot: Row): OtaWrite | number {
  const { running, hasRollback, idf, log } = context;
  if (!isOtaRow(slot)) return espErr('ESP_ERR_INVALID_ARG');
  if (slot.offset === running.offset) return espErr('ESP_ERR_OTA_PARTITION_CONFLICT');
  if (hasRollback && isPendingVerify(context)) {
    log('E', TAG, 'Running app has not confirmed state (ESP_OTA_IMG_PENDING_VERIFY)');
    return espErr('ESP_ERR_OTA_ROLLBACK_INVALID_STATE');
  }
  if (hasRollback && isAtLeast(idf, 5, 5)) eraseInactiveEntry(context);
  return new OtaWrite(context, slot, 0);
}

/** @see ESP-IDF v5.5 components/app_update/esp_ota_ops.c, `esp_ota_resume` */
export function resumeOta(context: OtaContext, slot: Row, offsetBytes: number): OtaWrite | number {
  if (offsetBytes > slot.size || !isOtaRow(slot)) return espErr('ESP_ERR_INVALID_ARG');
  if (slot.offset === context.running.offset) return espErr('ESP_ERR_OTA_PARTITION_CONFLICT');
  return new OtaWrite(context, slot, offsetBytes);
}

/** Erases the otadata sector that does not rule, where it points at another slot than the running one.
 * @see ESP-IDF v5.5 components/app_update/esp_ota_ops.c, `esp_ota_invalidate_inactive_ota_data_slot` */
export function eraseInactiveEntry(context: OtaContext): number {
  const { flash, rows, running } = context;
  const otadata = otadataOf(context);
  const count = countOtaRows(rows);
  if (otadata === undefined || count === 0) return ESP_FAIL;
  const entries = readEntries(flash, otadata.offset);
  const active = activeEntry(entries);
  if (active === undefined) return ESP_FAIL;
  const inactive = active === 0 ? 1 : 0;
  if (isBlank(entries[inactive]) || !entries[inactive].isCrcRight) return ESP_FAIL;
  const slot = findRow(rows, TYPE_APP, APP_OTA_0 + slotOf(entries[inactive].sequence, count));
  if (slot === undefined || slot.offset === running.offset) return ESP_FAIL;
  flash.erase(otadata.offset + inactive * SECTOR_BYTES, SECTOR_BYTES);
  return ESP_OK;
}

/** Verifies the image again, then writes otadata; a slot whose secure version is too low is erased.
 * @see ESP-IDF v5.5 components/app_update/esp_ota_ops.c, `esp_ota_set_boot_partition` */
export function setBootSlot(context: OtaContext, slot: Row): number {
  const { flash, log, hasAntiRollback, fuse } = context;
  const image = verifiedImage(context, slot);
  if (image === undefined && context.skipsImageChecks !== true) return espErr('ESP_ERR_OTA_VALIDATE_FAILED');
  if (slot.type === TYPE_APP && slot.subtype === APP_FACTORY) {
    const otadata = findRow(context.rows, TYPE_DATA, DATA_OTA);
    if (otadata === undefined) return espErr('ESP_ERR_NOT_FOUND');
    flash.erase(otadata.offset, otadata.size);
    return ESP_OK;
  }
  const description = descriptionInFlash(flash, slot.offset);
  if (hasAntiRollback && (description?.secureVersion ?? 0) < fuse.value) {
    log(
      'E',
      TAG,
      'This a new partition can not be booted due to a secure version is lower than stored in efuse. Partition will be erased.',
    );
    flash.erase(slot.offset, slot.size);
    return espErr('ESP_ERR_OTA_SMALL_SEC_VER');
  }
  const err = switchTo(context, slot);
  if (err === ESP_OK) context.onSlotSet(slot, image?.sha256 ?? '');
  return err;
}

function switchTo(context: OtaContext, slot: Row): number {
  const { flash, rows, hasRollback } = context;
  const otadata = otadataOf(context);
  if (otadata === undefined) return espErr('ESP_ERR_NOT_FOUND');
  const count = countOtaRows(rows);
  const wanted = slot.subtype - APP_OTA_0;
  if (wanted >= count) return espErr('ESP_ERR_INVALID_ARG');
  const state = hasRollback ? OTA_NEW : OTA_UNDEFINED;
  const entries = readEntries(flash, otadata.offset);
  const active = activeEntry(entries);
  if (active === undefined) {
    writeEntry(flash, otadata.offset, 0, wanted + 1, state);
    return ESP_OK;
  }
  const current = entries[active].sequence;
  if (slotOf(current, count) === wanted) {
    writeEntry(flash, otadata.offset, active, current, state);
    return ESP_OK;
  }
  let next = (wanted + 1) % count;
  if (next <= current) next += Math.ceil((current - next) / count) * count;
  writeEntry(flash, otadata.offset, active === 0 ? 1 : 0, next, state);
  return ESP_OK;
}

/** `esp_ota_mark_app_valid_cancel_rollback`; raises the eFuse where anti-rollback is on. */
export function markValid(context: OtaContext): number {
  const { flash, rows, running, log, hasAntiRollback, fuse } = context;
  const otadata = otadataOf(context);
  if (otadata === undefined) return espErr('ESP_ERR_NOT_FOUND');
  const entries = readEntries(flash, otadata.offset);
  const active = activeEntry(entries);
  if (active === undefined || countOtaRows(rows) === 0) {
    log('E', TAG, 'Running firmware is factory');
    return ESP_FAIL;
  }
  if (entries[active].state === OTA_VALID) return ESP_OK;
  writeEntry(flash, otadata.offset, active, entries[active].sequence, OTA_VALID);
  if (hasAntiRollback) {
    fuse.value = Math.max(fuse.value, descriptionInFlash(flash, running.offset)?.secureVersion ?? 0);
  }
  return ESP_OK;
}

/** `esp_ota_mark_app_invalid_rollback`: gives the active entry up if another application can boot. The caller restarts. */
export function markInvalid(context: OtaContext): number {
  const { flash, rows, log, idf } = context;
  const otadata = otadataOf(context);
  if (otadata === undefined) return espErr('ESP_ERR_NOT_FOUND');
  const entries = readEntries(flash, otadata.offset);
  const active = activeEntry(entries);
  const count = countOtaRows(rows);
  if (active === undefined || count === 0) {
    log('E', TAG, 'Running firmware is factory');
    return ESP_FAIL;
  }
  const other = entries[active === 0 ? 1 : 0];
  const fallback = isValid(other)
    ? findRow(rows, TYPE_APP, APP_OTA_0 + slotOf(other.sequence, count))
    : findRow(rows, TYPE_APP, APP_FACTORY);
  if (fallback === undefined || verifyInFlash(flash, fallback, { ...context, isSilent: true }) === undefined) {
    log('E', TAG, 'Rollback is not possible, do not have any suitable apps in slots');
    return espErr('ESP_ERR_OTA_ROLLBACK_FAILED');
  }
  writeEntry(flash, otadata.offset, active, entries[active].sequence, OTA_INVALID);
  log('I', TAG, `Rollback to previously worked partition.${isAtLeast(idf, 5, 5) ? '' : ' Restart.'}`);
  return ESP_OK;
}

/** The description of the application that was rolled back last, if it is still whole.
 * @see ESP-IDF v5.5 components/app_update/esp_ota_ops.c, `esp_ota_get_last_invalid_partition` */
export function lastInvalidDescription(context: OtaContext): Description | undefined {
  const { flash, rows } = context;
  const otadata = findRow(rows, TYPE_DATA, DATA_OTA);
  const count = countOtaRows(rows);
  if (otadata === undefined || count === 0) return undefined;
  const entries = readEntries(flash, otadata.offset);
  const isGivenUp = (index: 0 | 1): boolean => {
    const entry = entries[index];
    return !isBlank(entry) && entry.isCrcRight && (entry.state === OTA_INVALID || entry.state === OTA_ABORTED);
  };
  const index = selectEntry(entries, [isGivenUp(0), isGivenUp(1)]);
  if (index === undefined) return undefined;
  const slot = findRow(rows, TYPE_APP, APP_OTA_0 + slotOf(entries[index].sequence, count));
  if (slot === undefined || verifyInFlash(flash, slot, { ...context, isSilent: true }) === undefined) return undefined;
  return descriptionInFlash(flash, slot.offset);
}
