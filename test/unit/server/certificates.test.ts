import { createPrivateKey, X509Certificate } from 'node:crypto';
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { diskFiles } from '../../../src/base/files.ts';
import { isOtaError } from '../../../src/base/ota-error.ts';
import { certificatesIn, describeCertificate } from '../../../src/server/certificate-description.ts';
import { CertificateStore } from '../../../src/server/certificate-store.ts';
import { installCertificate } from '../../../src/server/install-certificate.ts';
import { caught } from '../../support/caught.ts';
import { ManualClock } from '../../support/hurrying-clock.ts';

const DAY_MS = 24 * 3600 * 1000;
const NAMES = { dns: ['desk', 'localhost'], ip: ['192.168.1.20', '::1'] };

let folder: string;
let clock: ManualClock;
let store: CertificateStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'certificates-'));
  clock = new ManualClock();
  await clock.advance(Date.UTC(2026, 0, 1) - clock.now());
  store = new CertificateStore(folder, diskFiles, clock);
});

afterEach(() => rm(folder, { recursive: true, force: true }));

describe('the authority', () => {
  it.each([
    ['rsa', { kind: 'rsa', bits: 2048 }],
    ['ec', { kind: 'ec', curve: 'prime256v1' }],
  ] as const)('of type %s is made once and may issue certificates for ten years', async (keyType, key) => {
    const made = await store.authority(keyType);
    const again = await new CertificateStore(folder, diskFiles, clock).authority(keyType);
    expect([made.isNew, again.isNew]).toEqual([true, false]);
    expect(again.certificatePem).toBe(made.certificatePem);
    expect(made.certificatePem).toMatch(/-----END CERTIFICATE-----\n$/);
    const { description } = made;
    expect(description).toMatchObject({ key, isAuthority: true, isSelfSigned: true, names: [] });
    expect(description.subject).toMatch(/^CN=ESP32 OTA .{1,64}$/);
    expect((description.validToMs - description.validFromMs) / DAY_MS / 365.25).toBeCloseTo(10, 3);
    expect(new X509Certificate(made.certificatePem).checkPrivateKey(createPrivateKey(made.keyPem))).toBe(true);
  });

  it('keeps its key where only the user can read it', async () => {
    await store.serverCertificate({ names: NAMES, keyType: 'ec' });
    const modes = new Map<string, number>();
    for (const path of ['ca', 'ca/ec.pem', 'server', 'server/authority-ec.pem']) {
      modes.set(path, (await stat(join(folder, path))).mode & 0o777);
    }
    expect([...modes.values()]).toEqual([0o700, 0o600, 0o700, 0o600]);
  });

  it('is the same for several windows that make it at once', async () => {
    const stores = Array.from({ length: 8 }, () => new CertificateStore(folder, diskFiles, clock));
    const made = await Promise.all(stores.map((one) => one.authority('ec')));
    expect(new Set(made.map(({ certificatePem }) => certificatePem)).size).toBe(1);
    expect(made.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(await readdir(join(folder, 'ca'))).toEqual(['ec.pem', 'made']);
    expect(await readdir(join(folder, 'ca', 'made'))).toHaveLength(1);
  });

  it.each([
    ['unreadable', () => 'nothing'],
    ['keyMismatch', (text: string) => certificatesIn(text).join('')],
  ])('is not replaced by itself when it is damaged (%s)', async (reason, damage) => {
    await store.authority('ec');
    const path = join(folder, 'ca', 'ec.pem');
    await writeFile(path, damage(await readFile(path, 'utf8')));
    const error = await caught(store.authority('ec'), 'certificate.authorityUnusable');
    expect(error.details).toEqual({ path, reason });
    expect((await store.renewAuthority('ec')).description.isAuthority).toBe(true);
    expect((await store.authority('ec')).isNew).toBe(false);
  });

  it('is not replaced by itself when it has expired', async () => {
    await store.authority('ec');
    await clock.advance(11 * 366 * DAY_MS);
    expect((await caught(store.authority('ec'), 'certificate.authorityUnusable')).details.reason).toBe('expired');
  });
});

describe("the server's certificate", () => {
  it.each(['rsa', 'ec'] as const)('of type %s names every address twice', async (keyType) => {
    const { description, trustPem, certificatePem, reason } = await store.serverCertificate({ names: NAMES, keyType });
    expect(description.names).toEqual([
      { kind: 'dns', value: 'desk' },
      { kind: 'dns', value: 'localhost' },
      { kind: 'ip', value: '192.168.1.20' },
      { kind: 'ip', value: '::1' },
      { kind: 'dns', value: '192.168.1.20' },
      { kind: 'dns', value: '::1' },
    ]);
    expect([description.isAuthority, description.isSelfSigned, reason]).toEqual([false, false, 'firstOne']);
    expect((description.validToMs - description.validFromMs) / DAY_MS).toBeLessThanOrEqual(825);
    const authority = new X509Certificate(trustPem ?? '');
    expect(new X509Certificate(certificatePem).verify(authority.publicKey)).toBe(true);
    expect(certificatesIn(certificatePem)).toHaveLength(1);
  });

  it('is used again as long as it names what is asked for', async () => {
    const first = await store.serverCertificate({ names: NAMES, keyType: 'ec' });
    const fewer = await store.serverCertificate({ names: { dns: ['LOCALHOST'], ip: ['::1'] }, keyType: 'ec' });
    expect([fewer.reason, fewer.certificatePem]).toEqual(['reused', first.certificatePem]);
  });

  it('is issued again, by the same authority, when an address is new', async () => {
    const first = await store.serverCertificate({ names: NAMES, keyType: 'ec' });
    const moved = await store.serverCertificate({ names: { ...NAMES, ip: ['10.0.0.3'] }, keyType: 'ec' });
    expect(moved.reason).toBe('namesChanged');
    expect(moved.description.names).toContainEqual({ kind: 'ip', value: '10.0.0.3' });
    expect(moved.trustPem).toBe(first.trustPem);
  });

  it('is issued again when less than thirty days are left', async () => {
    const first = await store.serverCertificate({ names: NAMES, keyType: 'ec' });
    await clock.advance(first.description.validToMs - clock.now() - 31 * DAY_MS);
    expect((await store.serverCertificate({ names: NAMES, keyType: 'ec' })).reason).toBe('reused');
    await clock.advance(2 * DAY_MS);
    expect((await store.serverCertificate({ names: NAMES, keyType: 'ec' })).reason).toBe('expiresSoon');
  });

  it('is issued again when the authority is another, or the file is damaged', async () => {
    await store.serverCertificate({ names: NAMES, keyType: 'ec' });
    const renewed = await store.renewAuthority('ec');
    const issued = await store.serverCertificate({ names: NAMES, keyType: 'ec' });
    expect([issued.reason, issued.trustPem]).toEqual(['authorityChanged', renewed.certificatePem]);
    await writeFile(join(folder, 'server', 'authority-ec.pem'), issued.keyPem);
    expect((await store.serverCertificate({ names: NAMES, keyType: 'ec' })).reason).toBe('unreadable');
  });

  it('is issued again on demand', async () => {
    const first = await store.serverCertificate({ names: NAMES, keyType: 'ec' });
    const second = await store.renewServerCertificate({ names: NAMES, keyType: 'ec' });
    expect([second.reason, second.trustPem]).toEqual(['renewed', first.trustPem]);
    expect(second.description.fingerprint).not.toBe(first.description.fingerprint);
  });

  it('can be self-signed, and is then what firmware trusts', async () => {
    const stores = [store, new CertificateStore(folder, diskFiles, clock)];
    const [one, other] = await Promise.all(
      stores.map((each) => each.serverCertificate({ mode: 'selfSigned', names: NAMES, keyType: 'ec' })),
    );
    expect(one?.description).toMatchObject({ isSelfSigned: true, isAuthority: false });
    expect(one?.trustPem).toBe(one?.certificatePem);
    expect(other?.certificatePem).toBe(one?.certificatePem);
    expect(await store.isOurs(one?.certificatePem ?? '')).toBe(true);
    expect(await readdir(join(folder, 'ca'))).toEqual(['made']);
  });
});

describe("a certificate of the user's own", () => {
  const own = () => ({
    mode: 'own' as const,
    certificatePath: join(folder, 'own.pem'),
    keyPath: join(folder, 'own.key'),
  });

  beforeEach(async () => {
    const other = new CertificateStore(join(folder, 'other'), diskFiles, clock);
    const made = await other.serverCertificate({ names: NAMES, keyType: 'ec' });
    await writeFile(own().certificatePath, `# mine\n${made.certificatePem}${made.trustPem ?? ''}`);
    await writeFile(own().keyPath, made.keyPem);
  });

  it('is served with its chain, and its root is what firmware trusts', async () => {
    const served = await store.serverCertificate(own());
    expect(served.reason).toBe('own');
    expect(certificatesIn(served.certificatePem)).toHaveLength(2);
    expect(describeCertificate(served.trustPem ?? '').isAuthority).toBe(true);
    expect(await readdir(folder)).not.toContain('ca');
  });

  it('has no known root when its chain ends before', async () => {
    await writeFile(own().certificatePath, certificatesIn(await readFile(own().certificatePath, 'utf8'))[0] ?? '');
    expect((await store.serverCertificate(own())).trustPem).toBeUndefined();
  });

  it('is refused with the reason', async () => {
    const { keyPath, certificatePath } = own();
    const key = await readFile(keyPath, 'utf8');
    const encrypted = createPrivateKey(key).export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: 'x',
    });
    await writeFile(keyPath, encrypted);
    expect((await caught(store.serverCertificate(own()), 'certificate.keyEncrypted')).details).toEqual({
      path: keyPath,
    });
    await writeFile(keyPath, 'nothing');
    expect((await caught(store.serverCertificate(own()), 'certificate.keyUnreadable')).details).toEqual({
      path: keyPath,
    });
    await writeFile(keyPath, (await store.authority('ec')).keyPem);
    const mismatch = await caught(store.serverCertificate(own()), 'certificate.keyMismatch');
    expect(mismatch.details).toEqual({ certificatePath, keyPath });
    await writeFile(keyPath, key);
    await clock.advance(-3 * DAY_MS);
    await caught(store.serverCertificate(own()), 'certificate.notYetValid');
    await clock.advance(900 * DAY_MS);
    await caught(store.serverCertificate(own()), 'certificate.expired');
    await writeFile(certificatePath, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
    await caught(store.serverCertificate(own()), 'certificate.unreadable');
    await rm(certificatePath);
    await caught(store.serverCertificate(own()), 'certificate.missing');
  });
});

