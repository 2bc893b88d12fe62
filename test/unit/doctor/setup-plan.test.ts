import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative as outOf } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { diskFiles } from '../../../src/base/files.ts';
import { checkSetup } from '../../../src/doctor/check-setup.ts';
import { planSetup, type SetupFacts, type SetupPart, type SetupPlan } from '../../../src/doctor/setup-plan.ts';
import { applyEdits } from '../../../src/idf/file-edit.ts';
import { otaSlots } from '../../../src/image/partition-table.ts';
import { describeCertificate } from '../../../src/server/certificate-description.ts';
import { makeAuthority, makeServerCertificate } from '../../../src/server/selfsigned.ts';
import { copyProject, GENERATIONS, makeFolder } from '../idf/project-folder.ts';
import { copyExample } from '../../support/example-project.ts';
import { build, IDF_VERSIONS, plainProject, setupFacts } from '../../support/plain-project.ts';

let certificate: NonNullable<SetupFacts['certificate']>;
const server = {
  state: 'off',
  protocol: 'https',
  port: 8070,
  host: '192.168.61.67',
  bindHost: '0.0.0.0',
  paths: [],
} as const;

beforeAll(async () => {
  const authority = await makeAuthority('ec', 'setup', Date.now());
  const leaf = await makeServerCertificate('ec', { dns: [], ip: ['192.168.61.67'] }, authority, Date.now());
  certificate = {
    mode: 'authority',
    certificatePem: leaf.certificatePem,
    description: describeCertificate(leaf.certificatePem),
    trustPem: authority.certificatePem,
  };
});

async function plan(folder: string, more: Partial<SetupFacts> = {}, parts?: readonly SetupPart[]): Promise<SetupPlan> {
  const facts = await setupFacts(folder, { certificate, server, ...more });
  return planSetup(facts, parts === undefined ? {} : { parts: new Set(parts) });
}

async function setUp(folder: string, more: Partial<SetupFacts> = {}): Promise<SetupPlan> {
  const made = await plan(folder, more);
  await applyEdits(made.edits, diskFiles);
  return made;
}

/** What Check OTA Setup says: ids of what is worse than worth knowing. */
async function check(folder: string): Promise<string[]> {
  const facts = await setupFacts(folder, { certificate, server });
  return checkSetup({
    ...facts,
    addresses: [{ address: '192.168.61.67', family: 'IPv4', interfaceName: 'eth0', kind: 'lan' }],
    privateKeys: [],
    host: { platform: 'linux', isWsl: false, isContainer: false, isRemote: false, names: [] },
    nowMs: Date.now(),
  })
    .filter(({ severity }) => severity !== 'information')
    .map(({ id }) => id);
}

const read = (folder: string, ...path: string[]): string => readFileSync(join(folder, ...path), 'utf8');
const relative = (folder: string, { edits }: SetupPlan): string[] =>
  edits.map(({ path }) => path.slice(folder.length + 1)).sort();

