import type { CertificateDescription } from '../server/certificate-description.ts';
import type { FaultState } from '../server/faults/fault-switch.ts';
import type { Release } from '../server/release-store.ts';

/** What a server has for boards. `url` is the newest under its name, `pinnedUrl` these bytes and no others.
 * @param url of the server, without a slash at the end */
export function releaseJson({ id, name, project, version, sha256, bytes, paths }: Release, url: string) {
  return {
    id,
    name,
    project,
    version,
    sha256,
    bytes: bytes.length,
    url: `${url}${paths.newest}`,
    pinnedUrl: `${url}${paths.pinned}`,
  };
}

/** The certificate that a server shows. */
export function certificateJson({ subject, fingerprint, validToMs, names, key }: CertificateDescription) {
  return { subject, fingerprint, validToMs, names: names.map(({ value }) => value), keyType: key.kind };
}

/** The fault that a server serves with, and how often it has happened. */
export function faultJson({ profile, used }: FaultState) {
  return { id: profile.id, parameters: { ...profile.parameters }, used };
}
