import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { diskFiles, type FileStore } from '../../../src/base/files.ts';
import { OtaError } from '../../../src/base/ota-error.ts';
import { checkSetup } from '../../../src/doctor/check-setup.ts';
import type { DoctorFacts } from '../../../src/doctor/facts.ts';
import { FINDINGS, FINDING_GROUPS } from '../../../src/doctor/finding-ids.ts';
import { findPrivateKeys } from '../../../src/idf/private-keys.ts';
import { loadProject } from '../../../src/idf/project-loader.ts';
import { CertificateStore } from '../../../src/server/certificate-store.ts';
import { installCertificate } from '../../../src/server/install-certificate.ts';
import { copyExample } from '../../support/example-project.ts';
import { makeApp } from '../../support/make-image.ts';
import { addFiles, makeFolder } from '../idf/project-folder.ts';
import { factsOf } from './project-facts.ts';

const NAMES = { dns: ['localhost'], ip: ['127.0.0.1', '192.168.61.67'] };

describe('the setup', () => {
  it('has nothing in the way in the example with its certificate installed, built and served', async () => {
    const parent = await mkdtemp(join(tmpdir(), 'doctor-example-'));
    onTestFinished(() => rm(parent, { recursive: true, force: true }));
    const folder = copyExample('simple_ota', parent);
    const store = new CertificateStore(join(parent, 'certificates'), diskFiles);
    const {
      certificatePem,
      description,
      trustPem = '',
    } = await store.serverCertificate({ keyType: 'ec', names: NAMES });
    await installCertificate(await loadProject(folder, diskFiles), trustPem, store);
    const extra = Buffer.from(`esp_https_ota\0https://127.0.0.1:8070/simple_ota.bin\0${trustPem}\0`);
    await addFiles(folder, {
      'build/project_description.json': JSON.stringify({
        project_name: 'simple_ota',
        app_bin: 'simple_ota.bin',
        target: 'esp32',
      }),
      'build/simple_ota.bin': makeApp({ version: '1.0.0', projectName: 'simple_ota', extra }),
    });
    const project = await loadProject(folder, diskFiles);
    const facts: DoctorFacts = {
      project,
      text: () => undefined,
      certificate: { mode: 'authority', certificatePem, description, trustPem },
      server: {
        state: 'on',
        protocol: 'https',
        port: 8070,
        host: '192.168.61.67',
        bindHost: '0.0.0.0',
        paths: ['/simple_ota.bin'],
      },
      addresses: [{ address: '192.168.61.67', family: 'IPv4', interfaceName: 'eth0', kind: 'lan' }],
      privateKeys: [],
      host: { platform: 'linux', isWsl: false, isContainer: false, isRemote: false, names: [] },
      nowMs: Date.now(),
    };
    const found = checkSetup(facts);
    expect(found.filter(({ severity }) => severity === 'error')).toEqual([]);
    // that of the virtual board, and the network's name that nobody can know
    expect(found.map(({ id }) => id)).toEqual(['url-localhost', 'behaviour-wifi-placeholder']);
  });

  it('is told with the worst first, then by group', async () => {
    const facts = await factsOf('v5.5', {
      config: [
        'CONFIG_EXAMPLE_FIRMWARE_UPGRADE_URL="http://192.168.61.67:1/a.bin"',
        'CONFIG_ESPTOOLPY_FLASHSIZE_2MB=y',
        '# CONFIG_ESPTOOLPY_FLASHSIZE_4MB is not set',
      ],
    });
    const found = checkSetup(facts);
    expect(new Set(found.map(({ severity }) => severity)).size).toBeGreaterThan(1);
    const ranks = found.map(
      ({ id, severity }) =>
        ['error', 'warning', 'information'].indexOf(severity) * 100 + FINDING_GROUPS.indexOf(FINDINGS[id].group),
    );
    expect(ranks).toEqual([...ranks].sort((one, other) => one - other));
  });

  it('survives a project with nothing in it', async () => {
    const project = await loadProject(await makeFolder(), diskFiles);
    const facts = { ...(await factsOf('v5.5')), project };
    expect(checkSetup(facts)).toContainEqual(
      expect.objectContaining({
        id: 'project-file',
        details: expect.objectContaining({ code: 'project.notIdf' }) as unknown,
      }),
    );
  });
});

describe('problems of the project’s files', () => {
  it('are findings with the words of their code, each once', async () => {
    const facts = await factsOf('v5.5', { config: ['CONFIG_X_Y Z'], files: { 'build/project_description.json': '{' } });
    const found = checkSetup(facts).filter(({ id }) => id === 'project-file');
    const codes = found.map(({ details }) => ('code' in details ? details.code : ''));
    expect(codes).toContain('idfJson.invalid');
    expect(new Set(codes).size).toBe(codes.length);
  });
});

describe('private keys', () => {
  it('are found by their content, a few folders deep, outside of what was built or downloaded', async () => {
    const key = '-----BEGIN EC PRIVATE KEY-----\nMA==\n-----END EC PRIVATE KEY-----\n';
    const folder = await makeFolder({
      'server_certs/ca_key.pem': key,
      'server_certs/ca_cert.pem': '-----BEGIN CERTIFICATE-----\n',
      'build/x.pem': key,
      'managed_components/a/b.key': key,
      'keys/deep/er/sign.key': key,
    });
    await writeFile(join(folder, 'large.pem'), key + 'x'.repeat(100_000));
    expect(await findPrivateKeys(folder, diskFiles)).toEqual([
      join(folder, 'keys/deep/er/sign.key'),
      join(folder, 'server_certs/ca_key.pem'),
    ]);
  });

  it('are found beside what can not be read', async () => {
    const key = '-----BEGIN PRIVATE KEY-----\nMA==\n-----END PRIVATE KEY-----\n';
    const folder = await makeFolder({ 'b/sign.key': key, 'a/pgdata/x.key': key });
    // links that lead to themselves can't be asked what they are
    await symlink('loop', join(folder, 'loop'));
    await symlink('loop.pem', join(folder, 'loop.pem'));
    const database = join(folder, 'a', 'pgdata');
    const files: FileStore = {
      ...diskFiles,
      // of another user: root, who runs tests in a container, may list it
      list: (path) =>
        path === database
          ? Promise.reject(new OtaError('file.unreadable', { path, reason: 'EACCES' }))
          : diskFiles.list(path),
    };
    expect(await findPrivateKeys(folder, files)).toEqual([join(folder, 'b/sign.key')]);
  });
});
