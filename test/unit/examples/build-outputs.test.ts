import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findPemCertificates } from '../../../src/image/embedded-certificates.ts';
import { findUrls } from '../../../src/image/embedded-urls.ts';
import { parsePartitionTable } from '../../../src/image/partition-table.ts';
import { recogniseFile } from '../../../src/image/recognise-file.ts';
import { verifyImage } from '../../../src/image/verify-image.ts';
import { makeCertificate } from '../../support/make-certificate.ts';
import { buildOutputs } from '../../../examples/tools/build-outputs.mjs';

const examples = join(import.meta.dirname, '../../../examples');
const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
const NOON = new Date(2026, 0, 8, 12, 34, 56);
const LATER = new Date(2026, 0, 9, 1, 2, 3);

let scratch: string;
let project: string;

function copyOf(name: string): string {
  const folder = join(scratch, name);
  cpSync(join(examples, name), folder, {
    recursive: true,
    filter: (path) => !/[/\\]build$|[.]pem$|[.]bak$/.test(path),
  });
  return folder;
}

function app(name = 'simple_ota'): Buffer {
  return readFileSync(join(project, 'build', `${name}.bin`));
}

const text = (image: Buffer, at: number, room: number): string =>
  image.toString('latin1', at, at + room).split('\0')[0] ?? '';

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'esp32-ota-examples-'));
  project = copyOf('simple_ota');
  writeFileSync(join(project, 'server_certs/ca_cert.pem'), PEM);
  writeFileSync(join(project, 'version.txt'), '1.0.0\n');
});

afterEach(() => {
  rmSync(scratch, { recursive: true, force: true });
});

