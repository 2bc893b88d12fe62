import { findPemCertificates } from '../image/embedded-certificates.ts';
import type { DoctorFacts } from './facts.ts';

/** How the firmware of a project comes to trust its server. */
export interface Trust {
  /** A certificate is embedded, or stands in the sources or in the image that is built. */
  readonly embedsCertificate: boolean;
  /** The sources attach ESP-IDF's bundle of authorities. */
  readonly usesBundle: boolean;
  /** Another way may only show in the image, which does not exist yet: CMake can compute what is embedded, components can bring it along. */
  readonly isGuess: boolean;
  /** The bundle is built in, used or not. */
  readonly hasBundle: boolean;
}

const CERTIFICATE_FILE = /\.(?:pem|crt|cer|der)$/i;
/** As in `_binary_<name>_start`. */
const CERTIFICATE_NAME = /_(?:pem|crt|cer|der)$/i;
const PEM = '-----BEGIN CERTIFICATE-----';
const counts = new WeakMap<Uint8Array, number>();

/** Of the project as it is configured. The examples choose between bundle and embedded certificate with an option. */
export function trustOf({ project, text: textOf }: DoctorFacts): Trust {
  const { config, ota, sources, embeddedFiles, app } = project;
  const hasBundle = config.bool('MBEDTLS_CERTIFICATE_BUNDLE') !== false;
  const attaches = sources.calls.some(({ name }) => name === 'esp_crt_bundle_attach');
  const usesBundle = hasBundle && (ota.usesCertificateBundle ?? attaches);
  const isInFile = embeddedFiles.some(({ text }) => CERTIFICATE_FILE.test(text));
  // components of the project embed too, and sources may hold the text itself
  const isInSources =
    sources.embeddedNames.some((name) => CERTIFICATE_NAME.test(name)) ||
    sources.calls.some(({ path }) => textOf(path)?.includes(PEM) === true);
  const embedsCertificate = isInFile || isInSources || (app !== undefined && certificateCount(app.bytes) > 0);
  return { embedsCertificate, usesBundle, isGuess: app === undefined, hasBundle };
}

/** Of an image, whose bytes never change. */
function certificateCount(bytes: Uint8Array): number {
  let count = counts.get(bytes);
  if (count === undefined) {
    count = findPemCertificates(bytes).length;
    counts.set(bytes, count);
  }
  return count;
}
