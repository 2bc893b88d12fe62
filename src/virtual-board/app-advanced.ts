import type { AppOutcome, AppRun } from './app-run.ts';
import { updateUrl } from './app-url.ts';
import { ESP_FAIL, ESP_OK, espErr, hexErr } from './esp-err.ts';
import { HttpsOta, IN_PROGRESS } from './https-ota.ts';
import { isAtLeast } from './idf-version.ts';
import type { Description } from './image-in-flash.ts';

export const ADVANCED_TAG = 'advanced_https_ota_example';
const NVS_URL = 'nvs_ota_url';
const NVS_LENGTH_KB = 'nvs_ota_wr_len';

/** advanced_https_ota: the step-by-step functions, events, version and secure-version checks, optionally in parts or resumed.
 * @see ESP-IDF v5.5 examples/system/ota/advanced_https_ota/main/advanced_https_ota_example.c */
export async function runAdvanced(run: AppRun): Promise<AppOutcome> {
  const { log, idf, options } = run;
  log('I', ADVANCED_TAG, 'Starting Advanced OTA example');
  const url = await updateUrl(run);
  const canResume = options.resumption !== undefined && isAtLeast(idf, 5, 5);
  const ota = await HttpsOta.begin(run, {
    url,
    timeoutMs: options.receiveTimeoutMs,
    bufferBytes: options.resumption?.bufferBytes ?? 512,
    partialDownload: isAtLeast(idf, 4, 4) ? options.partialDownload : undefined,
    resumeAtBytes: canResume ? savedLength(run, url) : undefined,
    onEvent: (words) => {
      if (isAtLeast(idf, 5, 0)) log('I', ADVANCED_TAG, words);
    },
  });
  if (typeof ota === 'number') {
    log('E', ADVANCED_TAG, 'ESP HTTPS OTA Begin failed');
    return 'idle';
  }
  const description = await ota.description();
  if (typeof description === 'number') {
    const name = isAtLeast(idf, 5, 3) ? 'esp_https_ota_get_img_desc' : 'esp_https_ota_read_img_desc';
    log('E', ADVANCED_TAG, `${name} failed`);
    return giveUp(run, ota);
  }
  if (validateHeader(run, description) !== ESP_OK) {
    log('E', ADVANCED_TAG, 'image header verification failed');
    return giveUp(run, ota);
  }
  let err: number;
  for (;;) {
    err = await ota.perform();
    if (err !== IN_PROGRESS) break;
    if (canResume) saveLength(run, url, ota.lengthRead);
  }
  if (!ota.isCompleteDataReceived) {
    log('E', ADVANCED_TAG, 'Complete data was not received.');
    return giveUp(run, ota);
  }
  if (canResume) {
    run.nvs.delete(NVS_URL);
    run.nvs.delete(NVS_LENGTH_KB);
  }
  return finish(run, ota, err);
}

async function finish(run: AppRun, ota: HttpsOta, err: number): Promise<AppOutcome> {
  const { log } = run;
  const finished = ota.finish();
  if (err === ESP_OK && finished === ESP_OK) {
    log('I', ADVANCED_TAG, 'ESP_HTTPS_OTA upgrade successful. Rebooting ...');
    await run.sleep(run.delays.restartMs);
    return 'restart';
  }
  if (finished === espErr('ESP_ERR_OTA_VALIDATE_FAILED')) {
    log('E', ADVANCED_TAG, 'Image validation failed, image is corrupted');
  }
  log('E', ADVANCED_TAG, `ESP_HTTPS_OTA upgrade failed 0x${hexErr(finished)}`);
  return 'idle';
}

function giveUp(run: AppRun, ota: HttpsOta): AppOutcome {
  ota.abort();
  run.log('E', ADVANCED_TAG, 'ESP_HTTPS_OTA upgrade failed');
  return 'idle';
}

function validateHeader(run: AppRun, incoming: Description): number {
  const { log, description, options, ota } = run;
  if (description !== undefined) log('I', ADVANCED_TAG, `Running firmware version: ${description.version}`);
  if (!options.skipsVersionCheck && incoming.version === description?.version) {
    log('W', ADVANCED_TAG, 'Current running version is the same as a new. We will not continue the update.');
    return ESP_FAIL;
  }
  if (options.hasAntiRollback && incoming.secureVersion < ota.fuse.value) {
    log(
      'W',
      ADVANCED_TAG,
      `New firmware security version is less than eFuse programmed, ${incoming.secureVersion} < ${ota.fuse.value}`,
    );
    return ESP_FAIL;
  }
  return ESP_OK;
}

/** What was written of this very URL before a reset, in bytes: saved in whole kilobytes. */
function savedLength(run: AppRun, url: string): number {
  if (run.nvs.get(NVS_URL) !== url) return 0;
  const saved = run.nvs.get(NVS_LENGTH_KB);
  return typeof saved === 'number' ? saved * 1024 : 0;
}

function saveLength(run: AppRun, url: string, lengthBytes: number): void {
  // the example keeps 16 bits of it
  run.nvs.set(NVS_LENGTH_KB, Math.floor(lengthBytes / 1024) & 0xffff);
  if (lengthBytes > 0) run.nvs.set(NVS_URL, url);
}
