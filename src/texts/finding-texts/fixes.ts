import * as l10n from '@vscode/l10n';
import { basename } from 'node:path';
import type { Fix, Need, OptionValue } from '../../doctor/finding.ts';
import type { FixId } from '../../doctor/finding-ids.ts';

function textOption(fix: Fix): string {
  const values = fix.kind === 'setOptions' ? Object.values(fix.options) : [];
  return values.find((value): value is string => typeof value === 'string') ?? '';
}

function numberOption(fix: Fix): number {
  const values = fix.kind === 'setOptions' ? Object.values(fix.options) : [];
  return values.find((value): value is number => typeof value === 'number') ?? 0;
}

/** Names of the options that a fix turns on, such as `CONFIG_ESP_HTTPS_OTA_ALLOW_HTTP`. */
function optionsOn(fix: Fix): readonly string[] {
  if (fix.kind !== 'setOptions') return [];
  const isOn = ([, value]: [string, OptionValue]): boolean => value !== null && value !== false;
  return Object.entries(fix.options)
    .filter(isOn)
    .map(([name]) => name);
}

function flashSize(fix: Fix): string {
  return optionsOn(fix)
    .map((name) => /^ESPTOOLPY_FLASHSIZE_(\d+)MB$/.exec(name)?.[1])
    .filter((size) => size !== undefined)
    .map((size) => l10n.t('{0} MB', size))
    .join('');
}

const TITLES: Readonly<Record<FixId, (fix: Fix) => string>> = {
  build: () => l10n.t('Build Firmware'),
  flashFully: () => l10n.t('Flash Everything by Cable'),
  useOtaTable: (fix) =>
    optionsOn(fix).includes('PARTITION_TABLE_TWO_OTA_LARGE')
      ? l10n.t('Use the Partition Table with Two Large OTA Slots')
      : l10n.t('Use the Partition Table with Two OTA Slots'),
  setFlashSize: (fix) => l10n.t('Set the Flash Size to {0}', flashSize(fix)),
  setOtadataSize: () => l10n.t('Set the Size of otadata to 0x2000'),
  setUrl: (fix) => l10n.t('Set the Firmware URL to {0}', textOption(fix)),
  selectAddress: () => l10n.t('Select the Address That Boards Are Told…'),
  allowHttp: (fix) => l10n.t('Allow Plain HTTP (CONFIG_{0})', optionsOn(fix)[0] ?? ''),
  installCertificate: () => l10n.t('Install the Certificate of This Server'),
  renewCertificate: () => l10n.t('Create a New Server Certificate'),
  addToBundle: (fix) => l10n.t('Add {0} to the Certificate Bundle', basename(textOption(fix))),
  embedCertificate: () => l10n.t('Embed the Certificate Instead of Using the Bundle'),
  ignoreKey: () => l10n.t('Add the Key to .gitignore'),
  bumpVersion: () => l10n.t('Bump Version…'),
  useVersionTxt: () => l10n.t('Let version.txt Set the Version'),
  setUp: () => l10n.t('Set Up For OTA'),
  disableRollback: () => l10n.t('Turn Rollback Off'),
  setTimeout: (fix) => l10n.t('Set the Timeout to {0} Seconds', numberOption(fix) / 1000),
  allowPartialDownload: () => l10n.t('Allow Partial Download'),
  setLogLevel: () => l10n.t('Set the Log Level to Info'),
  changePort: () => l10n.t('Change Port…'),
  showServerLog: () => l10n.t('Show Server Log'),
  checkSetup: () => l10n.t('Check OTA Setup'),
  copyUrl: () => l10n.t('Copy Firmware URL'),
  startServer: () => l10n.t('Start Server'),
  allowTls12: () => l10n.t('Allow TLS 1.2'),
  setTlsBuffer: () => l10n.t('Set the TLS Buffer to 16 KB'),
  useDynamicBuffers: () => l10n.t('Use Dynamic TLS Buffers'),
  enableAuthentication: () => l10n.t('Allow HTTP Authentication'),
  skipSpiMode: () => l10n.t('Do Not Compare the SPI Flash Mode'),
  urlFromConsole: () => l10n.t('Read the URL from the Console'),
};

export function fixTitle(fix: Fix): string {
  return TITLES[fix.id](fix);
}

/** What a fix does, with what it sets. */
export function fixText(fix: Fix): string {
  const title = fixTitle(fix).replace(/…$/, '');
  if (fix.kind !== 'setOptions') return title;
  const lines = Object.entries(fix.options).map(([name, value]) => optionLine(name, value));
  return `${title}: ${lines.join(', ')}`;
}

/** As it stands in an sdkconfig. */
function optionLine(name: string, value: OptionValue): string {
  if (value === null || value === false) return `# CONFIG_${name} is not set`;
  if (value === true) return `CONFIG_${name}=y`;
  return `CONFIG_${name}=${typeof value === 'string' ? JSON.stringify(value) : value}`;
}

/** What is left to do after a fix, as sentences; empty when it counts at once. */
export function needsText(needs: readonly Need[]): string {
  const texts: Record<Need, string> = {
    menuconfig: l10n.t('Check it once in menuconfig (idf.py menuconfig): it depends on other options.'),
    rebuild: l10n.t('Build to apply it.'),
    fullFlash: l10n.t(
      'Then flash everything by cable once: an update over the air changes neither bootloader nor partition table.',
    ),
  };
  const order: readonly Need[] = ['menuconfig', 'rebuild', 'fullFlash'];
  return order
    .filter((need) => needs.includes(need))
    .map((need) => texts[need])
    .join(' ');
}