describe.each(IDF_VERSIONS)('a plain project of ESP-IDF %s', (idfVersion) => {
  it('gets everything that an update over the air needs', async () => {
    const folder = plainProject(idfVersion);
    build(folder);
    expect(await check(folder)).toEqual(['layout-no-ota-slots', 'image-no-update-client']);
    const made = await setUp(folder);
    const isLarge = ['5.5.5', '6.0.2'].includes(idfVersion);
    expect(relative(folder, made)).toEqual(
      [
        'CMakeLists.txt',
        'main/CMakeLists.txt',
        'main/Kconfig.projbuild',
        'main/hello_world_main.c',
        'main/ota_update.c',
        'main/ota_update.h',
        ...(isLarge ? [] : ['partitions.csv']),
        'sdkconfig',
        'sdkconfig.defaults',
        'server_certs/ca_cert.pem',
        'version.txt',
      ].sort(),
    );
    expect(made.needs).toEqual(['fullFlash', 'rebuild']);
    expect(made.notes).toEqual(['setWifi']);
    build(folder);
    const { project } = await setupFacts(folder);
    expect(project).toMatchObject({
      sources: { clientKind: 'advanced', embeddedNames: ['ca_cert_pem'] },
      ota: {
        flashSizeBytes: 0x40_0000,
        isRollbackEnabled: true,
        allowsHttp: false,
        firmwareUrl: { symbol: 'OTA_UPDATE_URL', value: 'https://192.168.61.67:8070/hello_world.bin' },
      },
      version: { source: 'versionTxt', value: '1.0.0', built: { agrees: true } },
      certificate: { isEmbedded: true, pem: certificate.trustPem },
    });
    expect(project.problems).toEqual([]);
    expect(await check(folder)).toEqual([]);
    expect(project.partitionTable.built?.isSame).toBe(true);
    const { partitions } = project.partitionTable;
    expect(partitions.find(({ label }) => label === 'nvs')).toMatchObject({ offset: 0x9000, size: 0x6000 });
    const slots = otaSlots(partitions);
    expect(slots).toHaveLength(2);
    for (const { size } of slots) expect(size).toBeGreaterThan((project.app?.bytes.length ?? Infinity) * 1.1);
  });

  it('is set up once: a second plan is empty', async () => {
    const folder = plainProject(idfVersion);
    await setUp(folder);
    expect(await plan(folder)).toEqual({ steps: [], edits: [], needs: [], notes: [] });
    build(folder);
    expect((await plan(folder)).edits).toEqual([]);
  });

  it('allows plain HTTP under the name that this version has for it', async () => {
    const folder = plainProject(idfVersion);
    await setUp(folder, { server: { ...server, protocol: 'http' } });
    const symbol = idfVersion.startsWith('4.') ? 'CONFIG_OTA_ALLOW_HTTP' : 'CONFIG_ESP_HTTPS_OTA_ALLOW_HTTP';
    for (const file of ['sdkconfig', 'sdkconfig.defaults'])
      expect(read(folder, file).split('\n')).toContain(`${symbol}=y`);
    expect(read(folder, 'sdkconfig')).toContain('CONFIG_OTA_UPDATE_URL="http://192.168.61.67:8070/hello_world.bin"');
    expect(read(folder, 'main/ota_update.c')).not.toContain('cert_pem');
    expect(read(folder, 'main/CMakeLists.txt')).not.toContain('EMBED_TXTFILES');
    expect((await plan(folder, { server: { ...server, protocol: 'http' } })).edits).toEqual([]);
  });

  it('lists the components that this version has', async () => {
    const folder = plainProject(idfVersion);
    await setUp(folder);
    expect(read(folder, 'main/CMakeLists.txt').includes(' esp_app_format ')).toBe(!idfVersion.startsWith('4.'));
  });
});

describe('files of a plain project', () => {
  it('keep every other byte', async () => {
    const folder = plainProject('5.5.5');
    const before = { main: read(folder, 'main/hello_world_main.c'), sdkconfig: read(folder, 'sdkconfig') };
    await setUp(folder);
    expect(
      read(folder, 'main/hello_world_main.c')
        .replace('#include "ota_update.h"\n', '')
        .replace('    ota_update_run();\n', ''),
    ).toBe(before.main);
    expect(read(folder, 'main/hello_world_main.c')).toContain(
      '{\n    ota_update_run();\n    printf("Hello world!\\n");',
    );
    const old = before.sdkconfig.split('\n');
    const now = read(folder, 'sdkconfig').split('\n');
    expect(old.filter((line) => !now.includes(line))).toEqual([
      '# CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE is not set',
      'CONFIG_ESPTOOLPY_FLASHSIZE_2MB=y',
      '# CONFIG_ESPTOOLPY_FLASHSIZE_4MB is not set',
      'CONFIG_ESPTOOLPY_FLASHSIZE="2MB"',
      'CONFIG_PARTITION_TABLE_SINGLE_APP=y',
      '# CONFIG_PARTITION_TABLE_TWO_OTA_LARGE is not set',
      'CONFIG_PARTITION_TABLE_FILENAME="partitions_singleapp.csv"',
    ]);
    expect(read(folder, 'main/CMakeLists.txt')).toBe(
      `idf_component_register(SRCS "hello_world_main.c" "ota_update.c"
                       PRIV_REQUIRES spi_flash app_update esp_app_format esp_event esp_http_client esp_https_ota esp_netif nvs_flash protocol_examples_common
                       INCLUDE_DIRS ""
                       EMBED_TXTFILES "../server_certs/ca_cert.pem")
`,
    );
    expect(read(folder, 'CMakeLists.txt')).toContain(
      '\nlist(APPEND EXTRA_COMPONENT_DIRS "$ENV{IDF_PATH}/examples/common_components/protocol_examples_common")\n\ninclude(',
    );
  });

  it('keep their line ends', async () => {
    const folder = plainProject('5.5.5');
    for (const file of ['main/hello_world_main.c', 'main/CMakeLists.txt', 'CMakeLists.txt', 'sdkconfig'])
      writeFileSync(join(folder, file), read(folder, file).replaceAll('\n', '\r\n'));
    await setUp(folder);
    for (const file of ['main/hello_world_main.c', 'main/CMakeLists.txt', 'CMakeLists.txt', 'sdkconfig'])
      expect(read(folder, file).replaceAll('\r\n', ''), file).not.toContain('\n');
    expect((await plan(folder)).edits).toEqual([]);
  });
});

