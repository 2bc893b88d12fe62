import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { diskFiles } from '../../../src/base/files.ts';
import { certificateFindings } from '../../../src/doctor/checks/certificate.ts';
import { matchesAddresses } from '../../../src/doctor/checks/certificate-names.ts';
import type { CertificateFacts, DoctorFacts } from '../../../src/doctor/facts.ts';
import { parseIdfVersion } from '../../../src/idf/idf-version.ts';
import { loadProject } from '../../../src/idf/project-loader.ts';
import { describeCertificate } from '../../../src/server/certificate-description.ts';
import { installCertificate } from '../../../src/server/install-certificate.ts';
import { CertificateStore } from '../../../src/server/certificate-store.ts';
import { GENERATIONS } from '../idf/project-folder.ts';
import { makeApp } from '../../support/make-image.ts';
import { Openssl, type CertificateRequest, type OpensslCertificate } from '../../support/openssl.ts';
import { factsOf, idsOf } from './project-facts.ts';

type Generation = (typeof GENERATIONS)[number];

const CERTIFICATE = 'server_certs/ca_cert.pem';
const nameOf = (generation: Generation): string =>
  generation === 'v4.4' ? 'native_ota' : generation === 'v5.1' ? 'advanced_https_ota' : 'simple_ota';
const symbolOf = (generation: Generation): string =>
  generation === 'v4.4' ? 'EXAMPLE_FIRMWARE_UPG_URL' : 'EXAMPLE_FIRMWARE_UPGRADE_URL';

let folder: string;
let openssl: Openssl;
/** What this computer serves, and what another one would. */
let served: CertificateFacts;
let other: CertificateFacts;

const madeByOpenssl = new Map<string, Promise<OpensslCertificate>>();

/** Each certificate is made once: making keys takes time. */
function certificate(request: CertificateRequest): Promise<OpensslCertificate> {
  const key = JSON.stringify(request);
  const known = madeByOpenssl.get(key) ?? openssl.certificate(request);
  madeByOpenssl.set(key, known);
  return known;
}

async function made(directory: string, mode: 'authority' | 'selfSigned' = 'authority'): Promise<CertificateFacts> {
  const store = new CertificateStore(join(folder, directory), diskFiles);
  const names = { dns: ['desk.local'], ip: ['192.168.61.67'] };
  const { certificatePem, description, trustPem } = await store.serverCertificate({ mode, keyType: 'ec', names });
  return { mode, certificatePem, description, ...(trustPem === undefined ? {} : { trustPem }) };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'doctor-certificates-'));
  openssl = await Openssl.start();
  served = await made('one');
  other = await made('two');
});
afterAll(async () => {
  await openssl.dispose();
  await rm(folder, { recursive: true, force: true });
});

/** A project whose firmware embeds a certificate, with the image that was built with another, or the same. */
async function check(
  generation: Generation,
  embedded: string | undefined,
  options: { readonly image?: string; readonly config?: readonly string[]; readonly facts?: Partial<DoctorFacts> } = {},
) {
  const { image, config = [], facts = {} } = options;
  const files = {
    ...(embedded === undefined ? {} : { [CERTIFICATE]: embedded }),
    ...(image === undefined
      ? {}
      : { [`build/${nameOf(generation)}.bin`]: makeApp({ extra: Buffer.from(`${image}\0`) }) }),
  };
  const found = await factsOf(generation, {
    files,
    config: ['# CONFIG_EXAMPLE_USE_CERT_BUNDLE is not set', ...config],
    facts: { certificate: served, ...facts },
  });
  return { found: certificateFindings(found), facts: found };
}

