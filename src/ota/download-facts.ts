import type { Timeline } from './update-state.ts';

/** A download as programs are told of it. */
export function downloadFacts({ sentBytes, totalBytes, bytesPerSecond, requests }: NonNullable<Timeline['download']>) {
  return { sentBytes, totalBytes, bytesPerSecond: Math.round(bytesPerSecond), requests };
}