describe('a description', () => {
  it('is given or refused with a code for any text', () => {
    const body = fc
      .base64String({ maxLength: 400 })
      .map((text) => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----`);
    fc.assert(
      fc.property(fc.oneof(fc.string(), body), (text) => {
        try {
          describeCertificate(text, 'x');
        } catch (error) {
          expect(isOtaError(error, 'certificate.unreadable')).toBe(true);
        }
      }),
      { numRuns: Number(process.env['ESP32_OTA_FUZZ_RUNS'] ?? 2000) },
    );
  });

  it('is given or refused with a code for any damage to a real one', async () => {
    const { certificatePem } = await store.serverCertificate({ names: NAMES, keyType: 'ec' });
    const der = new X509Certificate(certificatePem).raw;
    fc.assert(
      fc.property(fc.nat(der.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const damaged = Buffer.from(der);
        damaged[at] = (damaged[at] ?? 0) ^ flip;
        const pem = `-----BEGIN CERTIFICATE-----\n${damaged.toString('base64')}\n-----END CERTIFICATE-----\n`;
        try {
          describeCertificate(pem);
        } catch (error) {
          expect(isOtaError(error, 'certificate.unreadable')).toBe(true);
        }
      }),
      { numRuns: Number(process.env['ESP32_OTA_FUZZ_RUNS'] ?? 2000) },
    );
  });
});

describe('installing into a project', () => {
  const installed = () => join(folder, 'project', 'server_certs', 'ca_cert.pem');
  const project = (...place: string[]) => ({
    folder: join(folder, 'project'),
    certificate: { path: join(folder, 'project', ...place) },
  });
  const install = async (home = project('server_certs', 'ca_cert.pem')) => {
    const { certificatePem } = await store.authority('ec');
    return installCertificate(home, certificatePem, store);
  };

  it('writes the certificate, and nothing the second time', async () => {
    expect(await install()).toEqual({ outcome: 'created', path: installed(), backupPath: undefined });
    expect(await readFile(installed(), 'utf8')).toBe((await store.authority('ec')).certificatePem);
    await chmod(installed(), 0o444);
    const before = await stat(installed());
    expect((await install()).outcome).toBe('unchanged');
    expect((await stat(installed())).ino).toBe(before.ino);
  });

  it('replaces a link and does not write through it', async () => {
    const other = join(folder, 'somebody-elses.pem');
    await writeFile(other, 'mine');
    await mkdir(join(folder, 'project', 'server_certs'), { recursive: true });
    await symlink(other, installed());
    expect((await install()).outcome).toBe('replaced');
    expect(await readFile(other, 'utf8')).toBe('mine');
    expect((await lstat(installed())).isSymbolicLink()).toBe(false);
  });

  it("keeps the user's certificate beside it", async () => {
    const foreign = await new CertificateStore(join(folder, 'other'), diskFiles, clock).authority('ec');
    await install();
    await writeFile(installed(), foreign.certificatePem);
    const { outcome, backupPath } = await install();
    expect(outcome).toBe('replaced');
    expect(backupPath).toMatch(/ca_cert\.pem\.\d{8}-\d{6}\.bak$/);
    expect(await readFile(backupPath ?? '', 'utf8')).toBe(foreign.certificatePem);
  });

  it('keeps nothing of its own, also from an earlier authority', async () => {
    await install();
    await store.renewAuthority('ec');
    expect(await install()).toMatchObject({ outcome: 'replaced', backupPath: undefined });
    expect(await readdir(join(folder, 'project', 'server_certs'))).toEqual(['ca_cert.pem']);
  });

  it('keeps a file of its own that the user has added to', async () => {
    await install();
    await writeFile(installed(), `my notes\n${await readFile(installed(), 'utf8')}`);
    expect((await install()).backupPath).toBeDefined();
  });

  it('never writes a key', async () => {
    const { certificatePem, keyPem } = await store.authority('ec');
    await installCertificate(project('server_certs', 'ca_cert.pem'), `${keyPem}${certificatePem}`, store);
    expect(await readFile(installed(), 'utf8')).toBe(certificatePem);
    await caught(installCertificate(project('server_certs', 'ca_cert.pem'), keyPem, store), 'certificate.unreadable');
  });

  it('writes where the project embeds it from', async () => {
    const home = project('main', 'certs', 'root.pem');
    expect(await install(home)).toMatchObject({ outcome: 'created', path: home.certificate.path });
    expect(await readdir(join(folder, 'project'))).toEqual(['main']);
    expect((await install(home)).outcome).toBe('unchanged');
  });

  it('leaves the project only when the user wants it', async () => {
    const home = project('..', 'common', 'root.pem');
    await mkdir(home.folder);
    await mkdir(join(folder, 'common'));
    await caught(install(home), 'file.outside');
    await symlink(join('..', 'common'), join(home.folder, 'certs'));
    await caught(install(project('certs', 'root.pem')), 'file.outside');
    await caught(install(project('certs', 'new', 'root.pem')), 'file.outside');
    expect(await readdir(join(folder, 'common'))).toEqual([]);
    const { certificatePem } = await store.authority('ec');
    await installCertificate(home, certificatePem, store, diskFiles, { outside: true });
    expect(await readdir(join(folder, 'common'))).toEqual(['root.pem']);
  });

  it('never replaces a private key', async () => {
    const home = project('main', 'client.pem');
    const { keyPem } = await store.authority('ec');
    await mkdir(join(home.folder, 'main'), { recursive: true });
    await writeFile(home.certificate.path, keyPem);
    await caught(install(home), 'certificate.placeOfKey');
    expect(await readFile(home.certificate.path, 'utf8')).toBe(keyPem);
  });
});
