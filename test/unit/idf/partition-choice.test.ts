import { describe, expect, it } from 'vitest';
import { chosenOf, projectConfig, type ConfigReader } from '../../../src/idf/config-reader.ts';
import { choosePartitionTable } from '../../../src/idf/partition-choice.ts';
import { readOtaConfig } from '../../../src/idf/ota-config.ts';
import { parseIdfVersion } from '../../../src/idf/idf-version.ts';
import { parseSdkconfig } from '../../../src/idf/sdkconfig.ts';

function config(sdkconfig: string, ...defaults: string[]): ConfigReader {
  return projectConfig(
    { path: '/p/sdkconfig', content: parseSdkconfig(sdkconfig) },
    defaults.map((text, index) => ({ path: `/p/defaults.${index}`, content: parseSdkconfig(text) })),
    undefined,
  );
}

describe('configuration in layers', () => {
  it('takes sdkconfig over defaults, and a later file of defaults over an earlier one', () => {
    const read = config('CONFIG_A=1\n', 'CONFIG_A=2\nCONFIG_B=2\nCONFIG_C=2\n', 'CONFIG_B=3\n');
    expect([read.int('A'), read.int('B'), read.int('C')]).toEqual([1, 3, 2]);
    expect(read.origin('B')).toEqual({ layer: 'defaults', path: '/p/defaults.1', line: 1, rank: 1 });
  });

  it('falls back to the deprecated name only where nothing else says anything', () => {
    const old =
      '# Deprecated options for backward compatibility\nCONFIG_A=9\nCONFIG_O=y\n# End of deprecated options\n';
    const read = config(`CONFIG_A=1\n${old}`);
    expect(read.int('A')).toBe(1);
    expect(read.bool('O')).toBe(true);
    expect(read.origin('O')?.layer).toBe('deprecated');
  });

  it('takes only whole numbers for numbers', () => {
    const read = config('CONFIG_A=12abc\nCONFIG_B=""\nCONFIG_C=0xzz\nCONFIG_D=1.5\n');
    expect(['A', 'B', 'C', 'D'].map((name) => read.int(name))).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('lets the last line of a choice count, and sdkconfig before defaults', () => {
    expect(chosenOf(config('CONFIG_X=y\nCONFIG_Y=y\n', 'CONFIG_Z=y\n'), ['X', 'Y', 'Z'])).toBe('Y');
    expect(chosenOf(config('# CONFIG_X is not set\n', 'CONFIG_Z=y\n'), ['X', 'Y', 'Z'])).toBe('Z');
    expect(chosenOf(config(''), ['X'])).toBeUndefined();
  });
});

describe('choice of the partition table', () => {
  it.each([
    ['CONFIG_PARTITION_TABLE_SINGLE_APP=y\n', 'partitions_singleapp.csv', false],
    ['CONFIG_PARTITION_TABLE_TWO_OTA=y\n', 'partitions_two_ota.csv', false],
    [
      'CONFIG_PARTITION_TABLE_TWO_OTA=y\nCONFIG_ESP_COREDUMP_ENABLE_TO_FLASH=y\n',
      'partitions_two_ota_coredump.csv',
      false,
    ],
    [
      'CONFIG_PARTITION_TABLE_TWO_OTA=y\nCONFIG_ESP32_COREDUMP_ENABLE_TO_FLASH=y\n',
      'partitions_two_ota_coredump.csv',
      false,
    ],
    ['CONFIG_PARTITION_TABLE_TWO_OTA_LARGE=y\n', 'partitions_two_ota_large.csv', false],
    ['CONFIG_PARTITION_TABLE_TWO_OTA_ENCRYPTED_NVS=y\n', 'partitions_two_ota_encr_nvs.csv', false],
    ['CONFIG_PARTITION_TABLE_CUSTOM=y\nCONFIG_PARTITION_TABLE_CUSTOM_FILENAME="a/b.csv"\n', 'a/b.csv', true],
    ['CONFIG_PARTITION_TABLE_CUSTOM=y\n', 'partitions.csv', true],
    ['CONFIG_PARTITION_TABLE_FILENAME="partitions_future.csv"\n', 'partitions_future.csv', false],
    ['CONFIG_PARTITION_TABLE_FILENAME="mine.csv"\n', 'mine.csv', true],
    ['', 'partitions_singleapp.csv', false],
  ])('%j picks %s', (text, file, isCustom) => {
    expect(choosePartitionTable(config(text))).toMatchObject({ file, isCustom });
  });

  it('has no file for two large OTA slots with core dumps in flash', () => {
    const choice = choosePartitionTable(
      config(
        'CONFIG_PARTITION_TABLE_TWO_OTA_LARGE=y\nCONFIG_ESP_COREDUMP_ENABLE_TO_FLASH=y\nCONFIG_PARTITION_TABLE_FILENAME=""\n',
      ),
    );
    expect(choice).toEqual({ choice: 'PARTITION_TABLE_TWO_OTA_LARGE', isCustom: false, hasCoredump: true });
  });

  it('tells a file name that is left from an earlier choice', () => {
    const text = 'CONFIG_PARTITION_TABLE_TWO_OTA=y\nCONFIG_PARTITION_TABLE_FILENAME="partitions_singleapp.csv"\n';
    expect(choosePartitionTable(config(text))).toMatchObject({
      file: 'partitions_two_ota.csv',
      staleFileName: 'partitions_singleapp.csv',
    });
  });
});

describe('configuration of the update', () => {
  const v = (text: string): ReturnType<typeof parseIdfVersion> => parseIdfVersion(text);

  it('finds the URL under the names of the examples, and of a project of its own', () => {
    const upgrade = readOtaConfig(config('CONFIG_EXAMPLE_FIRMWARE_UPGRADE_URL="https://a/b.bin"\n'), v('5.5'));
    expect(upgrade.firmwareUrl).toMatchObject({ symbol: 'EXAMPLE_FIRMWARE_UPGRADE_URL', value: 'https://a/b.bin' });
    const native = readOtaConfig(config('CONFIG_EXAMPLE_FIRMWARE_UPG_URL="FROM_STDIN"\n'), v('5.5'));
    expect(native).toMatchObject({ isUrlFromConsole: true, firmwareUrl: { symbol: 'EXAMPLE_FIRMWARE_UPG_URL' } });
    const own = readOtaConfig(
      config('CONFIG_MY_OTA_SERVER_URL="http://c/d"\nCONFIG_MY_HOME_URL="http://e"\n'),
      v('5.5'),
      ['MY_HOME_URL', 'MY_OTA_SERVER_URL'],
    );
    expect(own.firmwareUrl).toMatchObject({ symbol: 'MY_OTA_SERVER_URL', origin: { path: '/p/sdkconfig', line: 1 } });
  });

  it('knows the option for plain HTTP by its name of each version', () => {
    expect(readOtaConfig(config('CONFIG_OTA_ALLOW_HTTP=y\n'), v('4.4.8'))).toMatchObject({
      allowsHttp: true,
      allowHttpSymbol: 'OTA_ALLOW_HTTP',
    });
    expect(readOtaConfig(config('CONFIG_ESP_HTTPS_OTA_ALLOW_HTTP=y\n'), v('5.0'))).toMatchObject({
      allowsHttp: true,
      allowHttpSymbol: 'ESP_HTTPS_OTA_ALLOW_HTTP',
    });
    expect(readOtaConfig(config(''), v('6.0')).allowsHttp).toBe(false);
  });

  it('knows that ranges need their option from ESP-IDF 6.0', () => {
    expect(readOtaConfig(config(''), v('5.5')).canDownloadPartially).toBe(true);
    expect(readOtaConfig(config(''), v('6.0')).canDownloadPartially).toBe(false);
    expect(
      readOtaConfig(config('CONFIG_ESP_HTTPS_OTA_ENABLE_PARTIAL_DOWNLOAD=y\n'), v('6.0')).canDownloadPartially,
    ).toBe(true);
  });

  it('takes the flash size from the choice, not from the text derived from it', () => {
    const text = 'CONFIG_ESPTOOLPY_FLASHSIZE_16MB=y\nCONFIG_ESPTOOLPY_FLASHSIZE="2MB"\n';
    expect(readOtaConfig(config(text), undefined).flashSizeBytes).toBe(16 * 1024 * 1024);
    expect(readOtaConfig(config('CONFIG_ESPTOOLPY_FLASHSIZE="4MB"\n'), undefined).flashSizeBytes).toBe(4 * 1024 * 1024);
    expect(readOtaConfig(config(''), undefined).flashSizeBytes).toBeUndefined();
  });
});
