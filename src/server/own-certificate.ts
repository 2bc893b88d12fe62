import { createPrivateKey, type KeyObject } from 'node:crypto';
import type { FileStore } from '../base/files.ts';
import { OtaError } from '../base/ota-error.ts';
import { certificatesIn, describeCertificate, readCertificate } from './certificate-description.ts';
import type { CertificateAndKey } from './selfsigned.ts';

/** Reads a certificate (or a chain, leaf first) and key of the user's own and checks that a server can use them now.
 * @throws {OtaError} `certificate.missing`, `certificate.unreadable`, `certificate.keyUnreadable`, `certificate.keyEncrypted`,
 * `certificate.keyMismatch`, `certificate.expired`, `certificate.notYetValid`, `file.unreadable` */
export async function readOwnCertificate(
  certificatePath: string,
  keyPath: string,
  files: FileStore,
  nowMs: number,
): Promise<CertificateAndKey> {
  const certificateText = await readOrMissing(certificatePath, files);
  const keyPem = await readOrMissing(keyPath, files);
  const certificate = readCertificate(certificateText, certificatePath);
  if (!certificate.checkPrivateKey(readKey(keyPem, keyPath))) {
    throw new OtaError('certificate.keyMismatch', { certificatePath, keyPath });
  }
  const { validFromMs, validToMs } = describeCertificate(certificateText, certificatePath);
  if (nowMs > validToMs) throw new OtaError('certificate.expired', { path: certificatePath, validToMs });
  if (nowMs < validFromMs) throw new OtaError('certificate.notYetValid', { path: certificatePath, validFromMs });
  return { certificatePem: certificatesIn(certificateText).join(''), keyPem };
}

async function readOrMissing(path: string, files: FileStore): Promise<string> {
  const text = await files.readText(path);
  if (text === undefined) throw new OtaError('certificate.missing', { path });
  return text;
}

function readKey(pem: string, path: string): KeyObject {
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(pem)) {
    throw new OtaError('certificate.keyEncrypted', { path });
  }
  try {
    return createPrivateKey(pem);
  } catch {
    // the cause may quote the input
    throw new OtaError('certificate.keyUnreadable', { path });
  }
}
