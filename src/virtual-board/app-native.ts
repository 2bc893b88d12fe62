import type { Disposable } from '../base/disposable.ts';
import { armPowerCut, BodyReader, type AppOutcome, type AppRun } from './app-run.ts';
import { updateUrl } from './app-url.ts';
import { ESP_OK, espErr, espErrName } from './esp-err.ts';
import { HttpClient } from './http-client.ts';
import { isAtLeast } from './idf-version.ts';
import { readDescription } from './image-in-flash.ts';
import { beginOta, bootSlot, lastInvalidDescription, nextUpdateSlot, setBootSlot, type OtaWrite } from './ota-ops.ts';

export const NATIVE_TAG = 'native_ota_example';
const BUFFER_BYTES = 1024;
const HEADER_BYTES = 288;

/** native_ota_example: `esp_http_client` and `esp_ota_*` by hand. It does not look at the status code.
 * @see ESP-IDF v5.5 examples/system/ota/native_ota_example/main/native_ota_example.c */
export async function runNative(run: AppRun): Promise<AppOutcome> {
  const { log, ota, options } = run;
  log('I', NATIVE_TAG, isAtLeast(run.idf, 5, 0) ? 'Starting OTA example task' : 'Starting OTA example');
  printPartitions(run);
  const url = await updateUrl(run);
  const client = HttpClient.create(url, run.network, run.tls, {
    timeoutMs: options.receiveTimeoutMs,
    hasBasicAuth: options.hasBasicAuth,
  });
  if (client === undefined) {
    log('E', NATIVE_TAG, 'Failed to initialise HTTP connection');
    return fatal(run);
  }
  const opened = await client.open();
  if (opened !== ESP_OK) {
    log('E', NATIVE_TAG, `Failed to open HTTP connection: ${espErrName(opened)}`);
    return fatal(run, client);
  }
  await client.fetchHeaders();
  const slot = nextUpdateSlot(ota);
  if (slot === undefined) {
    run.raw('assert failed: ota_example_task native_ota_example.c:161 (update_partition != NULL)');
    client.close();
    return 'crash';
  }
  log('I', NATIVE_TAG, `Writing to partition subtype ${slot.subtype} at offset 0x${slot.offset.toString(16)}`);
  const length = client.contentLengthBytes;
  run.onUpdateBegins(slot, length > 0 ? length : undefined);
  return receive(run, client);
}

function printPartitions(run: AppRun): void {
  const { log, ota } = run;
  const hex8 = (value: number): string => value.toString(16).padStart(8, '0');
  const configured = bootSlot(ota);
  if (configured !== undefined && configured.offset !== ota.running.offset) {
    log(
      'W',
      NATIVE_TAG,
      `Configured OTA boot partition at offset 0x${hex8(configured.offset)}, but running from offset 0x${hex8(ota.running.offset)}`,
    );
    log(
      'W',
      NATIVE_TAG,
      '(This can happen if either the OTA boot data or preferred boot image become corrupted somehow.)',
    );
  }
  const { type, subtype, offset } = ota.running;
  log('I', NATIVE_TAG, `Running partition type ${type} subtype ${subtype} (offset 0x${hex8(offset)})`);
}

function fatal(run: AppRun, client?: HttpClient): AppOutcome {
  client?.close();
  run.log('E', NATIVE_TAG, 'Exiting task due to fatal error...');
  return 'idle';
}

function waitForNewFirmware(run: AppRun, client: HttpClient): AppOutcome {
  client.close();
  const { log } = run;
  log('I', NATIVE_TAG, 'When a new firmware is available on the server, press the reset button to download it');
  log('I', NATIVE_TAG, 'Waiting for a new firmware ... 1');
  return 'idle';
}

