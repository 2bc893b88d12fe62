/** How long a check of the setup takes for a project with an image of 1.5 MB that embeds a certificate: the first one, again with nothing changed, after a
 * line of sdkconfig changed, and after a new build. Beside it what any look at the image costs at least: its SHA-256.
 * `node scripts/bench.mjs doctor` */
import { createHash, randomBytes } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { diskFiles } from '../../src/base/files.ts';
import { checkSetup } from '../../src/doctor/check-setup.ts';
import type { DoctorFacts } from '../../src/doctor/facts.ts';
import { ProjectLoader } from '../../src/idf/project-loader.ts';
import { CertificateStore } from '../../src/server/certificate-store.ts';
import { lanAddresses } from '../../src/server/lan-addresses.ts';
import { makeApp } from '../support/make-image.ts';

const ROUNDS = 21;

function build(folder: string, pem: string): Promise<void> {
  const extra = Buffer.concat([
    Buffer.from('esp_https_ota\0https://192.168.61.67:8070/simple_ota.bin\0'),
    Buffer.from(`${pem}\0`),
    randomBytes(1_500_000),
  ]);
  return writeFile(
    join(folder, 'build', 'simple_ota.bin'),
    makeApp({ version: '1.4.0', projectName: 'simple_ota', extra }),
  );
}

function median(times: readonly number[]): number {
  return [...times].sort((one, other) => one - other)[Math.floor(times.length / 2)] ?? 0;
}

async function main(): Promise<void> {
  const parent = await mkdtemp(join(tmpdir(), 'esp32-ota-bench-'));
  const folder = join(parent, 'project');
  try {
    await cp(join('test', 'fixtures', 'idf', 'v5.5'), folder, { recursive: true });
    const store = new CertificateStore(join(parent, 'certificates'), diskFiles);
    const made = await store.serverCertificate({ keyType: 'ec', names: { dns: ['localhost'], ip: ['192.168.61.67'] } });
    const pem = made.trustPem ?? '';
    const certificate = join(folder, 'server_certs', 'ca_cert.pem');
    await mkdir(dirname(certificate));
    await writeFile(certificate, pem);
    await build(folder, pem);
    const loader = new ProjectLoader(diskFiles);

    /** As the editor does after a change: read what changed, gather, check. */
    const check = async (): Promise<{ readMs: number; checkMs: number; count: number; bytes: Uint8Array }> => {
      const start = performance.now();
      const project = await loader.load(folder);
      const paths = [project.sdkconfigPath, join(folder, 'sdkconfig.defaults'), project.cmakePath, certificate];
      const texts = new Map<string, string>();
      for (const path of paths) {
        const text = await diskFiles.readText(path);
        if (text !== undefined) texts.set(path, text);
      }
      const facts: DoctorFacts = {
        project,
        text: (path) => texts.get(path),
        certificate: {
          mode: 'authority',
          certificatePem: made.certificatePem,
          description: made.description,
          trustPem: pem,
        },
        server: {
          state: 'on',
          protocol: 'https',
          port: 8070,
          host: '192.168.61.67',
          bindHost: '0.0.0.0',
          paths: ['/simple_ota.bin'],
        },
        addresses: lanAddresses(),
        privateKeys: [],
        host: { platform: 'linux', isWsl: false, isContainer: false, isRemote: false, names: [] },
        nowMs: Date.now(),
      };
      const read = performance.now();
      const findings = checkSetup(facts);
      const checkMs = performance.now() - read;
      return { readMs: read - start, checkMs, count: findings.length, bytes: project.app?.bytes ?? new Uint8Array() };
    };
    const tell = async (what: string, before: () => Promise<unknown>): Promise<void> => {
      const rounds: Awaited<ReturnType<typeof check>>[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        await before();
        rounds.push(await check());
      }
      const times = rounds.map(({ readMs, checkMs }) => readMs + checkMs);
      const last = rounds.at(-1);
      const hashes = rounds.map(({ bytes }) => {
        const start = performance.now();
        createHash('sha256').update(bytes).digest();
        return performance.now() - start;
      });
      const ratio = median(times) / median(hashes);
      console.log(
        `${what.padEnd(34)} median ${median(times).toFixed(1)} ms, slowest ${Math.max(...times).toFixed(1)} ms ` +
          `(checks alone ${median(rounds.map(({ checkMs }) => checkMs)).toFixed(1)} ms), ` +
          `${ratio.toFixed(2)} × one SHA-256 of the image, ${last?.count ?? 0} findings`,
      );
    };
    const first = await check();
    console.log(`first of the process               ${(first.readMs + first.checkMs).toFixed(1)} ms`);
    await tell('again, nothing changed', () => Promise.resolve());
    let turn = 0;
    const sdkconfig = await readFile(join(folder, 'sdkconfig'), 'utf8');
    await tell('again, sdkconfig changed', () => writeFile(join(folder, 'sdkconfig'), `${sdkconfig}# ${++turn}\n`));
    await tell('again, image rebuilt', () => build(folder, pem));
  } finally {
    await rm(parent, { recursive: true, force: true });
  }
}

void main();