describe('building simple_ota', () => {
  it('makes the files of a build, with the project in the image', () => {
    buildOutputs({ projectFolder: project, now: NOON });
    const image = app();
    expect([
      text(image, 48, 32),
      text(image, 80, 32),
      text(image, 112, 16),
      text(image, 128, 16),
      text(image, 144, 32),
    ]).toEqual(['1.0.0', 'simple_ota', '12:34:56', 'Jan  8 2026', 'v5.5.1']);
    expect(image.includes(`${PEM}\0`)).toBe(true);
    expect(image.includes('https://127.0.0.1:8070/simple_ota.bin\0')).toBe(true);
    expect(image.includes('esp_https_ota\0')).toBe(true);
    const elf = readFileSync(join(project, 'build/simple_ota.elf'));
    expect(image.toString('hex', 176, 208)).toBe(createHash('sha256').update(elf).digest('hex'));
    expect(image.length).toBeGreaterThan(850 * 1024);
    expect(image.length).toBeLessThan(1700 * 1024);
    expect(readdirSync(join(project, 'build'), { recursive: true }).map(String).sort()).toEqual(
      [
        'bootloader',
        'bootloader/bootloader.bin',
        'build_outputs.json',
        'config',
        'config/sdkconfig.json',
        'flash_app_args',
        'flash_args',
        'flasher_args.json',
        'ota_data_initial.bin',
        'partition_table',
        'partition_table/partition-table.bin',
        'project_description.json',
        'simple_ota.bin',
        'simple_ota.elf',
      ].map((name) => join(...name.split('/'))),
    );
  });

  it('is what the extension reads a build to be', () => {
    const { pem } = makeCertificate('ESP32 OTA test');
    writeFileSync(join(project, 'server_certs/ca_cert.pem'), pem);
    buildOutputs({ projectFolder: project });
    const read = (name: string): Buffer => readFileSync(join(project, 'build', name));
    const checks = verifyImage(app(), { chipId: 0, chipRevision: 300, slotSizeBytes: 1700 * 1024 });
    expect(checks.filter((check) => check.outcome === 'failed' || check.outcome === 'warned')).toEqual([]);
    expect(checks.filter((check) => check.outcome === 'passed').map((check) => check.id)).toEqual(
      expect.arrayContaining(['magic', 'segments', 'checksum', 'digest', 'chip', 'revision', 'description', 'size']),
    );
    expect(findPemCertificates(app()).map((found) => found.pem.trim())).toEqual([pem.trim()]);
    expect(findUrls(app()).map((found) => found.url)).toContain('https://127.0.0.1:8070/simple_ota.bin');
    expect(recogniseFile(read('bootloader/bootloader.bin')).kind).toBe('bootloader');
    expect(recogniseFile(read('ota_data_initial.bin')).kind).toMatch(/otadata|erased/);
    expect(recogniseFile(read('simple_ota.elf')).kind).toBe('elf');
    const { partitions, hasMd5 } = parsePartitionTable(read('partition_table/partition-table.bin'));
    expect([hasMd5, ...partitions.map((row) => row.label)]).toEqual([
      true,
      'nvs',
      'otadata',
      'phy_init',
      'ota_0',
      'ota_1',
    ]);
  });

  it('describes itself as ESP-IDF does', () => {
    buildOutputs({ projectFolder: project });
    const read = (name: string): unknown => JSON.parse(readFileSync(join(project, 'build', name), 'utf8'));
    expect(read('project_description.json')).toMatchObject({
      version: '1.2',
      project_name: 'simple_ota',
      project_version: '1.0.0',
      app_bin: 'simple_ota.bin',
      target: 'esp32',
    });
    expect(read('flasher_args.json')).toMatchObject({
      write_flash_args: ['--flash_mode', 'dio', '--flash_size', '4MB', '--flash_freq', '40m'],
      flash_files: {
        '0x1000': 'bootloader/bootloader.bin',
        '0x8000': 'partition_table/partition-table.bin',
        '0xf000': 'ota_data_initial.bin',
        '0x20000': 'simple_ota.bin',
      },
      app: { offset: '0x20000', file: 'simple_ota.bin', encrypted: 'false' },
      extra_esptool_args: { chip: 'esp32', stub: true },
    });
    expect(read('config/sdkconfig.json')).toMatchObject({
      IDF_TARGET: 'esp32',
      PARTITION_TABLE_FILENAME: 'partitions_two_ota_large.csv',
      BOOTLOADER_APP_ROLLBACK_ENABLE: true,
      EXAMPLE_OTA_RECV_TIMEOUT: 5000,
    });
  });

  it('changes nothing when nothing has changed', () => {
    buildOutputs({ projectFolder: project, now: NOON });
    const before = app();
    expect(buildOutputs({ projectFolder: project, now: LATER }).written).toEqual([]);
    expect(app().equals(before)).toBe(true);
  });

  it('gives another image, with the new time, when a source changes, and the same bootloader', () => {
    buildOutputs({ projectFolder: project, now: NOON });
    const before = app();
    appendFileSync(join(project, 'main/simple_ota.c'), '\nint more = 1;\n');
    expect(buildOutputs({ projectFolder: project, now: LATER }).written).toEqual([
      'simple_ota.elf',
      'simple_ota.bin',
      'build_outputs.json',
    ]);
    expect(app().equals(before)).toBe(false);
    expect(text(app(), 128, 16)).toBe('Jan  9 2026');
  });

  it('follows version.txt, the certificate and the URL', () => {
    writeFileSync(join(project, 'version.txt'), '2.5.0-rc.1\n');
    writeFileSync(join(project, 'server_certs/ca_cert.pem'), PEM.replace('MIIB', 'MIIC'));
    const sdkconfig = join(project, 'sdkconfig');
    writeFileSync(sdkconfig, readFileSync(sdkconfig, 'utf8').replace('127.0.0.1:8070', '192.168.7.9:9000'));
    buildOutputs({ projectFolder: project });
    expect(text(app(), 48, 32)).toBe('2.5.0-rc.1');
    expect(app().includes('MIIC')).toBe(true);
    expect(app().includes('https://192.168.7.9:9000/simple_ota.bin')).toBe(true);
  });

  it('resolves the version in the order of ESP-IDF', () => {
    const version = (): string => buildOutputs({ projectFolder: project }).project.version;
    const cmake = join(project, 'CMakeLists.txt');
    const original = readFileSync(cmake, 'utf8');
    writeFileSync(cmake, original.replace('project(simple_ota)', 'project(simple_ota VERSION 4.0)'));
    expect(version()).toBe('1.0.0');
    rmSync(join(project, 'version.txt'));
    expect(version()).toBe('4.0');
    writeFileSync(cmake, `set(PROJECT_VER "5.0")\n${original}`);
    expect(version()).toBe('5.0');
    const sdkconfig = join(project, 'sdkconfig');
    writeFileSync(
      sdkconfig,
      readFileSync(sdkconfig, 'utf8').replace(
        '# CONFIG_APP_PROJECT_VER_FROM_CONFIG is not set',
        'CONFIG_APP_PROJECT_VER_FROM_CONFIG=y\nCONFIG_APP_PROJECT_VER="6.0"',
      ),
    );
    expect(version()).toBe('6.0');
  });

  it('builds for another chip', () => {
    const sdkconfig = join(project, 'sdkconfig');
    writeFileSync(
      sdkconfig,
      readFileSync(sdkconfig, 'utf8').replace('CONFIG_IDF_TARGET="esp32"', 'CONFIG_IDF_TARGET="esp32c3"'),
    );
    buildOutputs({ projectFolder: project });
    expect(app().readUInt16LE(12)).toBe(5);
  });

  it('takes a partition table of the project', () => {
    writeFileSync(join(project, 'partitions.csv'), 'otadata,data,ota,,8K\na,app,ota_0,,1M\nb,app,ota_1,,1M\n');
    const sdkconfig = join(project, 'sdkconfig');
    writeFileSync(
      sdkconfig,
      readFileSync(sdkconfig, 'utf8')
        .replace('CONFIG_PARTITION_TABLE_TWO_OTA_LARGE=y', '# CONFIG_PARTITION_TABLE_TWO_OTA_LARGE is not set')
        .replace('# CONFIG_PARTITION_TABLE_CUSTOM is not set', 'CONFIG_PARTITION_TABLE_CUSTOM=y'),
    );
    buildOutputs({ projectFolder: project });
    const table = readFileSync(join(project, 'build/partition_table/partition-table.bin'));
    expect(table.toString('latin1', 44, 46)).toBe('a\0');
    expect(table.readUInt32LE(36)).toBe(0x10000);
  });
});

