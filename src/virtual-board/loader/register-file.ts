import { efuseRegisters } from './efuse-words.ts';
import type { LoaderChip } from './loader-chips.ts';
import { esp32SecurityWords, type SecurityFuses } from './security-info.ts';
import { SpiController } from './spi-controller.ts';

const MAGIC_ADDRESS = 0x40001000;
const WATCHDOG_KEY = 0x50d83aa1;
const WATCHDOG_ENABLE = 0x80000000;
/** The slow clock the watchdog counts with, in Hz. */
const SLOW_CLOCK_HZ = 136_000;

export interface RegisterFileOptions {
  readonly chip: LoaderChip;
  readonly mac: string;
  readonly revision: number;
  readonly crystalMhz: number;
  readonly flashSizeBytes: number;
  readonly isUsbSerialJtag: boolean;
  /** In force at the moment, for the clock divider of the UART. */
  readonly baud: () => number;
  /** The RTC watchdog was started: the chip resets itself after so long. */
  readonly onWatchdog: (afterMs: number) => void;
  readonly fuses: SecurityFuses;
}

/** What READ_REG and WRITE_REG see: eFuses, the UART's divider, the SPI peripheral, the RTC watchdog. Anything else holds what was written to it,
 * zero at first. */
export class RegisterFile {
  readonly #options: RegisterFileOptions;
  readonly #words: Map<number, number>;
  readonly #spi: SpiController;

  constructor(options: RegisterFileOptions) {
    const { chip, mac, revision, flashSizeBytes } = options;
    this.#options = options;
    this.#words = efuseRegisters(chip, mac, revision);
    if (chip.target === 'esp32') for (const [at, word] of esp32SecurityWords(options.fuses)) this.#words.set(at, word);
    this.#words.set(MAGIC_ADDRESS, chip.magic(revision));
    if (chip.port !== undefined && options.isUsbSerialJtag) {
      const isLaterP4 = chip.target === 'esp32p4' && revision >= 300;
      this.#words.set(isLaterP4 ? 0x4ffbfec8 : chip.port.address, chip.port.usbSerialJtag);
    }
    this.#spi = new SpiController(chip, flashSizeBytes, this.#words);
  }

  read(address: number): number {
    const { chip, crystalMhz, baud } = this.#options;
    if (address === chip.uartClockDivider) return Math.round((crystalMhz * 1_000_000) / baud());
    return this.#words.get(address) ?? 0;
  }

  write(address: number, value: number, mask = 0xffffffff): void {
    const merged = ((value & mask) | (this.read(address) & ~mask)) >>> 0;
    if (address === MAGIC_ADDRESS) return;
    this.#words.set(address, merged);
    this.#spi.written(address, merged);
    this.#watch(address, merged);
  }

  #watch(address: number, value: number): void {
    const { chip, onWatchdog } = this.#options;
    const layout = chip.watchdog;
    if (address !== layout?.config0 || (value & WATCHDOG_ENABLE) === 0) return;
    if (this.#words.get(layout.protect) !== WATCHDOG_KEY) return;
    onWatchdog(((this.#words.get(layout.config1) ?? 0) * 1000) / SLOW_CLOCK_HZ);
  }
}