describe('what is there already', () => {
  it('stays: an update client, a URL, rollback without a confirmation', async () => {
    const folder = plainProject('5.5.5');
    writeFileSync(
      join(folder, 'main/hello_world_main.c'),
      '#include "esp_https_ota.h"\nvoid app_main(void)\n{\n    esp_https_ota(NULL);\n}\n',
    );
    writeFileSync(
      join(folder, 'sdkconfig.defaults'),
      'CONFIG_EXAMPLE_FIRMWARE_UPGRADE_URL="https://desk.local:8070/x.bin"\n',
    );
    const made = await plan(folder);
    expect(made.steps.map(({ part }) => part)).toEqual(['partitionTable', 'certificate', 'version']);
    expect(made.notes).toEqual([]);
  });

  it('a placeholder for the URL is replaced under its own name', async () => {
    const folder = plainProject('5.5.5');
    writeFileSync(join(folder, 'main/hello_world_main.c'), 'void app_main(void)\n{\n    esp_https_ota(NULL);\n}\n');
    const kconfig =
      'config EXAMPLE_FIRMWARE_UPGRADE_URL\n    string\n    default "https://192.168.0.3:8070/hello_world.bin"\n';
    writeFileSync(join(folder, 'main/Kconfig.projbuild'), kconfig);
    await setUp(folder);
    expect(read(folder, 'sdkconfig')).toContain(
      'CONFIG_EXAMPLE_FIRMWARE_UPGRADE_URL="https://192.168.61.67:8070/hello_world.bin"\n',
    );
    // an address of this computer is nothing for the others
    expect(read(folder, 'sdkconfig.defaults')).not.toContain('192.168');
    expect(read(folder, 'main/Kconfig.projbuild')).toBe(kconfig);
  });

  it('a network of its own: the update is not started before it is up', async () => {
    const folder = plainProject('5.5.5');
    writeFileSync(
      join(folder, 'main/hello_world_main.c'),
      'void app_main(void)\n{\n    connect();\n}\nstatic void connect(void)\n{\n    esp_wifi_start();\n}\n',
    );
    const made = await setUp(folder);
    expect(made.notes).toEqual(['callClient']);
    expect(read(folder, 'main/ota_update.c')).not.toContain('example_connect');
    expect(relative(folder, made)).not.toContain('main/hello_world_main.c');
    expect(relative(folder, made)).not.toContain('CMakeLists.txt');
  });

  it('a version from Kconfig or project() is respected', async () => {
    const folder = plainProject('5.5.5');
    writeFileSync(
      join(folder, 'sdkconfig'),
      `${read(folder, 'sdkconfig').replace('# CONFIG_APP_PROJECT_VER_FROM_CONFIG is not set', 'CONFIG_APP_PROJECT_VER_FROM_CONFIG=y')}CONFIG_APP_PROJECT_VER="2.0.0"\n`,
    );
    expect((await plan(folder)).steps.map(({ part }) => part)).not.toContain('version');
  });

  it('the certificate of somebody else is replaced, ours in other words is not', async () => {
    const folder = plainProject('5.5.5');
    await setUp(folder);
    const path = join(folder, 'server_certs/ca_cert.pem');
    writeFileSync(path, `# ours\r\n${(certificate.trustPem ?? '').replaceAll('\n', '\r\n')}`);
    expect((await plan(folder)).edits).toEqual([]);
    writeFileSync(path, certificate.certificatePem);
    expect((await plan(folder)).edits.map((edit) => edit.after)).toEqual([certificate.trustPem]);
  });
});

