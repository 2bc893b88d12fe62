// What differs from chip to chip in the files that a build makes. Deliberately apart from the extension's own table: the examples and the
// tests must not agree with a wrong one.

/**
 * @typedef {object} ChipFacts
 * @property {number} chipId `chip_id` of the image header
 * @property {string} name as Espressif writes it
 * @property {number} bootloaderOffset where the ROM looks for the bootloader, in bytes of flash
 * @property {number} drom first address of flash-mapped read-only data
 * @property {number} irom first address of flash-mapped code
 * @property {number} dram
 * @property {number} iram
 * @property {readonly [number, number, number]} bootloader load addresses of the bootloader's three segments
 * @property {number} bootloaderEntry
 * @property {Readonly<Record<string, number>>} flashFrequencies low nibble of header byte 3, the default second
 * @property {number} maxRevision newest supported revision as ESP-IDF 5.5 writes it, major * 100 + minor
 */

const CLASSIC = { '80m': 0xf, '40m': 0, '26m': 1, '20m': 2 };
const C2 = { '60m': 0xf, '30m': 0, '20m': 1, '15m': 2 };
const C6 = { '80m': 0, '40m': 0, '20m': 2 };
const H2 = { '48m': 0xf, '24m': 0, '16m': 1, '12m': 2 };

/** Load addresses of chips whose flash is mapped at 0x42000000 and whose memory begins at 0x40800000. */
const UNIFIED = { drom: 0x420d0000, irom: 0x42000000, dram: 0x40812000, iram: 0x40800000 };

/**
 * Load addresses lie in the ranges of esptool's targets; those of the bootloaders are the ones of real bootloaders of ESP-IDF 6.1 for
 * all but the last three chips.
 * @see esptool 5.3 `esptool/targets/*.py`
 * @type {Readonly<Record<string, ChipFacts>>}
 */
