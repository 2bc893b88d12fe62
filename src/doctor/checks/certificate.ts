import { basename, isAbsolute, join } from 'node:path';
import { nameWithin } from '../../base/files.ts';
import { isOtaError } from '../../base/ota-error.ts';
import { imageTrusts } from '../../image/embedded-certificates.ts';
import { certificatesIn, describeCertificate } from '../../server/certificate-description.ts';
import type { DoctorFacts } from '../facts.ts';
import { finding, type Finding, type FindingPlace, type Fix } from '../finding.ts';
import { configuredUrl, isOurs } from '../firmware-url.ts';
import { linePlace, optionPlace } from '../places.ts';
import { trustOf } from '../trust.ts';
import { certificateNameFindings } from './certificate-names.ts';
import { certificateKindFindings } from './certificate-kinds.ts';
import { privateKeyFindings } from './private-keys.ts';

const INSTALL: Fix = { kind: 'command', id: 'installCertificate', command: 'installCertificate', needs: ['rebuild'] };
const CERTIFICATE_FILE = /\.(?:pem|crt|cer|der|key)$/i;
const BUILD: Fix = { kind: 'command', id: 'build', command: 'buildFirmware', needs: [] };

/** Certificates that ESP-IDF's examples come with, whose keys everybody has; SHA-256 of their DER form.
 * @see ESP-IDF v4.2 `examples/system/ota/native_ota_example/server_certs/ca_cert.pem` */
const EXAMPLE_FINGERPRINTS: readonly string[] = ['96c3ff0a2fe53a60b548aebf2b48016e000269700ee49aa55a14506e2c523703'];
/** And the one that the examples' own tests serve with.
 * @see ESP-IDF v5.5 `examples/system/ota/simple_ota_example/pytest_simple_ota.py` */
const EXAMPLE_NAME = /(?:^|, )O=ESP, OU=ESP, CN=ESP(?:, |$)/;

/** Whether firmware of this project trusts this computer's server, and can check what it shows. */
export function certificateFindings(facts: DoctorFacts): readonly Finding[] {
  return [
    ...fileMissing(facts),
    ...(isForOurServer(facts) ? [...trustFindings(facts), ...certificateNameFindings(facts)] : []),
    ...certificateKindFindings(facts),
    ...privateKeyFindings(facts),
  ];
}

/** Firmware of this project is going to talk TLS to this computer: what it embeds can be compared with what is served. */
function isForOurServer(facts: DoctorFacts): boolean {
  const { project, server } = facts;
  const url = configuredUrl(facts);
  if (url !== undefined) return url.scheme === 'https' && isOurs(facts, url.host);
  if (server?.protocol === 'http') return false;
  return project.certificate.isEmbedded || project.ota.usesCertificateBundle === true;
}

/** A build stops at a file to embed that is not there. */
function fileMissing(facts: DoctorFacts): readonly Finding[] {
  const { certificate, embeddedFiles, folder } = facts.project;
  const told = new Set<string>();
  return embeddedFiles.flatMap(({ path, line }) => {
    if (path === undefined || told.has(path)) return [];
    told.add(path);
    const isCertificate = path === certificate.path;
    // other files may be made by the build
    if (!isCertificate && !CERTIFICATE_FILE.test(path)) return [];
    if ((isCertificate ? certificate.pem : facts.text(path)) !== undefined) return [];
    const at = linePlace(facts, join(folder, 'main', 'CMakeLists.txt'), line);
    const fixes = isCertificate ? [INSTALL] : [];
    return [finding('certificate-file-missing', { file: relativeName(facts, path) }, { at, fixes })];
  });
}

function relativeName({ project }: DoctorFacts, path: string): string {
  return nameWithin(path, project.folder);
}

function trustFindings(facts: DoctorFacts): readonly Finding[] {
  const { certificate, project } = facts;
  const example = exampleFindings(facts);
  const bundle = bundleFindings(facts);
  if (bundle.length > 0) return [...example, ...bundle];
  const trustPem = certificate?.trustPem;
  if (trustPem === undefined || trustsBundleOnly(facts)) {
    return [...example, ...imageFindings(facts, example.length > 0)];
  }
  const { pem, path } = project.certificate;
  if (example.length > 0 || pem === undefined || holds(pem, trustPem)) {
    return [...example, ...imageFindings(facts, example.length > 0 || pem === undefined)];
  }
  const isImageRight = imageTrust(facts) === true;
  const details = { file: relativeName(facts, path), isImageRight };
  const severity = isImageRight ? 'warning' : 'error';
  return [finding('certificate-file-differs', details, { at: filePlace(facts, path), severity, fixes: [INSTALL] })];
}

function filePlace(facts: DoctorFacts, path: string): FindingPlace {
  return linePlace(facts, path, 1);
}

/** The image that is built does not trust the server although the file is right: it was built before.
 * @param isTold the file is the cause, and was told already */
