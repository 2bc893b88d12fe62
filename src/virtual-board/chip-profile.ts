/** Address ranges that the MMU maps from flash. */
type Range = readonly [from: number, below: number];

export interface ChipProfile {
  readonly id: number;
  readonly target: string;
  /** Where the ROM looks for the second-stage bootloader. */
  readonly bootloaderOffset: number;
  readonly isRiscV: boolean;
  readonly cores: 1 | 2;
  /** First lines after a reset, before `rst:`. */
  readonly banner: readonly string[];
  /** `boot:0x..`: the strapping pins of a normal boot. */
  readonly strapping: number;
  readonly mapped: readonly Range[];
  /** `SOC_MMU_PAGE_SIZE_CONFIGURABLE` */
  readonly hasMmuPageChoice: boolean;
  /** Revision of a board one can buy, major * 100 + minor. */
  readonly usualRevision: number;
}

function chip(
  id: number,
  target: string,
  bootloaderOffset: number,
  banner: readonly string[],
  mapped: readonly Range[],
  more: Partial<ChipProfile> = {},
): ChipProfile {
  return {
    id,
    target,
    bootloaderOffset,
    isRiscV: true,
    cores: 1,
    banner,
    strapping: 0x8,
    mapped,
    hasMmuPageChoice: false,
    usualRevision: 100,
    ...more,
  };
}

const XTENSA = { isRiscV: false } as const;

/** Every chip with a bootloader offset of its own. Ids as in `esp_app_format.h` (`esp_chip_id_t`), offsets as in
 * `CONFIG_BOOTLOADER_OFFSET_IN_FLASH`, mapped ranges as in `soc/ext_mem_defs.h` (`SOC_IROM_*`, `SOC_DROM_*`). ROM banners are those the chips
 * print; of the youngest (C61, H21, H4, S31) only the shape is known.
 * @see ESP-IDF v5.5 components/bootloader_support/include/esp_app_format.h */
const CHIPS: readonly ChipProfile[] = [
  chip(
    0x0000,
    'esp32',
    0x1000,
    ['ets Jul 29 2019 12:21:46', ''],
    [
      [0x400d0000, 0x40400000],
      [0x3f400000, 0x3f800000],
    ],
    { ...XTENSA, cores: 2, strapping: 0x13, usualRevision: 300 },
  ),
  chip(
    0x0002,
    'esp32s2',
    0x1000,
    ['ESP-ROM:esp32s2-rc4-20191025', 'Build:Oct 25 2019'],
    [
      [0x40080000, 0x40b80000],
      [0x3f000000, 0x3ff80000],
    ],
    XTENSA,
  ),
  chip(
    0x0005,
    'esp32c3',
    0x0,
    ['ESP-ROM:esp32c3-api1-20210207', 'Build:Feb  7 2021'],
    [
      [0x42000000, 0x42800000],
      [0x3c000000, 0x3c800000],
    ],
    { strapping: 0xc, usualRevision: 4 },
  ),
  chip(
    0x0009,
    'esp32s3',
    0x0,
    ['ESP-ROM:esp32s3-20210327', 'Build:Mar 27 2021'],
    [
      [0x42000000, 0x44000000],
      [0x3c000000, 0x3e000000],
    ],
    { ...XTENSA, cores: 2, usualRevision: 2 },
  ),
  chip(
    0x000c,
    'esp32c2',
    0x0,
    ['ESP-ROM:esp8684-api2-20220127', 'Build:Jan 27 2022'],
    [
      [0x42000000, 0x42400000],
      [0x3c000000, 0x3c400000],
    ],
    { strapping: 0xc, hasMmuPageChoice: true },
  ),
  chip(0x000d, 'esp32c6', 0x0, ['ESP-ROM:esp32c6-20220919', 'Build:Sep 19 2022'], [[0x42000000, 0x43000000]], {
    strapping: 0xc,
    hasMmuPageChoice: true,
    usualRevision: 1,
  }),
  chip(0x0010, 'esp32h2', 0x0, ['ESP-ROM:esp32h2-20221101', 'Build:Nov  1 2022'], [[0x42000000, 0x43000000]], {
    strapping: 0xc,
    hasMmuPageChoice: true,
    usualRevision: 1,
  }),
  chip(0x0012, 'esp32p4', 0x2000, ['ESP-ROM:esp32p4-20230811', 'Build:Aug 11 2023'], [[0x40000000, 0x44000000]], {
    cores: 2,
  }),
  chip(0x0014, 'esp32c61', 0x0, ['ESP-ROM:esp32c61'], [[0x42000000, 0x44000000]]),
  chip(0x0017, 'esp32c5', 0x2000, ['ESP-ROM:esp32c5-eco2-20250121', 'Build:Jan 21 2025'], [[0x42000000, 0x44000000]], {
    strapping: 0x18,
  }),
  chip(0x0019, 'esp32h21', 0x0, ['ESP-ROM:esp32h21'], [[0x42000000, 0x43000000]], { usualRevision: 0 }),
  chip(0x001c, 'esp32h4', 0x2000, ['ESP-ROM:esp32h4'], [[0x42000000, 0x43000000]], { usualRevision: 0 }),
  chip(0x0020, 'esp32s31', 0x2000, ['ESP-ROM:esp32s31'], [[0x40000000, 0x44000000]], { cores: 2, usualRevision: 0 }),
];

