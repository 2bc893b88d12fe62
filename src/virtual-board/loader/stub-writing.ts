import { SECTOR_BYTES } from '../nor-flash.ts';
import { Inflate } from './inflate.ts';
import type { LoaderContext } from './loader-context.ts';
import { DATA_HEADER_BYTES, OP, payloadChecksum, word, type Request } from './packets.ts';
import { STUB_ERROR, type StubReply } from './stub-reply.ts';
import { BLOCK_BYTES, type TimedFlash } from './timed-flash.ts';

/** Erases ahead of the writing, a block or a sector at a time: each unit is begun and not waited for. What is blank already is skipped, until the first
 * unit that is not.
 * @see esp-flasher-stub v1.1, esp-stub-lib src/flash.c, `stub_lib_flash_start_next_erase` */
class EraseAhead {
  readonly #flash: TimedFlash;
  #next: number;
  #end: number;
  #isDirtySeen = false;

  constructor(flash: TimedFlash, offsetBytes: number, lengthBytes: number) {
    this.#flash = flash;
    this.#next = offsetBytes - (offsetBytes % SECTOR_BYTES);
    this.#end = Math.ceil((offsetBytes + lengthBytes) / SECTOR_BYTES) * SECTOR_BYTES;
  }

  get next(): number {
    return this.#next;
  }

  /** False when the unit is outside the chip. */
  startNext(): boolean {
    while (this.#next < this.#end && !this.#flash.isBusy) {
      const isBlock = this.#next % BLOCK_BYTES === 0 && this.#end - this.#next >= BLOCK_BYTES;
      const unit = isBlock ? BLOCK_BYTES : SECTOR_BYTES;
      if (this.#next + unit > this.#flash.sizeBytes) return false;
      const at = this.#next;
      this.#next += unit;
      if (!this.#isDirtySeen && this.#flash.isBlank(at, unit)) continue;
      this.#isDirtySeen = true;
      this.#flash.startErase(at, unit);
      break;
    }
    return true;
  }

  /** Waits until everything below is erased; beyond the announced size nothing ever is. */
  async until(address: number, signal: AbortSignal): Promise<boolean> {
    const target = Math.min(address, this.#end);
    while (this.#next < target) {
      await this.#flash.whenReady(signal);
      if (!this.startNext()) return false;
    }
    await this.#flash.whenReady(signal);
    return true;
  }
}

interface Writing {
  at: number;
  /** Below zero when more came than was announced. */
  leftBytes: number;
  readonly erase: EraseAhead;
  /** Made anew by each BEGIN: a block that is sent twice spoils the stream. */
  readonly inflate: Inflate;
}

/** FLASH_BEGIN, DATA and END and their compressed siblings, as the stub does them: erase just in time, acknowledge, then write. */
export class StubWriting {
  readonly #context: LoaderContext;
  #writing: Writing | undefined;
  #inflated: Uint8Array[] = [];

  constructor(context: LoaderContext) {
    this.#context = context;
  }

  obey(request: Request, signal: AbortSignal): StubReply {
    switch (request.op) {
      case OP.flashBegin:
      case OP.deflBegin:
        return this.#begin(request.data);
      case OP.flashData:
        return this.#data(request, signal);
      case OP.deflData:
        return this.#compressedData(request, signal);
      case OP.flashEnd:
      case OP.deflEnd:
        return this.#end();
      default:
        return { error: STUB_ERROR.invalidCommand };
    }
  }

  #begin(data: Uint8Array): StubReply {
    if (data.length !== 16 && data.length !== 20) return { error: STUB_ERROR.badLength };
    const erase = new EraseAhead(this.#context.flash, word(data, 3), word(data, 0));
    const inflate = new Inflate((output) => this.#inflated.push(output.slice()));
    this.#writing = { at: word(data, 3), leftBytes: word(data, 0), erase, inflate };
    return erase.startNext() ? {} : { error: STUB_ERROR.spiFailed };
  }

  #data({ data, checksum }: Request, signal: AbortSignal): StubReply {
    if (data.length < DATA_HEADER_BYTES) return { error: STUB_ERROR.notEnoughData };
    const writing = this.#writing;
    if (writing === undefined) return { error: STUB_ERROR.notInFlashMode };
    const payload = data.subarray(DATA_HEADER_BYTES);
    if (word(data, 0) !== payload.length) return { error: STUB_ERROR.tooMuchData };
    if (payloadChecksum(payload) !== checksum) return { error: STUB_ERROR.badChecksum };
    return { after: () => this.#write(writing, payload.subarray(0, Math.max(0, writing.leftBytes)), signal) };
  }

  #compressedData({ data, checksum }: Request, signal: AbortSignal): StubReply {
    if (data.length < DATA_HEADER_BYTES) return { error: STUB_ERROR.badLength };
    const writing = this.#writing;
    if (writing === undefined) return { error: STUB_ERROR.notInFlashMode };
    // a last block that holds nothing but the end of the checksum is refused, too
    if (writing.leftBytes === 0) return { error: STUB_ERROR.tooMuchData };
    const payload = data.subarray(DATA_HEADER_BYTES, DATA_HEADER_BYTES + word(data, 0));
    if (payload.length !== word(data, 0) || payloadChecksum(payload) !== checksum) {
      return { error: STUB_ERROR.badChecksum };
    }
    return { after: () => this.#inflate(writing, payload, signal) };
  }

  async #inflate(writing: Writing, payload: Uint8Array, signal: AbortSignal): Promise<number> {
    if (!writing.erase.startNext()) return STUB_ERROR.spiFailed;
    this.#inflated = [];
    const status = writing.inflate.push(payload);
    for (const output of this.#inflated) {
      const error = await this.#write(writing, output, signal);
      if (error !== 0) return error;
      if (!writing.erase.startNext()) return STUB_ERROR.spiFailed;
    }
    return status === 'failed' ? STUB_ERROR.inflateFailed : 0;
  }

  async #write(writing: Writing, bytes: Uint8Array, signal: AbortSignal): Promise<number> {
    const { flash } = this.#context;
    if (writing.at + bytes.length > flash.sizeBytes) return STUB_ERROR.spiFailed;
    if (!(await writing.erase.until(writing.at + bytes.length, signal))) return STUB_ERROR.spiFailed;
    if (writing.at % 4 !== 0 || bytes.length % 4 !== 0) return STUB_ERROR.spiFailed;
    const isWritten = await flash.program(writing.at, bytes, signal);
    if (!isWritten && this.#context.knobs().stuckSector?.isReported === true) return STUB_ERROR.spiFailed;
    writing.at += bytes.length;
    writing.leftBytes -= bytes.length;
    return 0;
  }

  /** The reboot flag has no effect. */
  #end(): StubReply {
    if (this.#writing === undefined) return { error: STUB_ERROR.notInFlashMode };
    if (this.#writing.leftBytes !== 0) return { error: STUB_ERROR.badLength };
    this.#writing = undefined;
    return {};
  }
}