describe('a project that updates itself', () => {
  it.each(GENERATIONS)('of ESP-IDF %s gets the certificate that it embeds and nothing else', async (generation) => {
    const folder = await copyProject(generation);
    const made = await setUp(folder);
    expect(relative(folder, made)).toEqual(['server_certs/ca_cert.pem']);
    expect((await plan(folder)).edits).toEqual([]);
  });

  it('as the example does gets the certificate', async () => {
    const parent = await makeFolder();
    const folder = copyExample('simple_ota', parent);
    expect(relative(folder, await setUp(folder))).toEqual(['server_certs/ca_cert.pem']);
  });
});

describe('the partition table', () => {
  const table = async (folder: string, more: Partial<SetupFacts> = {}): Promise<SetupPlan> =>
    plan(folder, more, ['partitionTable']);

  it('is made for the flash that the board has', async () => {
    const folder = plainProject('5.5.5');
    const made = await table(folder, { board: { flashSizeBytes: 0x80_0000 } });
    expect(made.steps[0]?.details).toMatchObject({ flashSize: '8MB', table: 'partitions_two_ota_large.csv' });
    expect(made.edits.map(({ after }) => after).join()).toContain('CONFIG_ESPTOOLPY_FLASHSIZE_8MB=y');
    const small = await table(folder, { board: { flashSizeBytes: 0x20_0000 } });
    expect(small.steps[0]?.details).toMatchObject({ table: 'partitions.csv' });
    expect(small.steps[0]?.details['slotBytes']).toBe(0xf_0000);
  });

  it('of a project with a CSV keeps its data where it is, and its comments', async () => {
    const folder = plainProject('5.3.5');
    const csv =
      '# the shelf\n# Name, Type, SubType, Offset, Size\nnvs, data, nvs, 0x9000, 24K\nphy_init, data, phy, , 4K\nfactory, app, factory, , 1M\nstorage, data, spiffs, 0x110000, 512K\n';
    writeFileSync(join(folder, 'partitions.csv'), csv);
    writeFileSync(
      join(folder, 'sdkconfig'),
      read(folder, 'sdkconfig')
        .replace('CONFIG_PARTITION_TABLE_SINGLE_APP=y', '# CONFIG_PARTITION_TABLE_SINGLE_APP is not set')
        .replace('# CONFIG_PARTITION_TABLE_CUSTOM is not set', 'CONFIG_PARTITION_TABLE_CUSTOM=y'),
    );
    await setUp(folder);
    const text = read(folder, 'partitions.csv');
    expect(text).toBe(`# the shelf
# Name, Type, SubType, Offset, Size
nvs, data, nvs, 0x9000, 24K,
phy_init, data, phy, 0xf000, 4K,
otadata, data, ota, 0x10000, 8K,
storage, data, spiffs, 0x110000, 512K,
ota_0, app, ota_0, 0x190000, 1216K,
ota_1, app, ota_1, 0x2c0000, 1216K,
`);
    expect((await setupFacts(folder)).project.partitionTable.problems).toEqual([]);
  });

  it('of other products, outside of the project, stays as it is', async () => {
    const folder = plainProject('5.3.5');
    const shared = await makeFolder({
      'p.csv': '# used by four products\nnvs,data,nvs,0x9000,24K\nfactory,app,factory,0x10000,1M\n',
    });
    const file = outOf(folder, join(shared, 'p.csv'));
    const before = read(folder, 'sdkconfig').replace(/^CONFIG_PARTITION_TABLE_(?!OFFSET|MD5).*\n/gm, '');
    const options = `CONFIG_PARTITION_TABLE_CUSTOM=y\nCONFIG_PARTITION_TABLE_CUSTOM_FILENAME="${file}"\n`;
    writeFileSync(join(folder, 'sdkconfig'), before + options);
    expect((await setupFacts(folder)).project.partitionTable.path).toBe(join(shared, 'p.csv'));
    const made = await setUp(folder);
    expect(made.edits.filter(({ path }) => !path.startsWith(`${folder}/`))).toEqual([]);
    expect(read(folder, 'partitions.csv')).not.toContain('four products');
    expect(read(folder, 'sdkconfig')).toContain('CONFIG_PARTITION_TABLE_CUSTOM_FILENAME="partitions.csv"');
    expect(otaSlots((await setupFacts(folder)).project.partitionTable.partitions)).toHaveLength(2);
  });

  it('that cannot be made is said', async () => {
    const folder = plainProject('5.5.5');
    const made = await plan(folder, { board: { flashSizeBytes: 0x10_0000 } });
    expect(made.notes).toContain('noRoom');
    expect(made.steps.map(({ part }) => part)).not.toContain('partitionTable');
  });

  it('for core dumps in flash is one of the project, with the partition for them', async () => {
    const folder = plainProject('5.5.5');
    writeFileSync(join(folder, 'sdkconfig'), `${read(folder, 'sdkconfig')}CONFIG_ESP_COREDUMP_ENABLE_TO_FLASH=y\n`);
    await setUp(folder);
    expect(read(folder, 'partitions.csv')).toContain('coredump, data, coredump, 0x110000, 64K');
    expect((await setupFacts(folder)).project.partitionTable.source).toBe('csv');
  });
});