describe.each(GENERATIONS)('the certificate that firmware of %s embeds', (generation) => {
  it('is the authority of this server, in the file and in the image', async () => {
    const pem = served.trustPem ?? '';
    expect((await check(generation, pem, { image: pem })).found).toEqual([]);
    expect((await check(generation, pem.replaceAll('\n', '\r\n'), { image: pem })).found).toEqual([]);
    expect((await check(generation, pem)).found).toEqual([]);
  });

  it('does not exist where the build looks for it', async () => {
    const { found, facts } = await check(generation, undefined);
    expect(found).toMatchObject([
      {
        id: 'certificate-file-missing',
        severity: 'error',
        path: join(facts.project.folder, 'main', 'CMakeLists.txt'),
        range: { line: 5 },
        details: { file: CERTIFICATE },
        fixes: [{ command: 'installCertificate', needs: ['rebuild'] }],
      },
    ]);
  });

  it('is not the only file that can be missing', async () => {
    const cmake =
      'idf_component_register(SRCS "main.c"\n  EMBED_TXTFILES ${project_dir}/server_certs/ca_cert.pem client.crt client.key\n  EMBED_FILES page.html ../there.der)\n';
    const files = {
      [CERTIFICATE]: served.trustPem ?? '',
      'main/CMakeLists.txt': `idf_build_get_property(project_dir PROJECT_DIR)\n${cmake}`,
      'there.der': 'der',
      'main/client.key': 'key',
    };
    const found = certificateFindings(await factsOf(generation, { files }));
    expect(found.filter(({ id }) => id === 'certificate-file-missing')).toMatchObject([
      { severity: 'error', range: { line: 3 }, details: { file: 'main/client.crt' }, fixes: [] },
    ]);
  });

  it('is another one: an error, a warning while the image is still right', async () => {
    const { found, facts } = await check(generation, other.trustPem);
    expect(found).toMatchObject([
      {
        id: 'certificate-file-differs',
        severity: 'error',
        path: join(facts.project.folder, CERTIFICATE),
        range: { line: 1 },
        fixes: [{ id: 'installCertificate' }],
      },
    ]);
    expect((await check(generation, other.trustPem, { image: served.trustPem ?? '' })).found).toMatchObject([
      { id: 'certificate-file-differs', severity: 'warning', details: { isImageRight: true } },
    ]);
  });

  it('is installed where the project embeds it from, missing or not', async () => {
    const files = { 'main/CMakeLists.txt': 'idf_component_register(SRCS "main.c" EMBED_TXTFILES ../certs/root.pem)\n' };
    const options = { config: ['# CONFIG_EXAMPLE_USE_CERT_BUNDLE is not set'], facts: { certificate: served } };
    for (const [there, id] of [
      [{}, 'certificate-file-missing'],
      [{ 'certs/root.pem': other.trustPem ?? '' }, 'certificate-file-differs'],
    ] as const) {
      const facts = await factsOf(generation, { ...options, files: { ...files, ...there } });
      expect(certificateFindings(facts)).toMatchObject([
        { id, details: { file: 'certs/root.pem' }, fixes: [{ command: 'installCertificate' }] },
      ]);
      const store = new CertificateStore(join(folder, 'one'), diskFiles);
      await installCertificate(facts.project, served.trustPem ?? '', store);
      const project = await loadProject(facts.project.folder, diskFiles);
      expect(certificateFindings({ ...facts, project })).toEqual([]);
    }
  });

  it('is not looked for where a key of the firmware’s own is embedded', async () => {
    const files = {
      'main/CMakeLists.txt':
        'idf_component_register(SRCS "main.c" EMBED_TXTFILES server_key.pem client.key.pem trusted.pem)\n',
    };
    expect((await factsOf(generation, { files })).project.certificate.path).toMatch(/trusted\.pem$/);
  });

  it('is right in the file, but the image was built before', async () => {
    const { found } = await check(generation, served.trustPem, { image: other.trustPem ?? '' });
    expect(found).toMatchObject([
      {
        id: 'certificate-not-in-image',
        severity: 'error',
        details: { image: `${nameOf(generation)}.bin` },
        fixes: [{ id: 'build' }],
      },
    ]);
  });

  it('is the one of ESP-IDF’s example', async () => {
    const { certificatePem } = await certificate({
      subject: '/C=IN/ST=MH/L=PUN/O=ESP/OU=ESP/CN=ESP/emailAddress=esp@esp.com',
    });
    expect((await check(generation, certificatePem)).found).toMatchObject([
      { id: 'certificate-example', severity: 'error', fixes: [{ id: 'installCertificate' }] },
    ]);
  });

  it('is not compared while updates come from elsewhere, over plain HTTP, or nothing is known of the server', async () => {
    const url = (text: string) => ({ config: [`CONFIG_${symbolOf(generation)}="${text}"`] });
    expect((await check(generation, other.trustPem, url('https://updates.product.net/a.bin'))).found).toEqual([]);
    expect((await check(generation, other.trustPem, url('http://192.168.61.67:8070/a.bin'))).found).toEqual([]);
    const { certificate: _, ...facts } = (await check(generation, other.trustPem)).facts;
    expect(certificateFindings(facts)).toEqual([]);
  });
});

