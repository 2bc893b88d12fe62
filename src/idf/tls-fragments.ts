import type { OtaConfig } from './ota-config.ts';

/** The longest TLS record that firmware of this project takes, as an extension for fragments can ask for it: 512 … 16384. */
export function tlsFragmentBytes(ota: Pick<OtaConfig, 'tlsReceiveBytes'> | undefined): number {
  return Math.min(16384, Math.max(512, ota?.tlsReceiveBytes ?? 16384));
}
