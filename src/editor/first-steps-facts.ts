import { imageTrusts } from '../image/embedded-certificates.ts';
import type { Delivery } from '../ota/delivery.ts';
import { ANY_BOARD } from '../ota/triggers.ts';

/** What the history shows of the walkthrough's last two steps. A rehearsal delivers nothing: it takes what is built, and raises no version. */
export function confirmedIn(deliveries: readonly Delivery[]): {
  readonly hasConfirmedUpdate: boolean;
  readonly hasUpdatedBoard: boolean;
} {
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
