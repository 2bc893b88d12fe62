import { join } from 'node:path';
import { parseBuildConfig } from '../../idf/build-config.ts';
import { isIdfAtLeast } from '../../idf/idf-version.ts';
import type { IdfProject } from '../../idf/project.ts';
import type { DoctorFacts } from '../facts.ts';
import { finding, type Finding, type Fix, type OptionValue } from '../finding.ts';
import { optionPlace } from '../places.ts';

const ROLLBACK = 'BOOTLOADER_APP_ROLLBACK_ENABLE';
const CONFIRM = 'esp_ota_mark_app_valid_cancel_rollback';
const PARTIAL = 'ESP_HTTPS_OTA_ENABLE_PARTIAL_DOWNLOAD';
const TIMEOUT = 'EXAMPLE_OTA_RECV_TIMEOUT';
/** Below this a pause in which the board erases flash, or a busy network, ends a download. */
const SHORT_TIMEOUT_MS = 5000;
const LARGE_IMAGE_BYTES = 0x8_0000;
const INFO_LEVEL = 3;

/** What the configuration of the bootloader in the build folder is, relative to that folder: it is a build of its own, which can be older.
 * @see ESP-IDF v5.5 `components/bootloader/project_include.cmake` */
export const BOOTLOADER_CONFIG = join('bootloader', 'config', 'sdkconfig.json');

/** What would go wrong although everything is reachable and valid: how the firmware behaves before, during and after an update. */
export function behaviourFindings(facts: DoctorFacts): readonly Finding[] {
  return [
    ...rollbackFindings(facts),
    ...wifiFindings(facts),
    ...timeoutFindings(facts),
    ...partialFindings(facts),
    ...logFindings(facts),
  ];
}

function setOptions(
  id: 'disableRollback' | 'setTimeout' | 'allowPartialDownload' | 'setLogLevel',
  options: Readonly<Record<string, OptionValue>>,
  needs: Fix['needs'] = ['rebuild'],
): Fix {
  return { kind: 'setOptions', id, options, needs };
}

function rollbackFindings(facts: DoctorFacts): readonly Finding[] {
  const { project } = facts;
  const { isRollbackEnabled } = project.ota;
  const at = optionPlace(facts, ROLLBACK, 'APP_ROLLBACK_ENABLE');
  const found: Finding[] = [];
  const { clientKind, calls, isComplete } = project.sources;
  // where not every source was searched, or there is nothing that updates, the call may well be elsewhere
  const isSure = clientKind !== 'unknown' && isComplete;
  if (isRollbackEnabled && !calls.some(({ name }) => name === CONFIRM)) {
    const fixes = [setOptions('disableRollback', { [ROLLBACK]: false }, ['rebuild', 'fullFlash'])];
    found.push(
      finding(
        'behaviour-never-confirms',
        { call: CONFIRM },
        { at, fixes, severity: isSure ? 'warning' : 'information' },
      ),
    );
  }
  const inBootloader = bootloaderRollback(facts);
  if (inBootloader === undefined || inBootloader === isRollbackEnabled) return found;
  const fixes: Fix[] = [{ kind: 'command', id: 'flashFully', command: 'flashProjectFully', needs: [] }];
  found.push(
    isRollbackEnabled
      ? finding('behaviour-rollback-only-app', { option: `CONFIG_${ROLLBACK}` }, { at, fixes })
      : finding('behaviour-rollback-only-bootloader', { option: `CONFIG_${ROLLBACK}` }, { at, fixes }),
  );
  return found;
}

/** Whether the bootloader that was built last, and so at best is on the boards, rolls back; undefined while none was built. */
function bootloaderRollback({ project, text }: DoctorFacts): boolean | undefined {
  const own = project.buildFolder === undefined ? undefined : text(join(project.buildFolder, BOOTLOADER_CONFIG));
  if (own !== undefined) {
    try {
      return parseBuildConfig(own).get(ROLLBACK)?.value.startsWith('y') === true;
    } catch {
      // not readable: the configuration of the whole build says it too
    }
  }
  if (project.builtConfig === undefined || project.bootloader === undefined) return undefined;
  return project.builtConfig.bool(ROLLBACK) === true;
}

