/** A chip that ESP-IDF builds for. */
export interface Chip {
  /** `chip_id` of the image header. */
  readonly id: number;
  /** `CONFIG_IDF_TARGET`, such as `esp32s3`. */
  readonly target: string;
  /** As Espressif writes it, such as `ESP32-S3`. */
  readonly name: string;
  /** Flash offset in bytes where the ROM expects the second-stage bootloader. */
  readonly bootloaderOffset: number;
  /** Address ranges [from, to) that are mapped from flash and not loaded: read-only data and code of an application. */
  readonly flashMapped: readonly (readonly [number, number])[];
  /** Of the pages it maps flash in, log2 of bytes, where a build can choose. ESP-IDF chose by the size of the flash (16 KB pages for 1 MB, 32 KB for
   * 2 MB, else 64 KB) before 5.4, when the description did not say which yet. */
  readonly smallestMmuPageLog2: number;
}

type Row = readonly [id: number, target: string, name: string, bootloaderOffset: number, mapped: Chip['flashMapped']];

const C3_LIKE = [
  [0x3c00_0000, 0x3e00_0000],
  [0x4200_0000, 0x4400_0000],
] as const;
const C6_LIKE = [[0x4200_0000, 0x4400_0000]] as const;
const P4_LIKE = [[0x4000_0000, 0x4c00_0000]] as const;

const ROWS: readonly Row[] = [
  [
    0x0000,
    'esp32',
    'ESP32',
    0x1000,
    [
      [0x3f40_0000, 0x3f80_0000],
      [0x400d_0000, 0x4040_0000],
    ],
  ],
  [
    0x0002,
    'esp32s2',
    'ESP32-S2',
    0x1000,
    [
      [0x3f00_0000, 0x3ff8_0000],
      [0x4008_0000, 0x4080_0000],
    ],
  ],
  [0x0005, 'esp32c3', 'ESP32-C3', 0, C3_LIKE],
  [0x0009, 'esp32s3', 'ESP32-S3', 0, C3_LIKE],
  [0x000c, 'esp32c2', 'ESP32-C2', 0, C3_LIKE],
  [0x000d, 'esp32c6', 'ESP32-C6', 0, C6_LIKE],
  [0x0010, 'esp32h2', 'ESP32-H2', 0, C6_LIKE],
  [0x0012, 'esp32p4', 'ESP32-P4', 0x2000, P4_LIKE],
  [0x0014, 'esp32c61', 'ESP32-C61', 0, C6_LIKE],
  [0x0017, 'esp32c5', 'ESP32-C5', 0x2000, C6_LIKE],
  [0x0019, 'esp32h21', 'ESP32-H21', 0, C6_LIKE],
  [0x001c, 'esp32h4', 'ESP32-H4', 0x2000, C6_LIKE],
  [0x001f, 'esp32e22', 'ESP32-E22', 0, C6_LIKE],
  [0x0020, 'esp32s31', 'ESP32-S31', 0x2000, P4_LIKE],
];

/** Chips of before ESP-IDF 5.4 with `SOC_MMU_PAGE_SIZE_CONFIGURABLE`.
 * @see ESP-IDF v5.2 components/esp_hw_support/Kconfig, `MMU_PAGE_SIZE_16KB`, `MMU_PAGE_SIZE_32KB` */
const WITH_PAGE_CHOICE = new Set(['esp32c2', 'esp32c6', 'esp32h2']);

/** Every chip known by its image id. An id that is not here is an unknown chip, not an error of the file.
 * @see ESP-IDF v6.0 `esp_app_format.h` (`esp_chip_id_t`), `soc.h` (mapped ranges); esptool 5.3 `targets/*.py` (`BOOTLOADER_FLASH_OFFSET`) */
export const CHIPS: readonly Chip[] = ROWS.map(([id, target, name, bootloaderOffset, flashMapped]) => ({
  id,
  target,
  name,
  bootloaderOffset,
  flashMapped,
  smallestMmuPageLog2: WITH_PAGE_CHOICE.has(target) ? 14 : 16,
}));

const BY_ID = new Map(CHIPS.map((chip) => [chip.id, chip]));
const BY_TARGET = new Map(CHIPS.map((chip) => [chip.target, chip]));

export function chipById(id: number): Chip | undefined {
  return BY_ID.get(id);
}

/** By `CONFIG_IDF_TARGET` (`esp32c3`). */
export function chipByTarget(target: string): Chip | undefined {
  return BY_TARGET.get(target);
}

/** By Espressif's name (`ESP32-C3`). */
export function chipByName(name: string): Chip | undefined {
  return CHIPS.find((chip) => chip.name === name);
}

/** `v3.1` of major * 100 + minor. */
export function revisionText(revision: number): string {
  return `v${Math.floor(revision / 100)}.${revision % 100}`;
}

/** `ESP32-C3`, or `unknown chip 0x1234` for an id nobody has given a name. */
export function chipName(id: number): string {
  return chipById(id)?.name ?? `unknown chip 0x${id.toString(16).padStart(4, '0')}`;
}
