import { isOtaError } from '../../base/ota-error.ts';
import { isIdfAtLeast } from '../../idf/idf-version.ts';
import { describeCertificate, type CertificateDescription } from '../../server/certificate-description.ts';
import { signatureDigest } from '../../server/certificate-signature.ts';
import type { DoctorFacts } from '../facts.ts';
import { finding, type Finding, type FindingPlace, type Fix } from '../finding.ts';
import { configuredUrl } from '../firmware-url.ts';
import { linePlace } from '../places.ts';

interface Looked {
  readonly what: 'server' | 'embedded';
  readonly description: CertificateDescription;
  readonly pem: string;
  readonly at?: FindingPlace;
  readonly fixes: readonly Fix[];
}

const MINIMUM_RSA_BITS = 2048;
/** Curves that every mbedTLS of ESP-IDF has switched on. */
const CURVES = new Set(['prime256v1', 'secp384r1', 'secp521r1']);
/** Digests that mbedTLS's default profile takes in a signature. */
const DIGESTS = new Set(['sha256', 'sha384', 'sha512']);

/** Dates, keys and signatures of the certificate that is served and of the one that firmware embeds. */
export function certificateKindFindings(facts: DoctorFacts): readonly Finding[] {
  if (configuredUrl(facts)?.scheme === 'http') return [];
  return lookedAt(facts).flatMap((one) => [...dates(facts, one), ...keys(facts, one), ...signatures(one)]);
}

function lookedAt(facts: DoctorFacts): readonly Looked[] {
  const { certificate, project } = facts;
  const looked: Looked[] = [];
  if (certificate !== undefined) {
    const isOwn = certificate.mode === 'own';
    const renew: Fix = { kind: 'command', id: 'renewCertificate', command: 'createCertificate', needs: [] };
    const { description, certificatePem } = certificate;
    looked.push({ what: 'server', description, pem: certificatePem, fixes: isOwn ? [] : [renew] });
  }
  const { pem, path } = project.certificate;
  // the file may be there and not be used at all
  if (pem === undefined || !(project.certificate.isEmbedded || project.ota.usesCertificateBundle === true))
    return looked;
  try {
    const description = describeCertificate(pem, path);
    if (description.fingerprint === certificate?.description.fingerprint) return looked;
    const fixes: readonly Fix[] = [
      { kind: 'command', id: 'installCertificate', command: 'installCertificate', needs: ['rebuild'] },
    ];
    looked.push({ what: 'embedded', description, pem, at: linePlace(facts, path, 1), fixes });
  } catch (error) {
    if (!isOtaError(error)) throw error;
  }
  return looked;
}

/** Dates count only for firmware that was built to look at them.
 * @see ESP-IDF v5.5 `components/mbedtls/Kconfig`, `MBEDTLS_HAVE_TIME_DATE` */
function dates({ project, nowMs }: DoctorFacts, { what, description, at, fixes }: Looked): readonly Finding[] {
  if (project.ota.checksCertificateTime !== true) return [];
  const { validFromMs, validToMs } = description;
  if (nowMs >= validFromMs && nowMs <= validToMs) return [];
  const isOver = nowMs > validToMs;
  return [finding('certificate-expired', { what, atMs: isOver ? validToMs : validFromMs, isOver }, { at, fixes })];
}

/** @see mbedTLS 3.6 `x509_crt.c`, `mbedtls_x509_crt_profile_default` */
function keys({ project }: DoctorFacts, { what, description, at, fixes }: Looked): readonly Finding[] {
  const { kind, bits = 0, curve = '' } = description.key;
  const isOldCurve = curve === 'secp256k1' && !isIdfAtLeast(project.idfVersion, 5, 0);
  const isFine = kind === 'rsa' ? bits >= MINIMUM_RSA_BITS : kind === 'ec' && (CURVES.has(curve) || isOldCurve);
  if (isFine) return [];
  const key = kind === 'rsa' ? `RSA ${bits}` : kind === 'ec' ? curve : kind;
  return [finding('certificate-key-kind', { what, key }, { at, fixes })];
}

function signatures({ what, pem, at, fixes }: Looked): readonly Finding[] {
  const digest = signatureDigest(pem);
  // a signature without a digest of its own goes with a key that is refused anyway
  if (digest === undefined || DIGESTS.has(digest) || /^\d/.test(digest)) return [];
  return [finding('certificate-signature', { what, signature: digest.toUpperCase() }, { at, fixes })];
}
