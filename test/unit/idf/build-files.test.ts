import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mapBuiltPath } from '../../../src/idf/build-folder.ts';
import { parseBuildConfig } from '../../../src/idf/build-config.ts';
import { configReader } from '../../../src/idf/config-reader.ts';
import { parseFlasherArgs } from '../../../src/idf/flasher-args.ts';
import { parseProjectDescription } from '../../../src/idf/project-description.ts';
import { FIXTURES } from './project-folder.ts';

const read = (generation: string, file: string): Promise<string> =>
  readFile(join(FIXTURES, generation, 'build', file), 'utf8');

describe('project_description.json', () => {
  it.each([
    [
      'v4.4',
      {
        formatVersion: '1',
        projectName: 'native_ota',
        target: 'esp32',
        gitRevision: 'v4.4.8',
        appBin: 'native_ota.bin',
      },
    ],
    ['v5.1', { formatVersion: '1.1', projectVersion: '3.1.4', target: 'esp32c3', minRevision: 0, maxRevision: 399 }],
    ['v5.5', { formatVersion: '1.2', projectVersion: '1.4.0', configFile: '/project/sdkconfig', monitorBaud: 115200 }],
    ['v6.0', { formatVersion: '1.2', projectVersion: 'v2.5.0', configDefaults: ['/project/sdkconfig.defaults'] }],
  ])('of ESP-IDF %s is read', async (generation, facts) => {
    expect(parseProjectDescription(await read(generation, 'project_description.json'))).toMatchObject(facts);
  });

  it('leaves out what is missing, empty or of another kind', () => {
    const text = '{"version":"1.3","min_rev":"","max_rev":"x","project_name":7,"target":"","app_bin":null}';
    expect(parseProjectDescription(text)).toEqual({ formatVersion: '1.3', configDefaults: [] });
  });

  it.each(['', '{', '[]', 'null', '"text"', '{"a":1'])('refuses %j by code', (text) => {
    expect(() => parseProjectDescription(text)).toThrow(/idfJson\.invalid/);
  });
});

describe('flasher_args.json', () => {
  it('is read in the spelling with underscores', async () => {
    expect(parseFlasherArgs(await read('v5.3', 'flasher_args.json'))).toEqual({
      spelling: 'underscore',
      flashMode: 'dio',
      flashSize: '8MB',
      flashFrequency: '80m',
      writeFlashArgs: ['--flash_mode', 'dio', '--flash_size', '8MB', '--flash_freq', '80m'],
      files: [
        { name: 'bootloader', offset: 0, file: 'bootloader/bootloader.bin', isEncrypted: false },
        { name: 'partition-table', offset: 0x8000, file: 'partition_table/partition-table.bin', isEncrypted: false },
        { name: 'otadata', offset: 0x10000, file: 'ota_data_initial.bin', isEncrypted: false },
        { name: 'app', offset: 0x20000, file: 'simple_ota.bin', isEncrypted: false },
        { name: 'storage', offset: 0x600000, file: 'storage.bin', isEncrypted: true },
      ],
      before: 'default-reset',
      after: 'hard-reset',
      usesStub: true,
      chip: 'esp32s3',
    });
  });

  it('is read in the spelling with dashes, to the same words', async () => {
    const { spelling, before, after, files } = parseFlasherArgs(await read('v6.0', 'flasher_args.json'));
    expect({ spelling, before, after }).toEqual({ spelling: 'dash', before: 'default-reset', after: 'hard-reset' });
    expect(files.map(({ name, offset }) => [name, offset])).toEqual([
      ['bootloader', 0],
      ['partition-table', 0x8000],
      ['otadata', 0xf000],
      ['app', 0x20000],
    ]);
  });

  it('keeps files that have no entry of their own', () => {
    const { files } = parseFlasherArgs('{"flash_files":{"0x1000":"a.bin","0x10":"b.bin"}}');
    expect(files).toEqual([
      { offset: 0x10, file: 'b.bin', isEncrypted: false },
      { offset: 0x1000, file: 'a.bin', isEncrypted: false },
    ]);
  });

  it('refuses an offset that is none', () => {
    expect(() => parseFlasherArgs('{"flash_files":{"here":"a.bin"}}')).toThrow(/flasherArgs\.badOffset/);
  });
});

describe('build/config/sdkconfig.json', () => {
  it('gives typed values, by name with or without CONFIG_', async () => {
    const entries = parseBuildConfig(await read('v4.4', 'config/sdkconfig.json'));
    const config = configReader([{ layer: 'build', path: '/x', entries }]);
    expect(config.bool('CONFIG_OTA_ALLOW_HTTP')).toBe(true);
    expect(config.bool('EXAMPLE_SKIP_VERSION_CHECK')).toBe(false);
    expect(config.int('EXAMPLE_OTA_RECV_TIMEOUT')).toBe(5000);
    expect(config.hex('CONFIG_PARTITION_TABLE_OFFSET')).toBe(0x8000);
    expect(config.string('EXAMPLE_WIFI_PASSWORD')).toBe('my "pass" \\ word');
    expect(config.bool('NO_SUCH_SYMBOL')).toBeUndefined();
  });
});

describe('a path that a build wrote down', () => {
  it.each([
    ['/project/sdkconfig', '/project', '/home/me/app/sdkconfig'],
    ['C:\\work\\app\\sub\\sdkconfig', 'C:/work/app/', '/home/me/app/sub/sdkconfig'],
    ['/elsewhere/sdkconfig', '/project', '/elsewhere/sdkconfig'],
    ['/projects/sdkconfig', '/project', '/projects/sdkconfig'],
  ])('%s in %s is %s here', (path, base, expected) => {
    expect(mapBuiltPath(path, base, '/home/me/app')).toBe(expected);
  });
});
