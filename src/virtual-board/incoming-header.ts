import type { AppRun } from './app-run.ts';
import { ESP_FAIL, ESP_OK, espErr } from './esp-err.ts';
import { isAtLeast } from './idf-version.ts';
import { isForChip, isForRevision, readDescription, readHeader } from './image-in-flash.ts';

/** What is judged before the first byte of a download is written: the chip (since 4.3), its revision (5.5), the flash mode (6.1). ESP_OK or the error.
 * @see ESP-IDF v5.5 components/esp_https_ota/src/esp_https_ota.c, `esp_https_ota_verify_chip_id`; v6.1 `esp_ota_check_image_validity` */
export function checkHeader(run: AppRun, head: Uint8Array, onEvent: (words: string) => void): number {
  const { idf, log, ota, options, description } = run;
  if (!isAtLeast(idf, 4, 3)) return ESP_OK;
  // the magic byte is looked at only when it is written
  const header = readHeader(Uint8Array.from(head.subarray(0, 24), (byte, index) => (index === 0 ? 0xe9 : byte)));
  if (header === undefined) return ESP_FAIL;
  onEvent(`Verifying chip id of new image: ${header.chipId}`);
  const invalidVersion = espErr('ESP_ERR_INVALID_VERSION');
  if (!isAtLeast(idf, 6, 1) && header.chipId !== ota.chip.profile.id) {
    log('E', 'esp_https_ota', `Mismatch chip id, expected ${ota.chip.profile.id}, found ${header.chipId}`);
    return invalidVersion;
  }
  if (!isAtLeast(idf, 5, 5)) return ESP_OK;
  onEvent(`Verifying chip revision of new image: ${header.minRevision}`);
  if (!isAtLeast(idf, 6, 1)) return isForRevision(header, ota.chip, idf, log) ? ESP_OK : invalidVersion;
  if (!isForChip(header, ota.chip, idf, log)) return invalidVersion;
  const [running, incoming] = [description?.spiFlashMode ?? 0, readDescription(head)?.spiFlashMode ?? 0];
  if (options.verifiesSpiMode && running !== incoming && running !== 0 && incoming !== 0) {
    log('E', 'esp_ota_ops', `SPI flash mode mismatch: running app has mode ${running}, new app has mode ${incoming}`);
    return espErr('ESP_ERR_OTA_SPI_MODE_MISMATCH');
  }
  return ESP_OK;
}
