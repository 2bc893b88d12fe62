import '../errors.ts';
import { OtaError } from '../../base/ota-error.ts';

/** Where a revision's number is kept, in words of a block of eFuses: `[word, lowest bit, width]`, lowest part first. */
type Field = readonly [word: number, bit: number, width: number];

/** What a host can tell a chip by while it is in the ROM's download mode. */
export interface LoaderChip {
  readonly target: string;
  /** `esp_chip_id_t`. */
  readonly id: number;
  /** What the register at 0x40001000 holds. Later chips are told apart by their id instead. */
  magic(revision: number): number;
  /** The value field of the eight answers to SYNC. */
  readonly syncValue: number;
  /** Bytes of GET_SECURITY_INFO; 0 where the ROM has no such command. */
  readonly securityInfoBytes: 0 | 12 | 20;
  /** Block of eFuses with the MAC address in its first two words. */
  readonly efuseBlock: number;
  readonly major: readonly Field[];
  readonly minor: readonly Field[];
  readonly uartClockDivider: number;
  readonly crystalMhz: number;
  readonly spiBase: number;
  readonly spi: SpiLayout;
  /** The byte in RAM that says over which port the ROM talks, and its value for USB-Serial/JTAG. */
  readonly port?: { readonly address: number; readonly usbSerialJtag: number };
  readonly watchdog?: WatchdogLayout;
  /** After `boot:`. */
  readonly downloadWords: string;
  /** A fifth word in FLASH_BEGIN (encrypted or not) is expected. */
  readonly hasEncryptedWord: boolean;
}

export interface SpiLayout {
  readonly usr1: number;
  readonly usr2: number;
  readonly w0: number;
  /** The address is left-aligned in its register. */
  readonly isAddressMsb: boolean;
}

export interface WatchdogLayout {
  readonly protect: number;
  readonly config0: number;
  readonly config1: number;
}

const LATER_SPI: SpiLayout = { usr1: 0x1c, usr2: 0x20, w0: 0x58, isAddressMsb: true };
const LSB_SPI: SpiLayout = { ...LATER_SPI, isAddressMsb: false };
const SYNC_VALUE = 0x20120707;

const later = {
  syncValue: SYNC_VALUE,
  securityInfoBytes: 20,
  crystalMhz: 40,
  spi: LATER_SPI,
  hasEncryptedWord: true,
} as const;

/** The ESP32-C3 and S3 keep the fourth bit of the minor revision apart. */
const SPLIT_MINOR: readonly Field[] = [
  [3, 18, 3],
  [5, 23, 1],
];

/** Register addresses and eFuse fields are those every host reads.
 * @see ESP-IDF v5.5 components/soc/{chip}/register/soc, components/efuse/{chip}/esp_efuse_table.csv; esptool documentation, "Serial Protocol" */