function imageFindings(facts: DoctorFacts, isTold: boolean): readonly Finding[] {
  const { project } = facts;
  if (project.app === undefined || isTold || imageTrust(facts) !== false) return [];
  // an image without any client has nothing to trust with; that is told for itself
  const trust = trustOf(facts);
  if (!trust.embedsCertificate && !trust.usesBundle) return [];
  const { path } = project.certificate;
  const details = { file: relativeName(facts, path), image: basename(project.app.path) };
  const at = facts.text(path) === undefined ? undefined : filePlace(facts, path);
  return [finding('certificate-not-in-image', details, { at, fixes: [BUILD] })];
}

const trusts = new WeakMap<Uint8Array, { readonly pem: string; readonly isTrusted: boolean | undefined }>();

/** Whether the built image trusts what is served; undefined where one of them is not known. An image is searched once. */
function imageTrust({ project, certificate }: DoctorFacts): boolean | undefined {
  const bytes = project.app?.bytes;
  const pem = certificate?.trustPem;
  if (bytes === undefined || pem === undefined) return undefined;
  const known = trusts.get(bytes);
  if (known?.pem === pem) return known.isTrusted;
  let isTrusted: boolean | undefined;
  try {
    isTrusted = imageTrusts(bytes, pem).trusted;
  } catch (error) {
    if (!isOtaError(error)) throw error;
  }
  trusts.set(bytes, { pem, isTrusted });
  return isTrusted;
}

/** A PEM text has one of the certificates of another, whatever the line ends. */
function holds(text: string, wanted: string): boolean {
  const plain = (pem: string): string => pem.replace(/\s+/g, '');
  const all = certificatesIn(text).map(plain);
  return certificatesIn(wanted).some((one) => all.includes(plain(one)));
}

function exampleFindings(facts: DoctorFacts): readonly Finding[] {
  const { pem, path } = facts.project.certificate;
  if (pem === undefined) return [];
  try {
    const { fingerprint, subject, isSelfSigned } = describeCertificate(pem, path);
    if (!EXAMPLE_FINGERPRINTS.includes(fingerprint) && !(isSelfSigned && EXAMPLE_NAME.test(subject))) return [];
  } catch (error) {
    if (isOtaError(error)) return [];
    throw error;
  }
  const details = { file: relativeName(facts, path) };
  return [finding('certificate-example', details, { at: filePlace(facts, path), fixes: [INSTALL] })];
}

/** Firmware verifies with ESP-IDF's bundle alone: the examples choose it with an option, other code attaches it and embeds nothing. */
function trustsBundleOnly(facts: DoctorFacts): boolean {
  const { usesCertificateBundle } = facts.project.ota;
  if (usesCertificateBundle !== undefined) return usesCertificateBundle;
  const { usesBundle, embedsCertificate } = trustOf(facts);
  return usesBundle && !embedsCertificate;
}

/** With the bundle on, what lies in `server_certs/` counts only as a part of it.
 * @see ESP-IDF v5.5 `examples/system/ota/simple_ota_example/main/simple_ota_example.c`, `components/mbedtls/Kconfig` */
function bundleFindings(facts: DoctorFacts): readonly Finding[] {
  const { ota, config, folder, certificate: embedded } = facts.project;
  if (!trustsBundleOnly(facts) || facts.certificate?.mode === 'own') return [];
  const file = relativeName(facts, embedded.path);
  const isKnown = config.bool('MBEDTLS_CUSTOM_CERTIFICATE_BUNDLE') !== undefined;
  const embed: Fix = {
    kind: 'setOptions',
    id: 'embedCertificate',
    options: { EXAMPLE_USE_CERT_BUNDLE: false },
    needs: ['rebuild'],
  };
  const fixes: readonly Fix[] = [
    {
      kind: 'setOptions',
      id: 'addToBundle',
      options: { MBEDTLS_CUSTOM_CERTIFICATE_BUNDLE: true, MBEDTLS_CUSTOM_CERTIFICATE_BUNDLE_PATH: file },
      needs: isKnown ? ['rebuild'] : ['menuconfig', 'rebuild'],
    },
    // only the examples have a choice
    ...(ota.usesCertificateBundle === true ? [embed] : []),
  ];
  const custom = ota.customBundlePath;
  if (custom === undefined || custom.value === '') {
    const at = optionPlace(facts, 'MBEDTLS_CUSTOM_CERTIFICATE_BUNDLE', 'EXAMPLE_USE_CERT_BUNDLE');
    return [finding('certificate-bundle', { option: 'CONFIG_MBEDTLS_CUSTOM_CERTIFICATE_BUNDLE_PATH' }, { at, fixes })];
  }
  const path = isAbsolute(custom.value) ? custom.value : join(folder, custom.value);
  const text = path === embedded.path ? embedded.pem : facts.text(path);
  const trustPem = facts.certificate?.trustPem;
  if (text !== undefined && (trustPem === undefined || holds(text, trustPem))) return [];
  // where the certificate is installed
  const isItsPlace = path === embedded.path;
  // the project's own file differs: said of the file itself, unless it is one of the examples
  if (text !== undefined && isItsPlace && exampleFindings(facts).length > 0) return [];
  const at = text === undefined ? optionPlace(facts, custom.symbol) : filePlace(facts, path);
  const details = { file: relativeName(facts, path), isMissing: text === undefined };
  return [finding('certificate-bundle-file', details, { at, fixes: isItsPlace ? [INSTALL] : fixes.slice(0, 1) })];
}