describe('a build that cannot be', () => {
  const script = join(examples, 'tools/build-outputs.mjs');
  const run = (...options: string[]): ReturnType<typeof spawnSync> =>
    spawnSync(process.execPath, [script, ...options], { cwd: project, encoding: 'utf8' });

  it('names the missing certificate and the way out, and ends with 2', () => {
    rmSync(join(project, 'server_certs/ca_cert.pem'));
    const ended = run();
    expect(ended.status).toBe(2);
    expect(ended.stderr).toContain(join(project, 'server_certs', 'ca_cert.pem'));
    expect(ended.stderr).toContain('Install Certificate into Project');
    expect(existsSync(join(project, 'build'))).toBe(false);
  });

  it('goes on without the certificate when told so', () => {
    rmSync(join(project, 'server_certs/ca_cert.pem'));
    const ended = run('--allow-missing-certificate', '--quiet');
    expect([ended.status, ended.stdout, ended.stderr]).toEqual([0, '', '']);
    expect(app().includes('BEGIN CERTIFICATE')).toBe(false);
  });

  it('says when the table does not fit the flash', () => {
    const sdkconfig = join(project, 'sdkconfig');
    writeFileSync(
      sdkconfig,
      readFileSync(sdkconfig, 'utf8')
        .replace('CONFIG_ESPTOOLPY_FLASHSIZE_4MB=y', '')
        .replace('CONFIG_ESPTOOLPY_FLASHSIZE="4MB"', 'CONFIG_ESPTOOLPY_FLASHSIZE="2MB"'),
    );
    const ended = run();
    expect(ended.status).toBe(2);
    expect(ended.stderr).toContain('does not fit in configured flash size 2MB');
  });

  it('says when the folder is no project', () => {
    rmSync(join(project, 'CMakeLists.txt'));
    const ended = run();
    expect(ended.status).toBe(2);
    expect(ended.stderr).toContain('is not an ESP-IDF project');
  });
});

describe('building hello_world', () => {
  it('makes a plain application with no update client and no otadata', () => {
    project = copyOf('hello_world');
    buildOutputs({ projectFolder: project });
    const image = app('hello_world');
    expect(image.includes('Hello world!')).toBe(true);
    expect(image.includes('esp_https_ota')).toBe(false);
    expect(existsSync(join(project, 'build/ota_data_initial.bin'))).toBe(false);
    expect((image[3] ?? 0) >> 4).toBe(1);
  });

  it('makes sdkconfig from the defaults when there is none', () => {
    project = copyOf('hello_world');
    rmSync(join(project, 'sdkconfig'));
    writeFileSync(join(project, 'sdkconfig.defaults'), 'CONFIG_ESPTOOLPY_FLASHSIZE_8MB=y\n');
    buildOutputs({ projectFolder: project });
    expect((app('hello_world')[3] ?? 0) >> 4).toBe(3);
    expect(readFileSync(join(project, 'sdkconfig'), 'utf8')).toContain('CONFIG_ESPTOOLPY_FLASHSIZE_8MB=y');
  });
});
