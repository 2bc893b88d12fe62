import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { diskFiles } from '../../src/base/files.ts';
import { CertificateStore, type ServerCertificate } from '../../src/server/certificate-store.ts';
import {
  startFirmwareServer,
  type FirmwareServer,
  type FirmwareServerOptions,
} from '../../src/server/firmware-server.ts';
import { ReleaseStore, type Release } from '../../src/server/release-store.ts';
import { EventLog } from './server-clients.ts';

export interface TestServer {
  readonly server: FirmwareServer;
  readonly releases: ReleaseStore;
  readonly log: EventLog;
  readonly certificate: ServerCertificate;
  /** A file with what clients have to trust. */
  readonly caFile: string;
  readonly url: string;
  readonly port: number;
}

let certificates: Promise<{ certificate: ServerCertificate; caFile: string }> | undefined;
const started: FirmwareServer[] = [];
const folders: string[] = [];

/** A folder that goes away after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'server-test-'));
  folders.push(folder);
  return folder;
}

afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.stop()));
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));
});

/** One certificate for all tests of a file: making it is not what they are about. */
async function testCertificate() {
  const folder = await mkdtemp(join(tmpdir(), 'server-certificate-'));
  process.once('exit', () => void rm(folder, { recursive: true, force: true }));
  const store = new CertificateStore(folder, diskFiles);
  const certificate = await store.serverCertificate({
    keyType: 'ec',
    names: { dns: ['localhost'], ip: ['127.0.0.1', '::1'] },
  });
  const caFile = join(folder, 'trust.pem');
  await writeFile(caFile, certificate.trustPem ?? '');
  return { certificate, caFile };
}

/** A server on a free port of 127.0.0.1 that is stopped after the test. */
export async function startTestServer(
  options: FirmwareServerOptions = {},
  releases = new ReleaseStore(),
): Promise<TestServer> {
  const { certificate, caFile } = await (certificates ??= testCertificate());
  const server = await startFirmwareServer(
    { host: '127.0.0.1', port: 0, credentials: certificate, ...options },
    releases,
  );
  started.push(server);
  const log = new EventLog(server.onTransfer);
  return { server, releases, log, certificate, caFile, url: server.url, port: server.port };
}

/** Bytes in which every four tell where they are and which version they belong to. */
export function imageBytes(version: number, sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  for (let offset = 0; offset + 4 <= sizeBytes; offset += 4)
    bytes.writeUInt32LE((offset ^ (version << 24)) >>> 0, offset);
  return bytes;
}

export function publish(releases: ReleaseStore, version: number, sizeBytes = 300_000): Release {
  return releases.publish({
    project: 'app',
    version: `1.0.${version}`,
    fileName: 'app.bin',
    bytes: imageBytes(version, sizeBytes),
  });
}
