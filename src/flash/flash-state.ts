import { SECTOR_BYTES } from '../image/flash-sector.ts';

/** A piece of flash, in bytes from its start. */
export interface FlashRegion {
  readonly offset: number;
  readonly lengthBytes: number;
}

/** What is in flash, as far as it was observed.
 * - `untouched`: no byte was written or erased.
 * - `partlyWritten`: `regions` may hold old, new or erased bytes; the rest is as it was.
 * - `notVerified`: everything is written, but nobody has read it back.
 * - `verified`: the chip computed the digests of what was to be written, over `regions`. */
export type FlashState =
  | { readonly kind: 'untouched' }
  | { readonly kind: 'partlyWritten'; readonly regions: readonly FlashRegion[] }
  | { readonly kind: 'notVerified'; readonly regions: readonly FlashRegion[] }
  | { readonly kind: 'verified'; readonly regions: readonly FlashRegion[] };

/** Keeps account of what was touched and what was seen to be right. */
export class FlashLedger {
  readonly #planned: readonly FlashRegion[];
  #touched: FlashRegion[] = [];
  readonly #written = new Set<FlashRegion>();
  readonly #verified = new Set<FlashRegion>();

  constructor(planned: readonly FlashRegion[]) {
    this.#planned = planned;
  }

  /** Bytes of this region may change from now on. */
  touch(offset: number, lengthBytes: number): void {
    const from = offset - (offset % SECTOR_BYTES);
    const end = Math.ceil((offset + lengthBytes) / SECTOR_BYTES) * SECTOR_BYTES;
    this.#touched = joined([...this.#touched, { offset: from, lengthBytes: end - from }]);
  }

  /** Everything of a planned region is in flash, as far as the chip said. */
  wrote(region: FlashRegion): void {
    this.#written.add(region);
  }

  /** The chip's digest of the region is that of the plan. */
  verified(region: FlashRegion): void {
    this.#verified.add(region);
  }

  state(): FlashState {
    const planned = this.#planned;
    if (planned.length > 0 && planned.every((region) => this.#verified.has(region))) {
      return { kind: 'verified', regions: planned };
    }
    if (planned.length > 0 && planned.every((region) => this.#written.has(region) || this.#verified.has(region))) {
      return { kind: 'notVerified', regions: planned };
    }
    if (this.#touched.length === 0) return { kind: 'untouched' };
    return { kind: 'partlyWritten', regions: this.#touched };
  }
}

/** Sorted, with regions that touch or overlap made one. */
function joined(regions: readonly FlashRegion[]): FlashRegion[] {
  const result: FlashRegion[] = [];
  for (const region of [...regions].sort((one, other) => one.offset - other.offset)) {
    const last = result.at(-1);
    if (last !== undefined && region.offset <= last.offset + last.lengthBytes) {
      const end = Math.max(last.offset + last.lengthBytes, region.offset + region.lengthBytes);
      result[result.length - 1] = { offset: last.offset, lengthBytes: end - last.offset };
    } else {
      result.push(region);
    }
  }
  return result;
}
