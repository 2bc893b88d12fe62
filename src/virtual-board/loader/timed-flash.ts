import { createHash } from 'node:crypto';
import { sleep } from '../../base/abort.ts';
import type { Clock } from '../../base/clock.ts';
import { SECTOR_BYTES, type NorFlash } from '../nor-flash.ts';
import type { LoaderKnobs, LoaderTimes } from './loader-knobs.ts';

export const BLOCK_BYTES = 0x10000;
const PAGE_BYTES = 256;
const MIB = 1024 * 1024;

/** The flash chip as a loader drives it: one operation at a time, each taking its time; what an erase takes away is gone from its beginning. */
export class TimedFlash {
  readonly #flash: NorFlash;
  readonly #times: LoaderTimes;
  readonly #clock: Clock;
  readonly #knobs: () => LoaderKnobs;
  #readyAtMs = 0;

  constructor(flash: NorFlash, times: LoaderTimes, clock: Clock, knobs: () => LoaderKnobs) {
    this.#flash = flash;
    this.#times = times;
    this.#clock = clock;
    this.#knobs = knobs;
  }

  get sizeBytes(): number {
    return this.#flash.sizeBytes;
  }

  get isBusy(): boolean {
    return this.#clock.now() < this.#readyAtMs;
  }

  async whenReady(signal: AbortSignal): Promise<void> {
    while (this.isBusy) await sleep(this.#readyAtMs - this.#clock.now(), signal, this.#clock);
  }

  isBlank(offsetBytes: number, lengthBytes: number): boolean {
    return this.#flash.view(offsetBytes, lengthBytes).every((byte) => byte === 0xff);
  }

  /** Begins to erase one sector or one block; the flash must be ready. */
  startErase(offsetBytes: number, lengthBytes: number): void {
    const { sectorEraseMs = 0, blockEraseMs = 0 } = this.#times;
    this.#flash.erase(offsetBytes, lengthBytes);
    this.#occupy(lengthBytes === BLOCK_BYTES ? blockEraseMs : (lengthBytes / SECTOR_BYTES) * sectorEraseMs);
  }

  /** Erases whole sectors, with blocks where they fit, and waits for the end. */
  async erase(offsetBytes: number, lengthBytes: number, signal: AbortSignal): Promise<void> {
    const end = offsetBytes + lengthBytes;
    for (let at = offsetBytes; at < end;) {
      const unit = at % BLOCK_BYTES === 0 && end - at >= BLOCK_BYTES ? BLOCK_BYTES : SECTOR_BYTES;
      await this.whenReady(signal);
      this.startErase(at, unit);
      at += unit;
    }
    await this.whenReady(signal);
  }

  /** False when a stuck sector lies in the way. */
  async program(offsetBytes: number, data: Uint8Array, signal: AbortSignal): Promise<boolean> {
    await this.whenReady(signal);
    const stuck = this.#knobs().stuckSector;
    const end = offsetBytes + data.length;
    const stuckFrom = stuck === undefined ? end : Math.min(end, Math.max(offsetBytes, stuck.offsetBytes));
    const stuckTo = stuck === undefined ? end : Math.max(stuckFrom, Math.min(end, stuck.offsetBytes + SECTOR_BYTES));
    if (stuckFrom > offsetBytes) this.#flash.program(offsetBytes, data.subarray(0, stuckFrom - offsetBytes));
    if (end > stuckTo) this.#flash.program(stuckTo, data.subarray(stuckTo - offsetBytes));
    this.#occupy(Math.ceil(data.length / PAGE_BYTES) * (this.#times.pageProgramMs ?? 0));
    await this.whenReady(signal);
    return stuckTo === stuckFrom;
  }

  async read(offsetBytes: number, lengthBytes: number, signal: AbortSignal): Promise<Uint8Array> {
    await this.whenReady(signal);
    return this.#flash.read(offsetBytes, lengthBytes);
  }

  async md5(offsetBytes: number, lengthBytes: number, signal: AbortSignal): Promise<Uint8Array> {
    await this.whenReady(signal);
    const digest = createHash('md5').update(this.#flash.view(offsetBytes, lengthBytes)).digest();
    if (this.#knobs().wrongMd5 === true) digest[0] = (digest[0] ?? 0) ^ 0xff;
    this.#occupy((lengthBytes / MIB) * (this.#times.md5MsPerMib ?? 0));
    await this.whenReady(signal);
    return digest;
  }

  #occupy(forMs: number): void {
    if (forMs > 0) this.#readyAtMs = Math.max(this.#readyAtMs, this.#clock.now()) + forMs;
  }
}