/** Reads to the end and writes; on the first bytes the versions are compared. */
async function receive(run: AppRun, client: HttpClient): Promise<AppOutcome> {
  const { log } = run;
  const body = new BodyReader(run);
  let write: OtaWrite | undefined;
  let cut: Disposable | undefined;
  for (;;) {
    const result = await body.read(client, BUFFER_BYTES);
    if (result.kind !== 'data') {
      cut?.dispose();
      log('E', NATIVE_TAG, 'Error: SSL data read error');
      return fatal(run, client);
    }
    if (result.bytes.length === 0) {
      if (client.isComplete) log('I', NATIVE_TAG, 'Connection closed');
      else log('E', NATIVE_TAG, 'Connection closed, errno = 128');
      break;
    }
    if (write === undefined) {
      const begun = judgeHeader(run, client, result.bytes);
      if (typeof begun === 'string') return begun;
      write = begun;
      cut = armPowerCut(run, begun);
    }
    const err = write.write(result.bytes);
    if (err !== ESP_OK) {
      cut?.dispose();
      return fatal(run, client);
    }
    run.onWritten(write.writtenBytes);
  }
  cut?.dispose();
  log('I', NATIVE_TAG, `Total Write binary data length: ${write?.writtenBytes ?? 0}`);
  if (!client.isComplete) {
    log('E', NATIVE_TAG, 'Error in receiving complete file');
    return fatal(run, client);
  }
  return finish(run, client, write);
}

async function finish(run: AppRun, client: HttpClient, write: OtaWrite | undefined): Promise<AppOutcome> {
  const { log, ota } = run;
  const ended = write?.end() ?? espErr('ESP_ERR_NOT_FOUND');
  if (ended !== ESP_OK || write === undefined) {
    if (ended === espErr('ESP_ERR_OTA_VALIDATE_FAILED')) {
      log('E', NATIVE_TAG, 'Image validation failed, image is corrupted');
    } else {
      log('E', NATIVE_TAG, `esp_ota_end failed (${espErrName(ended)})!`);
    }
    return fatal(run, client);
  }
  const set = setBootSlot(ota, write.slot);
  if (set !== ESP_OK) {
    log('E', NATIVE_TAG, `esp_ota_set_boot_partition failed (${espErrName(set)})!`);
    return fatal(run, client);
  }
  client.close();
  log('I', NATIVE_TAG, 'Prepare to restart system!');
  await run.sleep(run.delays.restartMs);
  return 'restart';
}

function judgeHeader(run: AppRun, client: HttpClient, first: Uint8Array): OtaWrite | AppOutcome {
  const { log, ota, options, description } = run;
  if (first.length <= HEADER_BYTES) {
    log('E', NATIVE_TAG, 'received package is not fit len');
    return fatal(run, client);
  }
  // no magic is looked at: what lies at the place of the version is taken for one
  const incoming = readDescription(first, true)?.version ?? '';
  log('I', NATIVE_TAG, `New firmware version: ${incoming}`);
  if (description !== undefined) log('I', NATIVE_TAG, `Running firmware version: ${description.version}`);
  const invalid = lastInvalidDescription(ota);
  if (invalid !== undefined) {
    log('I', NATIVE_TAG, `Last invalid firmware version: ${invalid.version}`);
    if (invalid.version === incoming) {
      log('W', NATIVE_TAG, 'New version is the same as invalid version.');
      log(
        'W',
        NATIVE_TAG,
        `Previously, there was an attempt to launch the firmware with ${invalid.version} version, but it failed.`,
      );
      log('W', NATIVE_TAG, 'The firmware has been rolled back to the previous version.');
      return waitForNewFirmware(run, client);
    }
  }
  if (!options.skipsVersionCheck && incoming === description?.version) {
    log('W', NATIVE_TAG, 'Current running version is the same as a new. We will not continue the update.');
    return waitForNewFirmware(run, client);
  }
  const slot = nextUpdateSlot(ota);
  const begun = slot === undefined ? espErr('ESP_ERR_NOT_FOUND') : beginOta(ota, slot);
  if (typeof begun === 'number') {
    log('E', NATIVE_TAG, `esp_ota_begin failed (${espErrName(begun)})`);
    return fatal(run, client);
  }
  log('I', NATIVE_TAG, 'esp_ota_begin succeeded');
  return begun;
}