/** The chip of an ESP-IDF target name (`esp32s3`); undefined when there is none. */
export function findChip(target: string): ChipProfile | undefined {
  return CHIPS.find((candidate) => candidate.target === target);
}

const KIB = 1024;
const MIB = 1024 * KIB;

/** Bytes of a page that the MMU maps, as a build without a setting of its own has it: by the size of the flash it is for, where the chip has a choice.
 * @see ESP-IDF v5.2 components/esp_hw_support/Kconfig, "MMU Config" */
export function usualMmuPageBytes(profile: ChipProfile, flashSizeBytes: number): number {
  if (!profile.hasMmuPageChoice || flashSizeBytes > 2 * MIB) return 64 * KIB;
  return flashSizeBytes === 2 * MIB ? 32 * KIB : 16 * KIB;
}

/** Whether a segment at this address is mapped from flash rather than loaded into RAM. */
export function isMapped(profile: ChipProfile, address: number): boolean {
  return profile.mapped.some(([from, below]) => address >= from && address < below);
}

export type ResetCause = 'powerOn' | 'software' | 'bootloader' | 'panic';

const RESET_WORDS: Record<'esp32' | 'xtensa' | 'riscV', Record<ResetCause, string>> = {
  esp32: {
    powerOn: '0x1 (POWERON_RESET)',
    software: '0xc (SW_CPU_RESET)',
    bootloader: '0x3 (SW_RESET)',
    panic: '0xc (SW_CPU_RESET)',
  },
  xtensa: {
    powerOn: '0x1 (POWERON)',
    software: '0xc (RTC_SW_CPU_RST)',
    bootloader: '0x3 (RTC_SW_SYS_RST)',
    panic: '0xc (RTC_SW_CPU_RST)',
  },
  riscV: {
    powerOn: '0x1 (POWERON)',
    software: '0x3 (RTC_SW_SYS_RST)',
    bootloader: '0x3 (RTC_SW_SYS_RST)',
    panic: '0xc (RTC_SW_CPU_RST)',
  },
};

/** The reset cause as the chip's ROM words it: `0x1 (POWERON_RESET)`.
 * @see ESP-IDF v5.5 components/esp_rom/{chip}/include/{chip}/rom/rtc.h, `RESET_REASON` */
export function resetWords(profile: ChipProfile, cause: ResetCause): string {
  const family = profile.target === 'esp32' ? 'esp32' : profile.isRiscV ? 'riscV' : 'xtensa';
  return RESET_WORDS[family][cause];
}
