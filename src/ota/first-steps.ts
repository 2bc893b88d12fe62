import type { IdfProject } from '../idf/project.ts';
import { imageTrusts } from '../image/embedded-certificates.ts';
import type { Delivery } from './delivery.ts';
import { ANY_BOARD } from './triggers.ts';

/** Steps of a newcomer that certificate and build show. */
export interface CertificateSteps {
  /** The project has what firmware has to trust. */
  readonly hasCertificate: boolean;
  /** The firmware that is built trusts it. */
  readonly isServerTrusted: boolean;
}

/** Steps of a newcomer that the history shows. */
export interface DeliverySteps {
  readonly hasConfirmedUpdate: boolean;
  readonly hasUpdatedBoard: boolean;
}

/** @param trustPem what firmware has to embed to trust the server; undefined while no certificate is in use
 * @param trusts whether an image trusts a certificate, such as {@link rememberedTrust} */
export function certificateSteps(
  project: Pick<IdfProject, 'certificate' | 'app'> | undefined,
  trustPem: string | undefined,
  trusts: (bytes: Uint8Array, pem: string) => boolean,
): CertificateSteps {
  if (project === undefined || trustPem === undefined) return { hasCertificate: false, isServerTrusted: false };
  const { certificate, app } = project;
  return {
    hasCertificate: certificate.pem?.trim() === trustPem.trim(),
    isServerTrusted: app !== undefined && trusts(app.bytes, trustPem),
  };
}

/** A rehearsal delivers nothing: it takes what is built, and raises no version. */
export function deliverySteps(deliveries: readonly Delivery[]): DeliverySteps {
  const confirmed = deliveries
    .filter(({ kind }) => kind === 'delivery')
    .flatMap(({ updates }) => updates)
    .filter(({ timeline }) => timeline.verdict?.outcome === 'confirmed');
  return {
    hasConfirmedUpdate: confirmed.length > 0,
    // of one that nobody named it is not known that it is a real one
    hasUpdatedBoard: confirmed.some(({ id, trigger }) => trigger !== 'virtual' && id !== ANY_BOARD),
  };
}

/** As `imageTrusts`, which reads the whole image: the same question again is answered from memory. */
export function rememberedTrust(
  find: (bytes: Uint8Array, pem: string) => { readonly trusted: boolean } = imageTrusts,
): (bytes: Uint8Array, pem: string) => boolean {
  let last: { readonly bytes: Uint8Array; readonly pem: string; readonly isTrusted: boolean } | undefined;
  return (bytes, pem) => {
    // what has not changed on disk is the same object
    if (last?.bytes !== bytes || last.pem !== pem) last = { bytes, pem, isTrusted: find(bytes, pem).trusted };
    return last.isTrusted;
  };
}