describe('parts', () => {
  it('that are not wanted are left out, and what depends on them', async () => {
    const folder = plainProject('5.5.5');
    const made = await plan(folder, {}, ['partitionTable', 'url', 'certificate', 'rollback']);
    expect(made.steps.map(({ part }) => part)).toEqual(['partitionTable']);
  });

  it('work without sdkconfig', async () => {
    const folder = plainProject('5.5.5');
    rmSync(join(folder, 'sdkconfig'));
    const made = await setUp(folder);
    expect(relative(folder, made)).not.toContain('sdkconfig');
    expect(read(folder, 'sdkconfig.defaults').split('\n')).toEqual(
      expect.arrayContaining(['CONFIG_ESPTOOLPY_FLASHSIZE_4MB=y', 'CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE=y']),
    );
    expect((await plan(folder)).edits).toEqual([]);
  });

  it('need a main component to be put into', async () => {
    const folder = plainProject('5.5.5');
    rmSync(join(folder, 'main/CMakeLists.txt'));
    const made = await plan(folder);
    expect(made.notes).toContain('editComponent');
    expect(made.steps.map(({ part }) => part)).toEqual(['partitionTable', 'version']);
  });

  it('are named where the project builds what its main component names', async () => {
    const folder = plainProject('5.5.5');
    writeFileSync(join(folder, 'main/CMakeLists.txt'), 'idf_component_register(SRCS "hello_world_main.c")\n');
    await setUp(folder);
    expect(read(folder, 'main/CMakeLists.txt')).not.toContain('REQUIRES');
    const minimal = plainProject('5.5.5');
    writeFileSync(join(minimal, 'main/CMakeLists.txt'), 'idf_component_register(SRCS "hello_world_main.c")\n');
    writeFileSync(
      join(minimal, 'CMakeLists.txt'),
      read(minimal, 'CMakeLists.txt').replace('project(', 'idf_build_set_property(MINIMAL_BUILD ON)\nproject('),
    );
    await setUp(minimal);
    expect(read(minimal, 'main/CMakeLists.txt')).toContain('PRIV_REQUIRES app_update esp_app_format');
    expect((await plan(minimal)).edits).toEqual([]);
  });

  it('are possible in C++ and in one line', async () => {
    const folder = plainProject('5.5.5');
    rmSync(join(folder, 'main/hello_world_main.c'));
    writeFileSync(join(folder, 'main/main.cpp'), '// app_main() {\nextern "C" void app_main() { for (;;) {} }\n');
    await setUp(folder);
    expect(read(folder, 'main/main.cpp')).toBe(
      '// app_main() {\n#include "ota_update.h"\nextern "C" void app_main() {\n    ota_update_run();\n    for (;;) {} }\n',
    );
  });
});
