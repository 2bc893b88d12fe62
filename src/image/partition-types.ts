/** Numbers and words of partition types.
 * @see ESP-IDF v6.0 `components/partition_table/gen_esp32part.py` (`TYPES`, `SUBTYPES`), `esp_partition.h` */
export const TYPE_APP = 0;
export const TYPE_DATA = 1;
export const TYPE_BOOTLOADER = 2;
export const TYPE_PARTITION_TABLE = 3;

export const SUBTYPE_FACTORY = 0x00;
export const SUBTYPE_OTA_FIRST = 0x10;
export const SUBTYPE_OTA_LAST = 0x1f;
export const SUBTYPE_TEST = 0x20;
export const SUBTYPE_DATA_OTA = 0x00;
export const SUBTYPE_DATA_NVS = 0x02;
export const SUBTYPE_DATA_COREDUMP = 0x03;
export const SUBTYPE_DATA_UNDEFINED = 0x06;
export const SUBTYPE_DATA_TEE_OTA = 0x90;
export const SUBTYPE_PRIMARY = 0x00;
export const SUBTYPE_RECOVERY = 0x02;

export interface IdfVersion {
  readonly major: number;
  readonly minor: number;
}

/** A word of the CSV. */
export interface Keyword {
  readonly name: string;
  readonly value: number;
  /** The first ESP-IDF version whose generator knows the word; absent: all of them. */
  readonly since?: IdfVersion;
}

const V5_0 = { major: 5, minor: 0 };
const V5_4 = { major: 5, minor: 4 };
const V5_5 = { major: 5, minor: 5 };

export const TYPE_KEYWORDS: readonly Keyword[] = [
  { name: 'app', value: TYPE_APP },
  { name: 'data', value: TYPE_DATA },
  { name: 'bootloader', value: TYPE_BOOTLOADER, since: V5_4 },
  { name: 'partition_table', value: TYPE_PARTITION_TABLE, since: V5_4 },
];

export const SUBTYPE_KEYWORDS: ReadonlyMap<number, readonly Keyword[]> = new Map([
  [
    TYPE_APP,
    [
      { name: 'factory', value: SUBTYPE_FACTORY },
      ...Array.from({ length: 16 }, (_, slot) => ({ name: `ota_${slot}`, value: SUBTYPE_OTA_FIRST + slot })),
      { name: 'test', value: SUBTYPE_TEST },
      { name: 'tee_0', value: 0x30, since: V5_5 },
      { name: 'tee_1', value: 0x31, since: V5_5 },
    ],
  ],
  [
    TYPE_DATA,
    [
      { name: 'ota', value: SUBTYPE_DATA_OTA },
      { name: 'phy', value: 0x01 },
      { name: 'nvs', value: SUBTYPE_DATA_NVS },
      { name: 'coredump', value: SUBTYPE_DATA_COREDUMP },
      { name: 'nvs_keys', value: 0x04 },
      { name: 'efuse', value: 0x05 },
      { name: 'undefined', value: SUBTYPE_DATA_UNDEFINED },
      { name: 'esphttpd', value: 0x80 },
      { name: 'fat', value: 0x81 },
      { name: 'spiffs', value: 0x82 },
      { name: 'littlefs', value: 0x83, since: V5_0 },
      { name: 'tee_ota', value: SUBTYPE_DATA_TEE_OTA, since: V5_5 },
    ],
  ],
  [
    TYPE_BOOTLOADER,
    [
      { name: 'primary', value: SUBTYPE_PRIMARY, since: V5_5 },
      { name: 'ota', value: 0x01 },
      { name: 'recovery', value: SUBTYPE_RECOVERY, since: V5_5 },
    ],
  ],
  [
    TYPE_PARTITION_TABLE,
    [
      { name: 'primary', value: SUBTYPE_PRIMARY, since: V5_5 },
      { name: 'ota', value: 0x01 },
    ],
  ],
]);

/** True when `version` is at least `major.minor`; an unknown version counts as the newest. */
export function isSince(version: IdfVersion | undefined, { major, minor }: IdfVersion): boolean {
  return version === undefined || version.major > major || (version.major === major && version.minor >= minor);
}

/** The words that the generator of an ESP-IDF version knows. */
export function knownKeywords(words: readonly Keyword[], version: IdfVersion | undefined): readonly Keyword[] {
  return words.filter(({ since }) => since === undefined || isSince(version, since));
}

/** The word of a type, or `0x40` style hex. */
export function typeName(type: number): string {
  return TYPE_KEYWORDS.find(({ value }) => value === type)?.name ?? hex(type);
}

/** The word of a subtype within its type, or `0x99` style hex. */
export function subtypeName(type: number, subtype: number): string {
  return SUBTYPE_KEYWORDS.get(type)?.find(({ value }) => value === subtype)?.name ?? hex(subtype);
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(2, '0')}`;
}
