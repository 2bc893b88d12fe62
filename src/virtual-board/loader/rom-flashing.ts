import { SECTOR_BYTES } from '../nor-flash.ts';
import { Inflate } from './inflate.ts';
import type { LoaderContext } from './loader-context.ts';
import { DATA_HEADER_BYTES, OP, payloadChecksum, word, type Request } from './packets.ts';
import { ROM_ERROR, type RomReply } from './rom-reply.ts';

/** What the ROM believes of the flash until it is told. */
const DEFAULT_FLASH_BYTES = 2 * 1024 * 1024;
const ROM_BLOCK_BYTES = 0x400;
const SLOW_READ_BYTES = 64;

interface Writing {
  at: number;
  readonly inflate: Inflate | undefined;
}

/** Flash as the ROM handles it: attached and sized by the host first, in blocks of 1 KiB, erased at the beginning, each block written and read back
 * before it is acknowledged. */
export class RomFlashing {
  readonly #context: LoaderContext;
  #isAttached = false;
  #sizeBytes = DEFAULT_FLASH_BYTES;
  #writing: Writing | undefined;
  #inflated: Uint8Array[] = [];

  constructor(context: LoaderContext) {
    this.#context = context;
  }

  /** The payload of a data command, once its length and checksum are right. */
  static checked(data: Uint8Array, checksum: number, use: (payload: Uint8Array) => RomReply): RomReply {
    const payload = data.subarray(DATA_HEADER_BYTES);
    if (word(data, 0) !== payload.length) return { error: ROM_ERROR.badMessage };
    if (payloadChecksum(payload) !== checksum) return { error: ROM_ERROR.checksum };
    return use(payload);
  }

  async obey(request: Request, signal: AbortSignal): Promise<RomReply> {
    const { op, data } = request;
    if (op === OP.spiAttach) {
      this.#isAttached = true;
      return {};
    }
    if (op === OP.spiSetParams) {
      this.#sizeBytes = word(data, 1);
      return {};
    }
    if (op === OP.flashEnd || op === OP.deflEnd) return this.#end(word(data, 0));
    if (!this.#isAttached && !(op === OP.flashBegin && word(data, 1) === 0)) return { error: ROM_ERROR.failed };
    switch (op) {
      case OP.flashBegin:
      case OP.deflBegin:
        return this.#begin(request, signal);
      case OP.flashData:
      case OP.deflData:
        return this.#write(request, signal);
      case OP.spiFlashMd5:
        return this.#md5(word(data, 0), word(data, 1), signal);
      default:
        return this.#readSlow(word(data, 0), word(data, 1), signal);
    }
  }

  #fits(offsetBytes: number, lengthBytes: number): boolean {
    return offsetBytes + lengthBytes <= Math.min(this.#sizeBytes, this.#context.flash.sizeBytes);
  }

  async #begin({ op, data }: Request, signal: AbortSignal): Promise<RomReply> {
    const [sizeBytes, blocks, blockBytes, offsetBytes] = [word(data, 0), word(data, 1), word(data, 2), word(data, 3)];
    if (blocks > 0 && blockBytes > ROM_BLOCK_BYTES) return { error: ROM_ERROR.deflateParameter };
    if (!this.#fits(offsetBytes, sizeBytes)) return { error: ROM_ERROR.failed };
    const from = offsetBytes - (offsetBytes % SECTOR_BYTES);
    const end = Math.ceil((offsetBytes + sizeBytes) / SECTOR_BYTES) * SECTOR_BYTES;
    this.#inflated = [];
    this.#writing = {
      at: offsetBytes,
      inflate: op === OP.deflBegin ? new Inflate((output) => this.#inflated.push(output.slice())) : undefined,
    };
    if (sizeBytes > 0) await this.#context.flash.erase(from, end - from, signal);
    return {};
  }

  async #write({ op, data, checksum }: Request, signal: AbortSignal): Promise<RomReply> {
    const writing = this.#writing;
    if (writing === undefined || (writing.inflate === undefined) !== (op === OP.flashData)) {
      return { error: ROM_ERROR.failed };
    }
    const checked = RomFlashing.checked(data, checksum, () => ({}));
    if (checked.error !== undefined) return checked;
    const payload = data.subarray(DATA_HEADER_BYTES);
    if (writing.inflate === undefined) return this.#program(writing, [payload], signal);
    this.#inflated = [];
    if (writing.inflate.push(payload) === 'failed') return { error: ROM_ERROR.deflate };
    return this.#program(writing, this.#inflated, signal);
  }

  async #program(writing: Writing, parts: readonly Uint8Array[], signal: AbortSignal): Promise<RomReply> {
    for (const part of parts) {
      if (!this.#fits(writing.at, part.length)) return { error: ROM_ERROR.flashWrite };
      const isWritten = await this.#context.flash.program(writing.at, part, signal);
      if (!isWritten) return { error: ROM_ERROR.flashWrite };
      writing.at += part.length;
    }
    return {};
  }

  /** 0 restarts the chip, which comes back into download mode since its pins were not sampled again; 1 runs what is in flash. */
  #end(stay: number): RomReply {
    this.#writing = undefined;
    return {
      after: () => {
        this.#context.leave(stay === 0 ? 'restart' : 'runFirmware');
      },
    };
  }

  async #md5(offsetBytes: number, lengthBytes: number, signal: AbortSignal): Promise<RomReply> {
    if (!this.#fits(offsetBytes, lengthBytes)) return { error: ROM_ERROR.flashRead };
    const digest = await this.#context.flash.md5(offsetBytes, lengthBytes, signal);
    return { data: new TextEncoder().encode(Buffer.from(digest).toString('hex')) };
  }

  async #readSlow(offsetBytes: number, lengthBytes: number, signal: AbortSignal): Promise<RomReply> {
    if (lengthBytes > SLOW_READ_BYTES) return { error: ROM_ERROR.flashReadLength };
    if (!this.#fits(offsetBytes, lengthBytes)) return { error: ROM_ERROR.flashRead };
    const data = new Uint8Array(SLOW_READ_BYTES);
    data.set(await this.#context.flash.read(offsetBytes, lengthBytes, signal));
    return { data };
  }
}
