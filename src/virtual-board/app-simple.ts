import type { AppOutcome, AppRun } from './app-run.ts';
import { updateUrl } from './app-url.ts';
import { ESP_OK } from './esp-err.ts';
import { HttpsOta, IN_PROGRESS } from './https-ota.ts';
import { isAtLeast } from './idf-version.ts';

export const SIMPLE_TAG = 'simple_ota_example';

/** simple_ota_example: one call of `esp_https_ota()`. It never compares versions.
 * @see ESP-IDF v5.5 examples/system/ota/simple_ota_example/main/simple_ota_example.c */
export async function runSimple(run: AppRun): Promise<AppOutcome> {
  const { log, idf } = run;
  const isModern = isAtLeast(idf, 5, 0);
  log('I', SIMPLE_TAG, isModern ? 'Starting OTA example task' : 'Starting OTA example');
  const url = await updateUrl(run);
  if (isModern) log('I', SIMPLE_TAG, `Attempting to download update from ${url}`);
  const err = await updateInOneCall(run, url);
  if (err === ESP_OK) {
    if (isModern) log('I', SIMPLE_TAG, 'OTA Succeed, Rebooting...');
    return 'restart';
  }
  log('E', SIMPLE_TAG, 'Firmware upgrade failed');
  return 'idle';
}

/** `esp_https_ota()` */
async function updateInOneCall(run: AppRun, url: string): Promise<number> {
  const ota = await HttpsOta.begin(run, {
    url,
    // the example leaves the client's default
    timeoutMs: run.options.receiveTimeoutMs,
    bufferBytes: 512,
    partialDownload: undefined,
    resumeAtBytes: undefined,
    onEvent: () => undefined,
  });
  if (typeof ota === 'number') return ota;
  let err: number;
  do err = await ota.perform();
  while (err === IN_PROGRESS);
  if (err === ESP_OK) return ota.finish();
  ota.abort();
  return err;
}
