import { dirname } from 'node:path';
import { diskFiles, isWithin, type FileStore } from '../base/files.ts';
import type { CertificateStore } from './certificate-store.ts';
import { certificatesIn } from './certificate-description.ts';
import { OtaError } from '../base/ota-error.ts';

const PRIVATE_KEY = /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----/;

export interface InstalledCertificate {
  /** `unchanged`: these very bytes stood there, nothing was written. */
  readonly outcome: 'created' | 'unchanged' | 'replaced';
  readonly path: string;
  /** Where the file that stood there was kept; undefined when there was none or it was one of ours. */
  readonly backupPath: string | undefined;
}

/** Where ESP-IDF's examples embed the certificate from, relative to the project's folder.
 * @see ESP-IDF v5.5 `examples/system/ota/simple_ota_example/main/CMakeLists.txt` */
export const CERTIFICATE_IN_PROJECT = ['server_certs', 'ca_cert.pem'] as const;

/** A project, and the file that it embeds (or would) to trust its server. */
export interface CertificateHome {
  readonly folder: string;
  readonly certificate: { readonly path: string };
}

/** Puts the certificate that firmware has to trust into a project, where that embeds it from. What stood there is kept beside it as
 * `<name>.<date>.bak`, unless it was made by this store. Only the first certificate of the text is installed, and nothing but certificates; a
 * private key is never replaced.
 * @param agreed the user wants it even where the file is not the project's alone
 * @throws {OtaError} `certificate.unreadable`, `certificate.placeOfKey`, `file.outside` when the file, also where links lead, does not lie in the
 * project, `file.unreadable`, `file.unwritable` */
export async function installCertificate(
  { folder, certificate: { path } }: CertificateHome,
  trustPem: string,
  store: CertificateStore,
  files: FileStore = diskFiles,
  agreed: { readonly outside?: boolean } = {},
): Promise<InstalledCertificate> {
  const [content] = certificatesIn(trustPem);
  if (content === undefined) throw new OtaError('certificate.unreadable', { path: '' });
  const found = await files.readText(path);
  if (found === content) return { outcome: 'unchanged', path, backupPath: undefined };
  if (found !== undefined && PRIVATE_KEY.test(found)) throw new OtaError('certificate.placeOfKey', { path });
  if (agreed.outside !== true && !(await liesWithin(dirname(path), folder, files)))
    throw new OtaError('file.outside', { path, folder });
  const backupPath = found === undefined || (await store.isOurs(found)) ? undefined : await files.backUp(path);
  await files.writeAtomic(path, content);
  return { outcome: found === undefined ? 'created' : 'replaced', path, backupPath };
}

/** Whether a directory lies in a folder, or would when it is made, with every link followed. */
async function liesWithin(directory: string, folder: string, files: FileStore): Promise<boolean> {
  if (!isWithin(directory, folder)) return false;
  const root = await files.realPath(folder);
  for (let there = directory; root !== undefined && isWithin(there, folder); there = dirname(there)) {
    const real = await files.realPath(there);
    if (real !== undefined) return isWithin(real, root);
  }
  // nothing of it is there yet
  return true;
}
