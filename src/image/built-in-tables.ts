import type { IdfVersion } from './partition-types.ts';

/** A table that comes with ESP-IDF. */
export interface BuiltInTable {
  /** Rows as the CSV of that name has them; comments and blanks are ours. */
  readonly csv: string;
  /** The first ESP-IDF version that has it. */
  readonly sinceIdf: IdfVersion;
}

const HEAD = '# Name, Type, SubType, Offset, Size, Flags';
const NVS = 'nvs, data, nvs, 0x9000, 24K';
const PHY = 'phy_init, data, phy, 0xf000, 4K';
const TWO_OTA = [
  'nvs, data, nvs, 0x9000, 16K',
  'otadata, data, ota, 0xd000, 8K',
  PHY,
  'factory, app, factory, 0x10000, 1M',
];
const COREDUMP = 'coredump, data, coredump, , 64K';
const KEYS = 'nvs_key, data, nvs_keys, , 4K, encrypted';
const OTA = (size: string): string[] => [`ota_0, app, ota_0, , ${size}`, `ota_1, app, ota_1, , ${size}`];
const SINGLE = [NVS, PHY, 'factory, app, factory, 0x10000, 1M'];
const LARGE = [NVS, PHY, 'factory, app, factory, 0x10000, 1500K'];

function table(major: number, minor: number, rows: readonly string[]): BuiltInTable {
  return { csv: [HEAD, ...rows, ''].join('\n'), sinceIdf: { major, minor } };
}

/** The tables of ESP-IDF by file name, as `CONFIG_PARTITION_TABLE_FILENAME` says it.
 * @see ESP-IDF v6.0 `components/partition_table/*.csv`, `Kconfig.projbuild` */
export const BUILT_IN_TABLES: Readonly<Record<string, BuiltInTable>> = {
  'partitions_singleapp.csv': table(1, 0, SINGLE),
  'partitions_singleapp_coredump.csv': table(3, 0, [...SINGLE, COREDUMP]),
  'partitions_singleapp_encr_nvs.csv': table(4, 3, [...SINGLE, KEYS]),
  'partitions_singleapp_large.csv': table(4, 4, LARGE),
  'partitions_singleapp_large_coredump.csv': table(4, 4, [...LARGE, COREDUMP]),
  'partitions_singleapp_large_encr_nvs.csv': table(4, 4, [...LARGE, KEYS]),
  'partitions_singleapp_tee.csv': table(5, 5, [
    'tee, app, tee_0, , 256K',
    'secure_storage, data, nvs, , 64K',
    'factory, app, factory, , 1536K',
    'nvs, data, nvs, , 24K',
    'phy_init, data, phy, , 4K',
  ]),
  'partitions_two_ota.csv': table(1, 0, [...TWO_OTA, ...OTA('1M')]),
  'partitions_two_ota_coredump.csv': table(3, 0, [...TWO_OTA, COREDUMP, ...OTA('1M')]),
  'partitions_two_ota_encr_nvs.csv': table(4, 3, [...TWO_OTA, ...OTA('1M'), KEYS]),
  'partitions_two_ota_large.csv': table(5, 4, [
    NVS,
    'otadata, data, ota, , 8K',
    'phy_init, data, phy, , 4K',
    ...OTA('1700K'),
  ]),
  'partitions_two_ota_tee.csv': table(5, 5, [
    'tee_0, app, tee_0, , 256K',
    'tee_1, app, tee_1, , 256K',
    'tee_otadata, data, tee_ota, , 8K',
    'secure_storage, data, nvs, , 56K',
    ...OTA('1536K'),
    'otadata, data, ota, , 8K',
    'nvs, data, nvs, , 24K',
    'phy_init, data, phy, , 4K',
  ]),
};

/** A table by its file name; a path before the name does not matter. */
export function builtInTable(fileName: string): BuiltInTable | undefined {
  const name = fileName.split(/[\\/]/).at(-1) ?? '';
  return Object.hasOwn(BUILT_IN_TABLES, name) ? BUILT_IN_TABLES[name] : undefined;
}