describe.each(['v5.3', 'v5.5', 'v6.0'] as const)('the certificate bundle of %s', (generation) => {
  const USED = 'CONFIG_EXAMPLE_USE_CERT_BUNDLE=y';
  const CUSTOM = [
    'CONFIG_MBEDTLS_CUSTOM_CERTIFICATE_BUNDLE=y',
    `CONFIG_MBEDTLS_CUSTOM_CERTIFICATE_BUNDLE_PATH="${CERTIFICATE}"`,
  ];

  it('has this server’s certificate', async () => {
    const { found } = await check(generation, served.trustPem, { config: [USED, ...CUSTOM] });
    expect(found).toEqual([]);
  });

  it('is used instead of the PEM, with the custom path unset', async () => {
    const { found, facts } = await check(generation, served.trustPem, {
      config: [USED, '# CONFIG_MBEDTLS_CUSTOM_CERTIFICATE_BUNDLE is not set'],
    });
    expect(found).toMatchObject([
      {
        id: 'certificate-bundle',
        severity: 'error',
        path: facts.project.sdkconfigPath,
        fixes: [
          {
            id: 'addToBundle',
            options: { MBEDTLS_CUSTOM_CERTIFICATE_BUNDLE: true, MBEDTLS_CUSTOM_CERTIFICATE_BUNDLE_PATH: CERTIFICATE },
            needs: ['rebuild'],
          },
          { id: 'embedCertificate', options: { EXAMPLE_USE_CERT_BUNDLE: false } },
        ],
      },
    ]);
  });

  it('is attached by code of the project’s own that embeds nothing', async () => {
    const at = async (host: string, more: Parameters<typeof factsOf>[1] = {}) => {
      const facts = await factsOf(generation, {
        files: {
          'main/main.c': 'void app_main(void) { esp_crt_bundle_attach(0); esp_https_ota(&config); }\n',
          'main/CMakeLists.txt': 'idf_component_register(SRCS "main.c")\n',
          ...more.files,
        },
        config: [`CONFIG_${symbolOf(generation)}="https://${host}:8070/a.bin"`, ...(more.config ?? [])],
        facts: { certificate: served },
      });
      // no option chooses
      const { usesCertificateBundle: _, ...ota } = facts.project.ota;
      return certificateFindings({ ...facts, project: { ...facts.project, ota } });
    };
    const plain = { config: ['# CONFIG_MBEDTLS_CUSTOM_CERTIFICATE_BUNDLE is not set'] };
    const found = await at('192.168.61.67', plain);
    expect(found).toMatchObject([{ id: 'certificate-bundle', fixes: [{ id: 'addToBundle' }] }]);
    expect(found[0]?.fixes).toHaveLength(1);
    expect(await at('updates.product.net', plain)).toEqual([]);
    const added = { files: { [CERTIFICATE]: served.trustPem ?? '' }, config: CUSTOM };
    expect(await at('192.168.61.67', added)).toEqual([]);
    const embeds = { 'main/other.c': 'extern int a asm("_binary_ca_cert_pem_start");\n' };
    expect(idsOf(await at('192.168.61.67', { ...plain, files: embeds }))).not.toContain('certificate-bundle');
  });

  it('takes a file that is not there, or has another certificate', async () => {
    const path = [USED, CUSTOM[0] ?? '', 'CONFIG_MBEDTLS_CUSTOM_CERTIFICATE_BUNDLE_PATH="certs/none.pem"'];
    expect((await check(generation, served.trustPem, { config: path })).found).toMatchObject([
      { id: 'certificate-bundle-file', details: { file: 'certs/none.pem', isMissing: true } },
    ]);
    expect((await check(generation, other.trustPem, { config: [USED, ...CUSTOM] })).found).toMatchObject([
      {
        id: 'certificate-bundle-file',
        details: { file: CERTIFICATE, isMissing: false },
        fixes: [{ id: 'installCertificate' }],
      },
    ]);
  });
});

describe.each(GENERATIONS)('the names in the certificate, for %s', (generation) => {
  const url = (host: string) => [`CONFIG_${symbolOf(generation)}="https://${host}:8070/a.bin"`];
  const named = async (extensions: readonly string[], subject = '/CN=server') => {
    const { certificatePem } = await certificate({ subject, extensions });
    return {
      certificate: {
        mode: 'own',
        certificatePem,
        description: describeCertificate(certificatePem),
        trustPem: certificatePem,
      },
    } as const;
  };
  const ids = async (host: string, facts: Partial<DoctorFacts>) => {
    const { found } = await check(generation, served.trustPem, {
      config: url(host),
      facts: {
        ...facts,
        host: { platform: 'linux', isWsl: false, isContainer: false, isRemote: false, names: ['desk.local'] },
      },
    });
    return idsOf(found).filter((id) => id === 'certificate-host' || id === 'certificate-ip-name');
  };

  it('name the host of the URL, as text too where it is an address', async () => {
    expect(await ids('192.168.61.67', {})).toEqual([]);
    expect(await ids('desk.local', {})).toEqual([]);
    expect(await ids('desk.local', await named(['subjectAltName=DNS:*.local']))).toEqual([]);
    expect(await ids('192.168.61.67', await named([], '/CN=192.168.61.67'))).toEqual([]);
  });

  it('do not name it', async () => {
    expect(await ids('192.168.61.67', await named(['subjectAltName=DNS:elsewhere.local']))).toEqual([
      'certificate-host',
    ]);
    // a common name counts only where there are no other names
    expect(await ids('desk.local', await named(['subjectAltName=DNS:elsewhere.local'], '/CN=desk.local'))).toEqual([
      'certificate-host',
    ]);
  });

  it('name an address as an address only, which mbedTLS compares from 3.5 on', async () => {
    const isIgnored = generation === 'v4.4';
    // the fixture of 5.1 is 5.1.6
    expect(await ids('192.168.61.67', await named(['subjectAltName=IP:192.168.61.67']))).toEqual(
      isIgnored ? ['certificate-ip-name'] : [],
    );
  });

  it('do not matter to firmware that skips the check', async () => {
    const { found } = await check(generation, served.trustPem, {
      config: [...url('192.168.61.67'), 'CONFIG_EXAMPLE_SKIP_COMMON_NAME_CHECK=y'],
      facts: await named(['subjectAltName=DNS:elsewhere.local']),
    });
    expect(idsOf(found)).not.toContain('certificate-host');
  });
});

