import { join } from 'node:path';
import { isIdfAtLeast } from '../../idf/idf-version.ts';
import type { DoctorFacts } from '../facts.ts';
import { finding, type Finding, type Fix } from '../finding.ts';
import { configuredUrl } from '../firmware-url.ts';
import { optionPlace } from '../places.ts';
import { trustOf } from '../trust.ts';
import { urlFixes } from './url.ts';

const NEW_NAME = 'ESP_HTTPS_OTA_ALLOW_HTTP';
const OLD_NAME = 'OTA_ALLOW_HTTP';
const SET_UP: Fix = { kind: 'command', id: 'setUp', command: 'setUpForOta', needs: ['rebuild', 'fullFlash'] };

/** Whether `esp_https_ota` would begin at all: it refuses a client that has no way to verify its server, unless plain HTTP is allowed.
 * @see ESP-IDF v5.5 `components/esp_https_ota/src/esp_https_ota.c`, "No option for server verification is enabled" */
export function httpFindings(facts: DoctorFacts): readonly Finding[] {
  const url = configuredUrl(facts);
  const names = optionNames(facts);
  if (url === undefined) return names;
  // the bare functions of the native client check nothing of this
  if (facts.project.sources.clientKind === 'native') return names;
  return [...names, ...(url.scheme === 'http' ? plainHttp(facts) : verification(facts))];
}

/** Plain HTTP is allowed under the name that counts. Old names are taken from ESP-IDF 5.0 on, new ones mean nothing before.
 * @see ESP-IDF v5.0 `components/esp_https_ota/sdkconfig.rename` */
function isAllowed({ project }: DoctorFacts): boolean {
  const { config, ota } = project;
  return ota.allowHttpSymbol === OLD_NAME ? config.bool(OLD_NAME) === true : ota.allowsHttp;
}

function plainHttp(facts: DoctorFacts): readonly Finding[] {
  if (isAllowed(facts)) return [];
  const { allowHttpSymbol, firmwareUrl } = facts.project.ota;
  const trust = trustOf(facts);
  const hasCertificate = trust.embedsCertificate || trust.usesBundle;
  const allow: Fix = { kind: 'setOptions', id: 'allowHttp', options: { [allowHttpSymbol]: true }, needs: ['rebuild'] };
  const fixes = facts.server?.protocol === 'https' ? [...urlFixes(facts, undefined), allow] : [allow];
  const at = optionPlace(facts, firmwareUrl?.symbol ?? '');
  // a certificate that is set, though it is not used, satisfies the check
  const severity = hasCertificate ? 'warning' : 'error';
  return [
    finding('http-not-allowed', { option: `CONFIG_${allowHttpSymbol}`, hasCertificate }, { at, severity, fixes }),
  ];
}

function optionNames(facts: DoctorFacts): readonly Finding[] {
  const { config, idfVersion, ota } = facts.project;
  if (isIdfAtLeast(idfVersion, 5, 0) || config.bool(NEW_NAME) !== true || config.bool(OLD_NAME) === true) return [];
  const details = { option: `CONFIG_${NEW_NAME}`, expected: `CONFIG_${OLD_NAME}`, idf: idfVersion?.text ?? '' };
  const fixes: readonly Fix[] = [
    {
      kind: 'setOptions',
      id: 'allowHttp',
      options: { [NEW_NAME]: null, [ota.allowHttpSymbol]: true },
      needs: ['rebuild'],
    },
  ];
  return [finding('http-option-name', details, { at: optionPlace(facts, NEW_NAME), fixes })];
}

/** HTTPS without a certificate and without the bundle: only the image, once it is built, says for sure. */
function verification(facts: DoctorFacts): readonly Finding[] {
  const { clientKind } = facts.project.sources;
  const { embedsCertificate, usesBundle, isGuess, hasBundle } = trustOf(facts);
  if (clientKind === 'unknown' || embedsCertificate || usesBundle || isAllowed(facts)) return [];
  const at = { path: join(facts.project.folder, 'main', 'CMakeLists.txt') };
  const isThere = facts.text(at.path) !== undefined;
  const severity = isGuess ? 'warning' : 'error';
  return [finding('http-no-verification', { hasBundle }, { at: isThere ? at : undefined, severity, fixes: [SET_UP] })];
}
