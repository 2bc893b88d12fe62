import type { LoaderChip } from './loader-chips.ts';

const START = 1 << 18;
const READ_ID = 0x9f;
const READ_SFDP = 0x5a;
const MANUFACTURER = 0x20;
const MEMORY_TYPE = 0x40;
const SFDP_MAGIC = 0x50444653;

/** The id a flash chip of this size answers with: manufacturer, type and the power of two of its size, lowest byte first.
 * @see JEDEC JEP106; the datasheets of XMC's XM25QH series */
export function jedecId(sizeBytes: number): number {
  return MANUFACTURER | (MEMORY_TYPE << 8) | (Math.round(Math.log2(sizeBytes)) << 16);
}

/** Its discoverable parameters: the header, one parameter header, and the density.
 * @see JEDEC JESD216 sections 6.2 to 6.4 */
function sfdpWord(address: number, sizeBytes: number): number {
  switch (address) {
    case 0x00:
      return SFDP_MAGIC;
    case 0x04:
      return 0xff000106;
    case 0x08:
      return 0x10010600;
    case 0x0c:
      return 0xff000030;
    case 0x34:
      return sizeBytes * 8 - 1;
    default:
      return 0xffffffff;
  }
}

/** The SPI peripheral as far as a host drives it through registers: a command of one byte, an address, up to four bytes back. */
export class SpiController {
  readonly #chip: LoaderChip;
  readonly #sizeBytes: number;
  readonly #registers: Map<number, number>;

  constructor(chip: LoaderChip, flashSizeBytes: number, registers: Map<number, number>) {
    this.#chip = chip;
    this.#sizeBytes = flashSizeBytes;
    this.#registers = registers;
  }

  /** Runs what was set up when the start bit is written; the bit reads as zero again, because the transfer is over by then. */
  written(address: number, value: number): void {
    const { spiBase, spi } = this.#chip;
    if (address !== spiBase || (value & START) === 0) return;
    this.#registers.set(spiBase, 0);
    const command = (this.#registers.get(spiBase + spi.usr2) ?? 0) & 0xff;
    this.#registers.set(spiBase + spi.w0, this.#answer(command));
  }

  #answer(command: number): number {
    if (command === READ_ID) return jedecId(this.#sizeBytes);
    if (command !== READ_SFDP) return 0;
    const address = this.#registers.get(this.#chip.spiBase + 4) ?? 0;
    return sfdpWord(this.#chip.spi.isAddressMsb ? address >>> 8 : address, this.#sizeBytes) >>> 0;
  }
}
