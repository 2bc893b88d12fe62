import { randomBytes } from 'node:crypto';
import { rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { diskFiles } from '../../../src/base/files.ts';
import { parsePartitionCsv } from '../../../src/image/partition-csv.ts';
import { encodePartitionTable } from '../../../src/image/partition-table.ts';
import { builtInTable } from '../../../src/image/built-in-tables.ts';
import { smallestOtaSlot } from '../../../src/idf/partition-source.ts';
import { loadProject, ProjectLoader } from '../../../src/idf/project-loader.ts';
import type { IdfProject } from '../../../src/idf/project.ts';
import { watchedOutside, watchGlobs } from '../../../src/idf/watched-files.ts';
import { makeApp, makeBootloader } from '../../support/make-image.ts';
import { addFiles, cmakeLists, copyProject, makeFolder } from './project-folder.ts';

const load = (folder: string): Promise<IdfProject> => loadProject(folder, diskFiles);
const codes = (project: IdfProject): string[] => project.problems.map(({ code }) => code);
const tableOf = (file: string): Uint8Array =>
  encodePartitionTable(parsePartitionCsv(builtInTable(file)?.csv ?? '').partitions);

describe('a project of ESP-IDF', () => {
  it.each([
    ['v4.4', 'native_ota', 'esp32', [4, 4, 8], 'versionTxt', '1.2.3', 'native', 'partitions_two_ota.csv'],
    ['v5.1', 'advanced_https_ota', 'esp32c3', [5, 1, 6], 'kconfig', '3.1.4', 'advanced', 'partitions_two_ota.csv'],
    ['v5.3', 'simple_ota', 'esp32s3', [5, 3, 5], 'cmakeVariable', '2.0.0-rc.1', 'simple', 'partitions.csv'],
    ['v5.5', 'simple_ota', 'esp32', [5, 5, 5], 'cmakeProject', '1.4.0', 'simple', 'partitions_two_ota_large.csv'],
    ['v6.0', 'simple_ota', 'esp32c6', [6, 0, 2], 'versionTxt', 'v2.5.0', 'simple', 'partitions_two_ota_large.csv'],
  ] as const)(
    '%s is loaded with everything known about it',
    async (generation, name, target, idf, source, version, client, file) => {
      const app = makeApp({ version, projectName: name, idfVersion: `v${idf.join('.')}` });
      const folder = await copyProject(generation, {
        [`build/${name}.bin`]: app,
        'build/bootloader/bootloader.bin': makeBootloader(),
      });
      const project = await load(folder);
      const [major, minor, patch] = idf;
      expect(project).toMatchObject({
        folder,
        name,
        target,
        buildSystem: 'v1',
        isPlatformIo: false,
        sdkconfigPath: join(folder, 'sdkconfig'),
        buildFolder: join(folder, 'build'),
        idfVersion: { major, minor, patch },
        version: { source, value: version, built: { version, agrees: true } },
        sources: { clientKind: client, embeddedNames: ['ca_cert_pem'], isComplete: true },
        partitionTable: { source: file === 'partitions.csv' ? 'csv' : 'builtIn', choice: { file } },
        certificate: { path: join(folder, 'server_certs', 'ca_cert.pem'), isEmbedded: true },
        app: { path: join(folder, 'build', `${name}.bin`), image: { description: { version } } },
        bootloader: { image: { header: { chipId: 0 } } },
      });
      expect(project.defaults.map(({ path }) => path)).toEqual([join(folder, 'sdkconfig.defaults')]);
      expect(project.ota.firmwareUrl?.value).toBe(`https://192.168.61.67:8070/${name}.bin`);
      expect(smallestOtaSlot(project.partitionTable.partitions)?.label).toBe('ota_0');
      expect(codes(project).filter((code) => code !== 'version.shadowed')).toEqual([]);
    },
  );

  it('carries what the checks of an update need', async () => {
    const [old, c3, s3, rollback] = await Promise.all(
      (['v4.4', 'v5.1', 'v5.3', 'v6.0'] as const).map(
        async (generation) => (await load(await copyProject(generation))).ota,
      ),
    );
    expect(old).toMatchObject({
      allowsHttp: true,
      allowHttpSymbol: 'OTA_ALLOW_HTTP',
      receiveTimeoutMs: 5000,
      isRollbackEnabled: false,
    });
    expect(c3).toMatchObject({
      allowsHttp: false,
      isPartialDownloadEnabled: true,
      requestSizeBytes: 16384,
      canDownloadPartially: true,
    });
    expect(s3).toMatchObject({ tlsReceiveBytes: 4096, flashSizeBytes: 8 * 1024 * 1024, usesCertificateBundle: true });
    expect(rollback).toMatchObject({
      isRollbackEnabled: true,
      canDownloadPartially: false,
      customBundlePath: { value: 'server_certs/ca_cert.pem' },
      checksCertificateTime: false,
    });
  });

  it('finds the call that confirms an update, and none that is a comment', async () => {
    const calls = async (generation: 'v5.5' | 'v5.3'): Promise<[string, number][]> =>
      (await load(await copyProject(generation))).sources.calls.map(({ name, line }) => [name, line]);
    expect(await calls('v5.5')).toContainEqual(['esp_ota_mark_app_valid_cancel_rollback', 8]);
    expect((await calls('v5.3')).map(([name]) => name)).toEqual(['esp_https_ota', 'esp_restart']);
  });

  it('knows the source file that was changed last', async () => {
    const folder = await copyProject('v5.5', { 'components/net/src/net.cpp': '', 'components/net/include/net.h': '' });
    await utimes(join(folder, 'components/net/src/net.cpp'), 4e9, 4e9);
    expect((await load(folder)).sources.newest).toEqual({
      path: join(folder, 'components/net/src/net.cpp'),
      modifiedMs: 4e12,
    });
  });

  it('is known without a build, from its header', async () => {
    const folder = await copyProject('v5.3');
    await rm(join(folder, 'build'), { recursive: true });
    const project = await load(folder);
    expect(project).toMatchObject({
      name: 'simple_ota',
      target: 'esp32s3',
      idfVersion: { major: 5, minor: 3 },
      buildFolders: [],
    });
    expect([project.buildFolder, project.app, project.version.built]).toEqual([undefined, undefined, undefined]);
  });

  it('is known without sdkconfig, from its defaults and those of its target', async () => {
    const folder = await makeFolder({
      'CMakeLists.txt': cmakeLists(),
      'sdkconfig.defaults': 'CONFIG_IDF_TARGET="esp32s3"\nCONFIG_PARTITION_TABLE_TWO_OTA=y\nCONFIG_A=1\n',
      'sdkconfig.defaults.esp32s3': 'CONFIG_A=2\n',
      'sdkconfig.defaults.esp32': 'CONFIG_A=3\n',
      'dependencies.lock':
        'dependencies:\n  idf:\n    source:\n      type: idf\n    version: 5.4.1\nmanifest_hash: x\n',
    });
    const project = await load(folder);
    expect(project).toMatchObject({
      target: 'esp32s3',
      idfVersion: { major: 5, minor: 4 },
      partitionTable: { choice: { file: 'partitions_two_ota.csv' } },
    });
    expect(project.config.int('A')).toBe(2);
  });

  it('reads defaults by the list in CMakeLists.txt, and misses those that are not there', async () => {
    const folder = await makeFolder({
      'CMakeLists.txt': cmakeLists('set(SDKCONFIG_DEFAULTS "sdkconfig.defaults;cfg/ota;cfg/gone")\n'),
      'sdkconfig.defaults': 'CONFIG_A=1\nCONFIG_B=1\n',
      'cfg/ota': 'CONFIG_B=2\n',
    });
    const project = await load(folder);
    expect([project.config.int('A'), project.config.int('B')]).toEqual([1, 2]);
    expect(project.problems).toMatchObject([{ code: 'sdkconfigDefaults.missing', path: join(folder, 'cfg/gone') }]);
  });

  it('takes the build folder that is set, that is usual, or that was configured last', async () => {
    const folder = await makeFolder({
      'CMakeLists.txt': cmakeLists(),
      'build_a/project_description.json': '{"project_version":"a"}',
      'build_b/project_description.json': '{"project_version":"b"}',
    });
    await utimes(join(folder, 'build_a/project_description.json'), 1000, 1000);
    expect((await load(folder)).description?.projectVersion).toBe('b');
    expect((await loadProject(folder, diskFiles, { buildFolder: 'build_a' })).description?.projectVersion).toBe('a');
    const prefers = (name: string) =>
      loadProject(folder, diskFiles, { preferredBuildFolder: () => join(folder, name) });
    expect((await prefers('build_a')).description?.projectVersion).toBe('a');
    // nothing was built there yet
    expect((await prefers('build_c')).description?.projectVersion).toBe('b');
    await addFiles(folder, { 'build/project_description.json': '{"project_version":"usual"}' });
    const project = await load(folder);
    expect(project.description?.projectVersion).toBe('usual');
    expect(project.buildFolders.map((path) => path.slice(folder.length + 1))).toEqual(['build', 'build_a', 'build_b']);
  });

  it('is told apart from one that PlatformIO builds', async () => {
    const project = await load(await makeFolder({ 'CMakeLists.txt': cmakeLists(), 'platformio.ini': '[env]\n' }));
    expect(project.isPlatformIo).toBe(true);
    expect(codes(project)).toEqual(['project.platformIo']);
  });

  it('asks Git only where that is allowed', async () => {
    const folder = await makeFolder({ 'CMakeLists.txt': cmakeLists() });
    expect((await load(folder)).version.source).toBe('default');
    const asked = await loadProject(folder, diskFiles, {
      describeGit: (path) => Promise.resolve(path === folder ? 'v1.2.3\n' : undefined),
    });
    expect(asked.version).toMatchObject({ source: 'git', value: 'v1.2.3' });
    const failed = await loadProject(folder, diskFiles, { describeGit: () => Promise.reject(new Error('no git')) });
    expect(failed.version.source).toBe('default');
  });
});

describe('the partition table of a project', () => {
  it('is compared with what was built', async () => {
    const same = await load(
      await copyProject('v5.5', {
        'build/partition_table/partition-table.bin': tableOf('partitions_two_ota_large.csv'),
      }),
    );
    expect(same.partitionTable.built?.isSame).toBe(true);
    const other = await load(
      await copyProject('v5.5', { 'build/partition_table/partition-table.bin': tableOf('partitions_two_ota.csv') }),
    );
    expect(other.partitionTable.built?.isSame).toBe(false);
    expect(codes(other)).toContain('partitionTable.builtDiffers');
  });

  it('has its faults at their place in the CSV', async () => {
    const folder = await copyProject('v5.3', {
      'partitions.csv': '# comment\nnvs, data, nvs, 0x9000, 24K\nota_0, app, ota_0, 0x20001, 1M\n',
    });
    const project = await load(folder);
    expect(project.problems).toContainEqual(
      expect.objectContaining({
        severity: 'error',
        code: 'partitionCsv.invalid',
        path: join(folder, 'partitions.csv'),
        line: 3,
      }),
    );
    expect(project.partitionTable.csvProblems[0]?.code).toBe('offsetNotAligned');
  });

  it('is that of the build where the CSV is missing', async () => {
    const folder = await copyProject('v5.3', {
      'build/partition_table/partition-table.bin': tableOf('partitions_two_ota.csv'),
    });
    await rm(join(folder, 'partitions.csv'));
    const project = await load(folder);
    expect(project.partitionTable.source).toBe('build');
    expect(project.partitionTable.partitions).toHaveLength(6);
    expect(project.problems).toContainEqual(
      expect.objectContaining({ code: 'partitionTable.csvMissing', path: join(folder, 'sdkconfig') }),
    );
  });

  it('does not exist for two large OTA slots with core dumps in flash', async () => {
    const folder = await makeFolder({
      'CMakeLists.txt': cmakeLists(),
      sdkconfig: 'CONFIG_ESP_COREDUMP_ENABLE_TO_FLASH=y\nCONFIG_PARTITION_TABLE_TWO_OTA_LARGE=y\n',
    });
    const project = await load(folder);
    expect(project.partitionTable).toMatchObject({ source: 'none', partitions: [] });
    expect(project.problems).toMatchObject([{ code: 'partitionTable.noFileForChoice', line: 2 }]);
  });
});

describe('a broken project', () => {
  it('is loaded all the same, with a problem for each broken file', async () => {
    const folder = await copyProject('v5.5', {
      'build/simple_ota.bin': Buffer.from('<html>404</html>'),
      'build/bootloader/bootloader.bin': Buffer.alloc(0),
      'build/project_description.json': '{"version": "1.2", ',
      'build/flasher_args.json': '[]',
      'build/config/sdkconfig.json': 'null',
      'build/partition_table/partition-table.bin': Buffer.alloc(10),
      sdkconfig: 'nonsense\n',
      'CMakeLists.txt': 'include($ENV{IDF_PATH}/tools/cmake/project.cmake)\nproject(simple_ota VERSION 1.4.0',
    });
    const project = await load(folder);
    expect(project.name).toBe('simple_ota');
    expect(project.problems.map(({ code, path }) => [code, path.slice(folder.length + 1)])).toEqual(
      expect.arrayContaining([
        ['image.badMagic', 'build/simple_ota.bin'],
        ['image.truncated', 'build/bootloader/bootloader.bin'],
        ['idfJson.invalid', 'build/project_description.json'],
        ['idfJson.invalid', 'build/flasher_args.json'],
        ['idfJson.invalid', 'build/config/sdkconfig.json'],
        ['partitionTable.truncated', 'build/partition_table/partition-table.bin'],
        ['sdkconfig.malformedLine', 'sdkconfig'],
        ['cmake.unterminated', 'CMakeLists.txt'],
      ]),
    );
    expect(project.app?.bytes).toHaveLength(16);
    expect(project.app?.image).toBeUndefined();
  });

  it('that is none says so', async () => {
    expect(codes(await load(await makeFolder({ 'CMakeLists.txt': 'project(other)\n' })))).toContain('project.notIdf');
    expect(codes(await load('/nowhere/at/all'))).toContain('project.notIdf');
  });

  it('whose files are folders is loaded too', async () => {
    const project = await load(
      await makeFolder({ 'CMakeLists.txt/x': '', 'sdkconfig/x': '', 'version.txt/x': '', main: 'a file' }),
    );
    expect(codes(project)).toContain('project.notIdf');
  });

  it('stops when it is cancelled', async () => {
    const signal = AbortSignal.abort();
    await expect(loadProject(await copyProject('v5.5'), diskFiles, {}, signal)).rejects.toThrow(/cancelled/);
  });
});

describe('loading again', () => {
  it('gives the same snapshot while nothing changed, and reads nothing', async () => {
    const folder = await copyProject('v5.5', { 'build/simple_ota.bin': makeApp() });
    const loader = new ProjectLoader(diskFiles);
    const first = await loader.load(folder);
    const { readCount } = loader;
    expect(await loader.load(folder)).toBe(first);
    expect(loader.readCount).toBe(readCount);
  });

  it('reads only what changed', async () => {
    const folder = await copyProject('v6.0', { 'build/simple_ota.bin': makeApp() });
    const loader = new ProjectLoader(diskFiles);
    const first = await loader.load(folder);
    const { readCount } = loader;
    await writeFile(join(folder, 'version.txt'), 'v2.5.10');
    const second = await loader.load(folder);
    expect(second.version.value).toBe('v2.5.10');
    expect(loader.readCount).toBe(readCount + 1);
    expect(second.app?.bytes).toBe(first.app?.bytes);
  });

  it.each([
    ['a file that went', (folder: string) => rm(join(folder, 'version.txt'))],
    ['a file that came', (folder: string) => addFiles(folder, { 'build/simple_ota.bin': makeApp() })],
    ['a source file that went', (folder: string) => rm(join(folder, 'main/main.c'))],
    ['a touched image', (folder: string) => utimes(join(folder, 'build/flasher_args.json'), 1, 1)],
    ['a broken file', (folder: string) => addFiles(folder, { 'build/flasher_args.json': '{' })],
  ])('notices %s', async (_, change) => {
    const folder = await copyProject('v6.0');
    const loader = new ProjectLoader(diskFiles);
    const first = await loader.load(folder);
    await change(folder);
    expect(await loader.load(folder)).not.toBe(first);
  });

  it('is asked for by the files that are watched', async () => {
    const elsewhere = await makeFolder({ 'table.csv': builtInTable('partitions_two_ota.csv')?.csv ?? '' });
    const folder = await makeFolder({
      'CMakeLists.txt': cmakeLists(`set(SDKCONFIG_DEFAULTS "sdkconfig.defaults;${elsewhere}/more")\n`),
      'sdkconfig.defaults': `CONFIG_PARTITION_TABLE_CUSTOM=y\nCONFIG_PARTITION_TABLE_CUSTOM_FILENAME="${elsewhere}/table.csv"\n`,
    });
    await addFiles(elsewhere, { more: 'CONFIG_A=1\n' });
    expect(watchedOutside(await load(folder))).toEqual([join(elsewhere, 'more'), join(elsewhere, 'table.csv')]);
    expect(watchGlobs.join()).not.toMatch(/ota/);
    const deep = await loadProject(await copyProject('v5.5'), diskFiles, { buildFolder: 'out/esp32' });
    expect(watchedOutside(deep).map((path) => path.slice(deep.folder.length + 1))).toEqual([
      'out/esp32/config/sdkconfig.json',
      'out/esp32/flasher_args.json',
      'out/esp32/project_description.json',
    ]);
  });
});

it('an image of 1.5 MB is part of a snapshot, with its digest', async () => {
  const app = makeApp({ extra: randomBytes(1_500_000), version: '1.4.0' });
  const project = await load(await copyProject('v5.5', { 'build/simple_ota.bin': app }));
  expect(project.app?.bytes.length).toBe(app.length);
  expect(project.app?.sha256).toMatch(/^[0-9a-f]{64}$/);
});
