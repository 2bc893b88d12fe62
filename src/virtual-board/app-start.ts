import type { AppRun } from './app-run.ts';
import { isAtLeast } from './idf-version.ts';
import { readHeader } from './image-in-flash.ts';
import { verifyInFlash } from './image-in-flash.ts';
import { panicLines } from './panic.ts';

/** Lines from the start of the application to `app_main()`, with what its description says about itself.
 * @see ESP-IDF v5.5 components/esp_system/app_init.c, `esp_app_init`; 4.x and 5.0–5.2: the same lines by `cpu_start` */
export function printAppStart(run: AppRun): void {
  const { idf, log, description, ota } = run;
  const tag = isAtLeast(idf, 5, 3) ? 'app_init' : 'cpu_start';
  log('I', 'cpu_start', 'Pro cpu start user code');
  log('I', 'cpu_start', 'cpu freq: 160000000 Hz');
  log('I', tag, 'Application information:');
  if (description !== undefined) {
    if (description.projectName !== '') log('I', tag, `Project name:     ${description.projectName}`);
    if (description.version !== '') log('I', tag, `App version:      ${description.version}`);
    if (run.options.hasAntiRollback) log('I', tag, `Secure version:   ${description.secureVersion}`);
    if (description.time !== '') log('I', tag, `Compile time:     ${description.date} ${description.time}`);
    log('I', tag, `ELF file SHA256:  ${description.elfSha256.slice(0, isAtLeast(idf, 5, 2) ? 9 : 16)}...`);
    log('I', tag, `ESP-IDF:          ${description.idfVersion}`);
  }
  const header = readHeader(ota.flash.view(ota.running.offset, 24));
  if (header !== undefined && isAtLeast(idf, 5, 0)) {
    const revisionTag = isAtLeast(idf, 5, 3) ? 'efuse_init' : 'cpu_start';
    const words = (revision: number): string => `v${Math.floor(revision / 100)}.${revision % 100}`;
    log('I', revisionTag, `Min chip rev:     ${words(header.minRevision)}`);
    if (header.maxRevision !== 0 && header.maxRevision !== 65535) {
      log('I', revisionTag, `Max chip rev:     ${words(header.maxRevision)} `);
    }
    log('I', revisionTag, `Chip rev:         ${words(ota.chip.revision)}`);
  }
  log('I', 'spi_flash', 'detected chip: generic');
  log('I', 'spi_flash', 'flash io: dio');
}

/** The flash chip against the size in the image's header: smaller is fatal, larger is only mentioned.
 * @see ESP-IDF v5.5 components/spi_flash/esp_flash_spi_init.c, `esp_flash_init_default_chip` */
export function isFlashLargeEnough(run: AppRun): boolean {
  const { log, ota } = run;
  const header = readHeader(ota.flash.view(ota.running.offset, 24));
  if (header === undefined) return true;
  const [real, configured] = [ota.flash.sizeBytes / 1024, header.flashSizeBytes / 1024];
  const sizes = `the size in the binary image header(${configured}k).`;
  if (real < configured) {
    log('E', 'spi_flash', `Detected size(${real}k) smaller than ${sizes} Probe failed.`);
    return false;
  }
  if (real > configured) {
    log('W', 'spi_flash', `Detected size(${real}k) larger than ${sizes} Using the size in the binary image header.`);
  }
  return true;
}

export function printAppMain(run: AppRun, tag: string): void {
  const { idf, log } = run;
  if (isAtLeast(idf, 5, 0)) {
    log('I', 'main_task', 'Started on CPU0');
    log('I', 'main_task', 'Calling app_main()');
    log('I', tag, 'OTA example app_main start');
  }
}

/** `SHA-256 for bootloader:` and `SHA-256 for current firmware:`: the digests appended to the images in flash. */
export function printDigests(run: AppRun, tag: string): void {
  const { ota, log } = run;
  const { profile } = ota.chip;
  const digest = (offset: number, size: number): string =>
    verifyInFlash(ota.flash, { offset, size }, { ...ota, isSilent: true, log: () => undefined })?.sha256 ??
    '0'.repeat(64);
  log('I', tag, `SHA-256 for bootloader:  ${digest(profile.bootloaderOffset, 0x10000)}`);
  log('I', tag, `SHA-256 for current firmware:  ${digest(ota.running.offset, ota.running.size)}`);
}

/** `example_connect()`: Wi-Fi up to the address line; false when there is no network and never will be.
 * @see ESP-IDF v5.5 examples/common_components/protocol_examples_common */
export async function connectWifi(run: AppRun): Promise<boolean> {
  const { idf, log, address, knobs } = run;
  const tag = 'example_connect';
  log('I', tag, 'Start example_connect.');
  log('I', tag, 'Connecting to myssid...');
  log('I', tag, 'Waiting for IP(s)');
  await run.sleep(run.delays.wifiMs);
  if (knobs.wifiDisconnectReason !== undefined) {
    const reason = isAtLeast(idf, 5, 3) ? ` ${knobs.wifiDisconnectReason},` : ',';
    for (let tries = 0; tries < 6; tries++) {
      log('I', tag, `Wi-Fi disconnected${reason} trying to reconnect...`);
      await run.sleep(run.delays.wifiMs);
    }
    if (isAtLeast(idf, 5, 0)) log('I', tag, 'WiFi Connect failed 7 times, stop reconnect.');
    return false;
  }
  const gateway = address.replace(/\d+$/, '1');
  const isModern = isAtLeast(idf, 5, 0);
  const name = isModern ? 'example_netif_sta' : 'sta';
  log('I', 'esp_netif_handlers', `${name} ip: ${address}, mask: 255.255.255.0, gw: ${gateway}`);
  log('I', tag, `Got IPv4 event: Interface "${name}" address: ${address}`);
  log('I', isModern ? 'example_common' : tag, `Connected to ${name}`);
  log('I', isModern ? 'example_common' : tag, `- IPv4 address: ${address}${isModern ? ',' : ''}`);
  return true;
}

/** A panic on the first instruction that matters, as the chip prints it. */
export function crash(run: AppRun): 'crash' {
  const { chip, flash, running } = run.ota;
  const image = flash.view(running.offset, running.size);
  for (const line of panicLines(chip.profile, image, run.description?.elfSha256 ?? '', run.idf)) run.raw(line);
  return 'crash';
}
