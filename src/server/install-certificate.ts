import { join } from 'node:path';
import { diskFiles, type FileStore } from '../base/files.ts';
import type { CertificateStore } from './certificate-store.ts';
import { certificatesIn } from './certificate-description.ts';
import { OtaError } from '../base/ota-error.ts';

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

/** Puts the certificate that firmware has to trust into a project. What stood there is kept beside it as `ca_cert.pem.<date>.bak`, unless
 * it was made by this store. Only the first certificate of the text is installed, and nothing but certificates.
 * @throws {OtaError} `certificate.unreadable`, `file.unreadable`, `file.unwritable` */
export async function installCertificate(
  projectFolder: string,
  trustPem: string,
  store: CertificateStore,
  files: FileStore = diskFiles,
): Promise<InstalledCertificate> {
  const path = join(projectFolder, ...CERTIFICATE_IN_PROJECT);
  const [content] = certificatesIn(trustPem);
  if (content === undefined) throw new OtaError('certificate.unreadable', { path: '' });
  const found = await files.readText(path);
  if (found === content) return { outcome: 'unchanged', path, backupPath: undefined };
  const backupPath = found === undefined || (await store.isOurs(found)) ? undefined : await files.backUp(path);
  await files.writeAtomic(path, content);
  return { outcome: found === undefined ? 'created' : 'replaced', path, backupPath };
}