const CHIPS: readonly LoaderChip[] = [
  {
    target: 'esp32',
    id: 0,
    magic: () => 0x00f01d83,
    syncValue: 0x55551207,
    securityInfoBytes: 0,
    efuseBlock: 0x3ff5a004,
    // one bit a step, of which the third lies in another register: see `esp32Revision`
    major: [],
    minor: [[4, 24, 2]],
    uartClockDivider: 0x3ff40014,
    crystalMhz: 40,
    spiBase: 0x3ff42000,
    spi: { usr1: 0x20, usr2: 0x24, w0: 0x80, isAddressMsb: true },
    downloadWords: '0x3 (DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2))',
    hasEncryptedWord: false,
  },
  {
    ...later,
    target: 'esp32s2',
    id: 2,
    magic: () => 0x000007c6,
    securityInfoBytes: 12,
    efuseBlock: 0x3f41a044,
    major: [[3, 18, 2]],
    minor: [
      [4, 4, 3],
      [3, 20, 1],
    ],
    uartClockDivider: 0x3f400014,
    spiBase: 0x3f402000,
    spi: LSB_SPI,
    watchdog: { protect: 0x3f4080ac, config0: 0x3f408094, config1: 0x3f408098 },
    downloadWords: '0x7 (DOWNLOAD(USB/UART0))',
  },
  {
    ...later,
    target: 'esp32s3',
    id: 9,
    magic: () => 9,
    efuseBlock: 0x60007044,
    major: [[5, 24, 2]],
    minor: SPLIT_MINOR,
    uartClockDivider: 0x60000014,
    spiBase: 0x60002000,
    port: { address: 0x3fcef14c, usbSerialJtag: 4 },
    watchdog: { protect: 0x600080b0, config0: 0x60008098, config1: 0x6000809c },
    downloadWords: '0x0 (DOWNLOAD(USB/UART0))',
  },
  {
    ...later,
    target: 'esp32c2',
    id: 12,
    magic: (revision) => (revision < 200 ? 0x6f51306f : 0x7c41a06f),
    efuseBlock: 0x60008840,
    major: [[1, 20, 2]],
    minor: [[1, 16, 4]],
    uartClockDivider: 0x60000014,
    crystalMhz: 26,
    spiBase: 0x60002000,
    downloadWords: '0x4 (DOWNLOAD(UART0))',
  },
  {
    ...later,
    target: 'esp32c3',
    id: 5,
    magic: (revision) => (revision < 3 ? 0x6921506f : revision < 101 ? 0x1b31506f : 0x4881606f),
    efuseBlock: 0x60008844,
    major: [[5, 24, 2]],
    minor: SPLIT_MINOR,
    uartClockDivider: 0x60000014,
    spiBase: 0x60002000,
    port: { address: 0x3fcdf07c, usbSerialJtag: 3 },
    watchdog: { protect: 0x600080a8, config0: 0x60008090, config1: 0x60008094 },
    downloadWords: '0x4 (DOWNLOAD(USB/UART0/1))',
  },
  {
    ...later,
    target: 'esp32c6',
    id: 13,
    magic: () => 0x2ce0806f,
    efuseBlock: 0x600b0844,
    major: [[3, 22, 2]],
    minor: [[3, 18, 4]],
    uartClockDivider: 0x60000014,
    spiBase: 0x60003000,
    port: { address: 0x4087f580, usbSerialJtag: 3 },
    downloadWords: '0x4 (DOWNLOAD(USB/UART0/SDIO_REI_FEO))',
  },
  {
    ...later,
    target: 'esp32h2',
    id: 16,
    magic: () => 0xd7b73e80,
    efuseBlock: 0x600b0844,
    major: [[3, 21, 2]],
    minor: [[3, 18, 3]],
    uartClockDivider: 0x60000014,
    crystalMhz: 32,
    spiBase: 0x60003000,
    port: { address: 0x4084fefc, usbSerialJtag: 3 },
    downloadWords: '0x4 (DOWNLOAD(USB/UART0))',
  },
  {
    ...later,
    target: 'esp32p4',
    id: 18,
    magic: (revision) => (revision < 300 ? 0x0 : 0x07039ad9),
    efuseBlock: 0x5012d044,
    major: [
      [2, 4, 2],
      [2, 23, 1],
    ],
    minor: [[2, 0, 4]],
    uartClockDivider: 0x500ca014,
    spiBase: 0x5008d000,
    spi: LSB_SPI,
    port: { address: 0x4ff3fec8, usbSerialJtag: 6 },
    watchdog: { protect: 0x50116018, config0: 0x50116000, config1: 0x50116004 },
    downloadWords: '0x307 (DOWNLOAD(USB/UART0/SPI))',
  },
];

/** The chips that can be flashed over the simulated line. */
export const LOADER_TARGETS: readonly string[] = CHIPS.map((chip) => chip.target);

/** @throws {OtaError} `board.badSetup` for a target that is not among {@link LOADER_TARGETS}. */
export function loaderChip(target: string): LoaderChip {
  const found = CHIPS.find((chip) => chip.target === target);
  if (found === undefined) throw new OtaError('board.badSetup', { field: 'chip', reason: 'unknownChip' });
  return found;
}