describe('addresses in certificates', () => {
  it.each([
    ['4.4.8', false],
    ['5.0.4', false],
    ['5.0.5', true],
    ['5.1.1', false],
    ['5.1.2', true],
    ['5.2.0', true],
    ['6.0.0', true],
  ])('are compared by ESP-IDF %s: %s', (version, isCompared) => {
    expect(matchesAddresses(parseIdfVersion(version))).toBe(isCompared);
  });
});

describe.each(GENERATIONS)('what %s can do with a certificate', (generation) => {
  const own = async (request: CertificateRequest) => {
    const { certificatePem } = await certificate({ subject: '/CN=192.168.61.67', ...request });
    const facts: CertificateFacts = {
      mode: 'own',
      certificatePem,
      description: describeCertificate(certificatePem),
      trustPem: certificatePem,
    };
    return (await check(generation, certificatePem, { facts: { certificate: facts } })).found;
  };

  it.each(['rsa:2048', 'p256', 'p384'])('%s is fine', async (key) => {
    expect(await own({ key })).toEqual([]);
  });

  it.each([
    ['rsa:1024', 'RSA 1024'],
    ['ed25519', 'ed25519'],
  ])('a key of %s is not', async (key, name) => {
    expect(await own({ key })).toMatchObject([
      { id: 'certificate-key-kind', severity: 'error', details: { what: 'server', key: name } },
    ]);
  });

  it('nor is a signature with SHA-1', async () => {
    expect(await own({ key: 'rsa:2048', digest: 'sha1' })).toMatchObject([
      { id: 'certificate-signature', details: { signature: 'SHA1' } },
    ]);
  });

  it('looks at dates only where the firmware was built to', async () => {
    const late = { nowMs: served.description.validToMs + 1000 };
    const early = { nowMs: served.description.validFromMs - 1000 };
    const on = ['CONFIG_MBEDTLS_HAVE_TIME_DATE=y'];
    const found = async (facts: Partial<DoctorFacts>, config: readonly string[]) =>
      (await check(generation, served.trustPem, { facts, config })).found;
    expect(await found(late, [])).toEqual([]);
    expect(await found({}, on)).toEqual([]);
    expect(await found(late, on)).toMatchObject([
      { id: 'certificate-expired', details: { what: 'server', isOver: true }, fixes: [{ id: 'renewCertificate' }] },
    ]);
    expect((await found(early, on)).map(({ details }) => details)).toContainEqual(
      expect.objectContaining({ what: 'server', isOver: false }),
    );
  });
});

describe('a private key in the workspace', () => {
  it('is told, as an error when it is in Git, with a way to keep it out', async () => {
    const facts = await factsOf('v5.5', {
      files: { [CERTIFICATE]: served.trustPem ?? '', 'server_certs/ca_key.pem': 'key' },
    });
    const path = join(facts.project.folder, 'server_certs', 'ca_key.pem');
    const keys = (one: Partial<DoctorFacts['privateKeys'][number]>) =>
      certificateFindings({ ...facts, privateKeys: [{ path, ...one }] });
    expect(keys({})).toMatchObject([
      {
        id: 'certificate-private-key',
        severity: 'warning',
        path,
        fixes: [
          {
            kind: 'writeFile',
            path: join(facts.project.folder, 'server_certs', '.gitignore'),
            content: '/ca_key.pem\n',
          },
        ],
      },
    ]);
    expect(keys({ isTracked: true })).toMatchObject([{ severity: 'error', fixes: [] }]);
    expect(keys({ isIgnored: true })).toMatchObject([{ severity: 'information', fixes: [] }]);
  });
});