export const CHIPS = {
  esp32: {
    chipId: 0x0000,
    name: 'ESP32',
    bootloaderOffset: 0x1000,
    drom: 0x3f400000,
    irom: 0x400d0000,
    dram: 0x3ffb0000,
    iram: 0x40080000,
    bootloader: [0x3fff0040, 0x40078000, 0x40080400],
    bootloaderEntry: 0x40080640,
    flashFrequencies: CLASSIC,
    maxRevision: 399,
  },
  esp32s2: {
    chipId: 0x0002,
    name: 'ESP32-S2',
    bootloaderOffset: 0x1000,
    drom: 0x3f000000,
    irom: 0x40080000,
    dram: 0x3ffc0000,
    iram: 0x40024000,
    bootloader: [0x3ffe5110, 0x4004a000, 0x4004e000],
    bootloaderEntry: 0x4004a1b4,
    flashFrequencies: CLASSIC,
    maxRevision: 199,
  },
  esp32c3: {
    chipId: 0x0005,
    name: 'ESP32-C3',
    bootloaderOffset: 0x0,
    drom: 0x3c0d0000,
    irom: 0x42000000,
    dram: 0x3fc8a600,
    iram: 0x40380000,
    bootloader: [0x3fcd5830, 0x403cbf10, 0x403ce710],
    bootloaderEntry: 0x403cbf1a,
    flashFrequencies: CLASSIC,
    maxRevision: 199,
  },
  esp32s3: {
    chipId: 0x0009,
    name: 'ESP32-S3',
    bootloaderOffset: 0x0,
    drom: 0x3c0d0000,
    irom: 0x42000000,
    dram: 0x3fc98000,
    iram: 0x40374000,
    bootloader: [0x3fce2820, 0x403c8700, 0x403cb700],
    bootloaderEntry: 0x403c8900,
    flashFrequencies: CLASSIC,
    maxRevision: 99,
  },
  esp32c2: {
    chipId: 0x000c,
    name: 'ESP32-C2',
    bootloaderOffset: 0x0,
    drom: 0x3c0d0000,
    irom: 0x42000000,
    dram: 0x3fcac000,
    iram: 0x40380000,
    bootloader: [0x3fcd5c80, 0x403ac370, 0x403aeb70],
    bootloaderEntry: 0x403ac37a,
    flashFrequencies: C2,
    maxRevision: 299,
  },
  esp32c6: {
    chipId: 0x000d,
    name: 'ESP32-C6',
    bootloaderOffset: 0x0,
    ...UNIFIED,
    bootloader: [0x40875730, 0x4086b910, 0x4086e610],
    bootloaderEntry: 0x4086b91a,
    flashFrequencies: C6,
    maxRevision: 99,
  },
  esp32h2: {
    chipId: 0x0010,
    name: 'ESP32-H2',
    bootloaderOffset: 0x0,
    ...UNIFIED,
    bootloader: [0x408460f0, 0x4083c2d0, 0x4083efd0],
    bootloaderEntry: 0x4083c2da,
    flashFrequencies: H2,
    maxRevision: 199,
  },
  esp32p4: {
    chipId: 0x0012,
    name: 'ESP32-P4',
    bootloaderOffset: 0x2000,
    drom: 0x400d0000,
    irom: 0x40000000,
    dram: 0x4ff20000,
    iram: 0x4ff00000,
    bootloader: [0x4ffb60d0, 0x4ffab2c0, 0x4ffadfc0],
    bootloaderEntry: 0x4ffab2ca,
    flashFrequencies: CLASSIC,
    maxRevision: 199,
  },
  esp32c61: {
    chipId: 0x0014,
    name: 'ESP32-C61',
    bootloaderOffset: 0x0,
    ...UNIFIED,
    bootloader: [0x40845790, 0x4083b970, 0x4083e670],
    bootloaderEntry: 0x4083b97a,
    flashFrequencies: CLASSIC,
    maxRevision: 199,
  },
  esp32c5: {
    chipId: 0x0017,
    name: 'ESP32-C5',
    bootloaderOffset: 0x2000,
    ...UNIFIED,
    bootloader: [0x408556c0, 0x4084bba0, 0x4084e5a0],
    bootloaderEntry: 0x4084bbaa,
    flashFrequencies: CLASSIC,
    maxRevision: 199,
  },
  esp32h21: {
    chipId: 0x0019,
    name: 'ESP32-H21',
    bootloaderOffset: 0x0,
    ...UNIFIED,
    bootloader: [0x408460f0, 0x4083c2d0, 0x4083efd0],
    bootloaderEntry: 0x4083c2da,
    flashFrequencies: H2,
    maxRevision: 99,
  },
  esp32h4: {
    chipId: 0x001c,
    name: 'ESP32-H4',
    bootloaderOffset: 0x2000,
    ...UNIFIED,
    drom: 0x42800000,
    bootloader: [0x408460f0, 0x4083c2d0, 0x4083efd0],
    bootloaderEntry: 0x4083c2da,
    flashFrequencies: H2,
    maxRevision: 99,
  },
  esp32s31: {
    chipId: 0x0020,
    name: 'ESP32-S31',
    bootloaderOffset: 0x2000,
    drom: 0x400d0000,
    irom: 0x40000000,
    dram: 0x2f020000,
    iram: 0x2f000000,
    bootloader: [0x2f075730, 0x2f06b910, 0x2f06e610],
    bootloaderEntry: 0x2f06b91a,
    flashFrequencies: CLASSIC,
    maxRevision: 99,
  },
};

/**
 * @param {string} target such as `esp32s3`
 * @returns {ChipFacts}
 */
export function chipFacts(target) {
  const chip = CHIPS[target];
  if (chip === undefined) throw new RangeError(`No such chip: ${target}. Known: ${Object.keys(CHIPS).join(', ')}`);
  return chip;
}

/**
 * The target with this chip id, or undefined.
 * @param {number | undefined} chipId
 */
export function targetOfId(chipId) {
  return Object.keys(CHIPS).find((target) => CHIPS[target]?.chipId === chipId);
}

/** Codes of the `spi_mode` byte. */
export const FLASH_MODES = /** @type {const} */ ({ qio: 0, qout: 1, dio: 2, dout: 3, fastrd: 4, slowrd: 5 });

/** Codes of the high nibble of header byte 3. */
export const FLASH_SIZES = /** @type {const} */ ({
  '1MB': 0,
  '2MB': 1,
  '4MB': 2,
  '8MB': 3,
  '16MB': 4,
  '32MB': 5,
  '64MB': 6,
  '128MB': 7,
});