const SSID_SYMBOLS = ['EXAMPLE_WIFI_SSID', 'ESP_WIFI_SSID', 'WIFI_SSID'];
/** Of ESP-IDF's examples.
 * @see ESP-IDF v5.5 `examples/common_components/protocol_examples_common/Kconfig.projbuild` */
const EXAMPLE_SSID = 'myssid';

function wifiFindings(facts: DoctorFacts): readonly Finding[] {
  const { config } = facts.project;
  const isAsked =
    config.bool('EXAMPLE_WIFI_SSID_PWD_FROM_STDIN') === true || config.bool('EXAMPLE_CONNECT_WIFI') === false;
  const symbol = SSID_SYMBOLS.find((name) => config.string(name) === EXAMPLE_SSID);
  if (symbol === undefined || isAsked) return [];
  const at = optionPlace(facts, symbol);
  return [finding('behaviour-wifi-placeholder', { option: `CONFIG_${symbol}`, ssid: EXAMPLE_SSID }, { at })];
}

function timeoutFindings(facts: DoctorFacts): readonly Finding[] {
  const { ota, app } = facts.project;
  const timeoutMs = ota.receiveTimeoutMs;
  const imageBytes = app?.bytes.length ?? 0;
  if (timeoutMs === undefined || timeoutMs >= SHORT_TIMEOUT_MS || imageBytes < LARGE_IMAGE_BYTES) return [];
  const fixes = [setOptions('setTimeout', { [TIMEOUT]: SHORT_TIMEOUT_MS })];
  return [
    finding(
      'behaviour-short-timeout',
      { timeoutMs, imageBytes, least: SHORT_TIMEOUT_MS },
      { at: optionPlace(facts, TIMEOUT), fixes },
    ),
  ];
}

/** From ESP-IDF 6.0 on ranges have to be compiled in.
 * @see ESP-IDF v6.0 `components/esp_https_ota/Kconfig` */
function partialFindings(facts: DoctorFacts): readonly Finding[] {
  const { ota, idfVersion } = facts.project;
  if (idfVersion === undefined || !isIdfAtLeast(idfVersion, 6, 0)) return [];
  if (ota.isPartialDownloadEnabled !== true || ota.canDownloadPartially) return [];
  const fixes = [setOptions('allowPartialDownload', { [PARTIAL]: true })];
  const at = optionPlace(facts, PARTIAL, 'EXAMPLE_ENABLE_PARTIAL_HTTP_DOWNLOAD');
  return [finding('behaviour-partial-download', { option: `CONFIG_${PARTIAL}`, idf: idfVersion.text }, { at, fixes })];
}

const LEVELS = ['NONE', 'ERROR', 'WARN'];

function logFindings(facts: DoctorFacts): readonly Finding[] {
  return (['LOG_DEFAULT_LEVEL', 'BOOTLOADER_LOG_LEVEL'] as const).flatMap((symbol) => {
    const level = logLevel(facts.project, symbol);
    if (level === undefined || level >= INFO_LEVEL) return [];
    const isBootloader = symbol === 'BOOTLOADER_LOG_LEVEL';
    const at = optionPlace(facts, `${symbol}_${LEVELS[level] ?? ''}`, symbol);
    const needs: Fix['needs'] = isBootloader ? ['rebuild', 'fullFlash'] : ['rebuild'];
    const fixes = [setOptions('setLogLevel', { [`${symbol}_INFO`]: true }, needs)];
    const severity = isBootloader ? 'information' : 'warning';
    return [
      finding('behaviour-log-level', { option: `CONFIG_${symbol}`, level, isBootloader }, { at, fixes, severity }),
    ];
  });
}

/** 0 none … 5 verbose. The choice decides, as the number beside it is derived from it. */
function logLevel({ config }: IdfProject, symbol: string): number | undefined {
  const chosen = ['NONE', 'ERROR', 'WARN', 'INFO', 'DEBUG', 'VERBOSE'].findIndex(
    (level) => config.bool(`${symbol}_${level}`) === true,
  );
  return chosen >= 0 ? chosen : config.int(symbol);
}
