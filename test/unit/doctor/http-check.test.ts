import { describe, expect, it } from 'vitest';
import { httpFindings } from '../../../src/doctor/checks/http.ts';
import { makeApp } from '../../support/make-image.ts';
import { GENERATIONS } from '../idf/project-folder.ts';
import { factsOf, idsOf } from './project-facts.ts';

type Generation = (typeof GENERATIONS)[number];

const PLAIN = 'http://192.168.61.67:8070/app.bin';
const MAIN = 'idf_component_register(SRCS "main.c" INCLUDE_DIRS ".")\n';
const CLIENT = 'void app_main(void) { esp_https_ota(&config); }\n';
const SIMPLE = { 'main/main.c': CLIENT };
const imageOf = (generation: Generation): string =>
  generation === 'v4.4' ? 'native_ota.bin' : generation === 'v5.1' ? 'advanced_https_ota.bin' : 'simple_ota.bin';
const nameOf = (generation: Generation): string =>
  generation === 'v4.4' ? 'OTA_ALLOW_HTTP' : 'ESP_HTTPS_OTA_ALLOW_HTTP';

function config(generation: Generation, url: string, ...more: string[]): readonly string[] {
  const symbol = generation === 'v4.4' ? 'EXAMPLE_FIRMWARE_UPG_URL' : 'EXAMPLE_FIRMWARE_UPGRADE_URL';
  return [`CONFIG_${symbol}="${url}"`, '# CONFIG_EXAMPLE_USE_CERT_BUNDLE is not set', ...more];
}

describe.each(GENERATIONS)('plain HTTP in a project of %s', (generation) => {
  const option = nameOf(generation);

  it('is allowed under the name of this version', async () => {
    const facts = await factsOf(generation, { files: SIMPLE, config: config(generation, PLAIN, `CONFIG_${option}=y`) });
    expect(httpFindings(facts)).toEqual([]);
  });

  it('is not allowed, and there is no certificate that would do instead', async () => {
    const files = { ...SIMPLE, 'main/CMakeLists.txt': MAIN };
    const facts = await factsOf(generation, {
      files,
      config: config(generation, PLAIN, `# CONFIG_${option} is not set`),
    });
    expect(httpFindings(facts)).toMatchObject([
      {
        id: 'http-not-allowed',
        severity: 'error',
        path: facts.project.sdkconfigPath,
        details: { option: `CONFIG_${option}`, hasCertificate: false },
        fixes: [{ id: 'setUrl' }, { id: 'allowHttp', options: { [option]: true }, needs: ['rebuild'] }],
      },
    ]);
  });

  it('is not allowed, but a certificate that is embedded satisfies the check', async () => {
    const facts = await factsOf(generation, {
      files: SIMPLE,
      config: config(generation, PLAIN, `# CONFIG_${option} is not set`),
    });
    expect(httpFindings(facts)).toMatchObject([
      { id: 'http-not-allowed', severity: 'warning', details: { hasCertificate: true } },
    ]);
  });

  it('is allowed under the name of another version', async () => {
    const other = option === 'OTA_ALLOW_HTTP' ? 'ESP_HTTPS_OTA_ALLOW_HTTP' : 'OTA_ALLOW_HTTP';
    const lines = config(generation, PLAIN, `# CONFIG_${option} is not set`, `CONFIG_${other}=y`);
    const found = httpFindings(
      await factsOf(generation, { files: { ...SIMPLE, 'main/CMakeLists.txt': MAIN }, config: lines }),
    );
    // sdkconfig.rename takes old names along; a name of the future is ignored
    expect(idsOf(found)).toEqual(
      generation === 'v4.4' ? ['http-option-name', 'http-not-allowed'] : ['http-not-allowed'],
    );
    if (generation === 'v4.4') {
      expect(found[0]).toMatchObject({
        details: { option: `CONFIG_${other}`, expected: `CONFIG_${option}` },
        fixes: [{ options: { [other]: null, [option]: true } }],
      });
    }
  });

  it('asks nothing of a client that calls the bare functions', async () => {
    const files = {
      'main/main.c': 'void app_main(void) { esp_ota_begin(part, 0, &handle); }\n',
      'main/CMakeLists.txt': MAIN,
    };
    const facts = await factsOf(generation, {
      files,
      config: config(generation, PLAIN, `# CONFIG_${option} is not set`),
    });
    expect(httpFindings(facts)).toEqual([]);
  });
});

describe.each(GENERATIONS)('HTTPS in a project of %s', (generation) => {
  const url = 'https://192.168.61.67:8070/app.bin';
  const off = `# CONFIG_${nameOf(generation)} is not set`;

  it('has the embedded certificate to verify with', async () => {
    expect(httpFindings(await factsOf(generation, { files: SIMPLE, config: config(generation, url, off) }))).toEqual(
      [],
    );
  });

  it('has neither a certificate nor the bundle', async () => {
    const files = { ...SIMPLE, 'main/CMakeLists.txt': MAIN };
    const facts = await factsOf(generation, { files, config: config(generation, url, off) });
    // what a build may yet bring along, nobody knows
    expect(httpFindings(facts)).toMatchObject([
      { id: 'http-no-verification', severity: 'warning', details: { hasBundle: true }, fixes: [{ id: 'setUp' }] },
    ]);
    const image = { [`build/${imageOf(generation)}`]: makeApp() };
    const built = await factsOf(generation, { files: { ...files, ...image }, config: config(generation, url, off) });
    expect(httpFindings(built)).toMatchObject([{ id: 'http-no-verification', severity: 'error' }]);
  });

  it.each([
    ['in another component', { 'components/net/net.c': 'extern int a asm("_binary_root_ca_pem_start");\n' }],
    [
      'under a name that CMake computes',
      {
        'main/CMakeLists.txt': 'idf_component_register(SRCS "main.c" EMBED_TXTFILES ${CERTS})\n',
        'main/certs.c': 'extern int a asm("_binary_ca_crt_start");\n',
      },
    ],
    ['as a text of the sources', { 'main/main.c': `const char *pem = "-----BEGIN CERTIFICATE-----\\n";\n${CLIENT}` }],
  ])('has a certificate %s', async (_, more) => {
    const files = { ...SIMPLE, 'main/CMakeLists.txt': MAIN, ...more };
    const facts = await factsOf(generation, { files, config: config(generation, url, off) });
    expect(httpFindings(facts)).toEqual([]);
  });

  it('attaches the bundle, if that is built in', async () => {
    const code = CLIENT.replace('esp_https_ota', 'esp_crt_bundle_attach(0); esp_https_ota');
    const files = { 'main/main.c': code, 'main/CMakeLists.txt': MAIN };
    // no option chooses between the two here
    const withoutChoice = config(generation, url, off).filter((line) => !line.includes('USE_CERT_BUNDLE'));
    const facts = await factsOf(generation, { files, config: withoutChoice });
    const { usesCertificateBundle: _, ...ota } = facts.project.ota;
    expect(httpFindings({ ...facts, project: { ...facts.project, ota } })).toEqual([]);
    const bundleOff = await factsOf(generation, {
      files,
      config: [...withoutChoice, '# CONFIG_MBEDTLS_CERTIFICATE_BUNDLE is not set'],
    });
    expect(httpFindings(bundleOff)).toMatchObject([{ id: 'http-no-verification', details: { hasBundle: false } }]);
  });
});
