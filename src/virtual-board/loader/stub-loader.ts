import { sleep } from '../../base/abort.ts';
import type { CommandLine, CommandSet, LoaderContext } from './loader-context.ts';
import { DATA_HEADER_BYTES, HEADER_BYTES, OP, parseRequest, response, word, type Request } from './packets.ts';
import { securityInfo } from './security-info.ts';
import { sendFlash } from './stub-read.ts';
import { STUB_ERROR, type StubReply } from './stub-reply.ts';
import { StubWriting } from './stub-writing.ts';

const SYNC_ANSWERS = 8;
const NO_BYTES = new Uint8Array(0);
const SECTOR_BYTES = 4096;
const LENGTHS: Readonly<Record<number, number>> = {
  [OP.sync]: 36,
  [OP.flashEnd]: 4,
  [OP.deflEnd]: 4,
  [OP.memBegin]: 16,
  [OP.memEnd]: 8,
  [OP.readReg]: 4,
  [OP.spiAttach]: 4,
  [OP.spiSetParams]: 24,
  [OP.changeBaud]: 8,
  [OP.spiFlashMd5]: 16,
  [OP.getSecurityInfo]: 0,
  [OP.readFlash]: 16,
  [OP.eraseRegion]: 8,
};

/** The flasher stub: two status bytes, data acknowledged before it is written. What goes wrong after an acknowledgement is said in answer to the next
 * command, which is then not executed.
 * @see esp-flasher-stub v1.1 src/command_handler.c */
export class StubLoader implements CommandSet {
  readonly isStub = true;
  readonly #context: LoaderContext;
  readonly #writing: StubWriting;
  #pendingError = 0;

  constructor(context: LoaderContext) {
    this.#context = context;
    this.#writing = new StubWriting(context);
  }

  async handle(frame: Uint8Array, line: CommandLine): Promise<void> {
    const request = parseRequest(frame);
    if (request === undefined) return;
    const { op } = request;
    if (request.direction !== 0) {
      await this.#answer(op, { error: STUB_ERROR.invalidCommand }, line);
      return;
    }
    if (frame.length !== request.lengthBytes + HEADER_BYTES) {
      await this.#answer(op, { error: STUB_ERROR.badLength }, line);
      return;
    }
    if (this.#pendingError !== 0) {
      const error = this.#pendingError;
      this.#pendingError = 0;
      await this.#answer(op, { error }, line);
      return;
    }
    if (op === OP.runUserCode) return;
    const expected = LENGTHS[op];
    const isRight = expected === undefined || expected === request.lengthBytes;
    const reply = isRight ? await this.#obey(request, line) : { error: STUB_ERROR.badLength };
    await this.#answer(op, reply, line);
    if ((reply.error ?? 0) === 0) this.#pendingError = (await reply.after?.()) ?? 0;
  }

  async #answer(op: number, reply: StubReply, line: CommandLine): Promise<void> {
    const { error = 0, value = 0, data = NO_BYTES, times = 1 } = reply;
    const status = Uint8Array.of(error >>> 8, error & 0xff);
    const frame = error === 0 ? response(op, value, data, status) : response(op, 0, NO_BYTES, status);
    for (let copy = 0; copy < times; copy++) await line.answer(frame);
  }

  #obey(request: Request, line: CommandLine): StubReply | Promise<StubReply> {
    const { op, data } = request;
    const { chip, registers, flash } = this.#context;
    switch (op) {
      case OP.sync:
        return { times: SYNC_ANSWERS };
      case OP.readReg:
        return { value: registers.read(word(data, 0)) };
      case OP.writeReg:
        return this.#writeRegisters(data, line);
      case OP.memBegin:
      case OP.memData:
      case OP.memEnd:
        return this.#load(request, line);
      case OP.spiAttach:
      case OP.spiSetParams:
        return {};
      case OP.changeBaud:
        return {
          after: () => {
            this.#context.setBaud(word(data, 0));
            return 0;
          },
        };
      case OP.getSecurityInfo:
        return chip.securityInfoBytes === 0
          ? { error: STUB_ERROR.notImplemented }
          : { data: securityInfo(chip, this.#context.fuses) };
      case OP.spiFlashMd5:
        return this.#md5(word(data, 0), word(data, 1), line.signal);
      case OP.readFlash:
        return { after: () => sendFlash(data, flash, line) };
      case OP.eraseFlash:
        return this.#erase(0, flash.sizeBytes, line.signal);
      case OP.eraseRegion:
        return this.#erase(word(data, 0), word(data, 1), line.signal);
      default:
        return this.#writing.obey(request, line.signal);
    }
  }

  async #writeRegisters(data: Uint8Array, { signal }: CommandLine): Promise<StubReply> {
    if (data.length === 0 || data.length % 16 !== 0) return { error: STUB_ERROR.notEnoughData };
    for (let at = 0; at < data.length / 4; at += 4) {
      const delayMs = word(data, at + 3) / 1000;
      if (delayMs >= 1) await sleep(delayMs, signal, this.#context.clock);
      this.#context.registers.write(word(data, at), word(data, at + 1), word(data, at + 2));
    }
    return {};
  }

  #load({ op, data }: Request, line: CommandLine): StubReply {
    if (op === OP.memBegin) {
      line.ram.begin(word(data, 0), word(data, 3));
      return {};
    }
    if (op === OP.memData && data.length < DATA_HEADER_BYTES) return { error: STUB_ERROR.notEnoughData };
    if (!line.ram.isOpen) return { error: STUB_ERROR.notInFlashMode };
    if (op === OP.memData) {
      const length = word(data, 0);
      if (length > line.ram.leftBytes || length !== data.length - DATA_HEADER_BYTES)
        return { error: STUB_ERROR.tooMuchData };
      line.ram.accept(length);
      return {};
    }
    line.ram.end();
    if (word(data, 0) !== 0) return {};
    return {
      after: () => {
        if (line.ram.holds(word(data, 1)) && this.#context.knobs().stubDoesNotStart !== true) line.startStub();
        else this.#context.leave('hang');
        return 0;
      },
    };
  }

  async #md5(offsetBytes: number, lengthBytes: number, signal: AbortSignal): Promise<StubReply> {
    if (offsetBytes + lengthBytes > this.#context.flash.sizeBytes) return { error: STUB_ERROR.spiFailed };
    return { data: await this.#context.flash.md5(offsetBytes, lengthBytes, signal) };
  }

  async #erase(offsetBytes: number, lengthBytes: number, signal: AbortSignal): Promise<StubReply> {
    if (offsetBytes % SECTOR_BYTES !== 0 || lengthBytes % SECTOR_BYTES !== 0) return { error: STUB_ERROR.badLength };
    if (offsetBytes + lengthBytes > this.#context.flash.sizeBytes) return { error: STUB_ERROR.spiFailed };
    await this.#context.flash.erase(offsetBytes, lengthBytes, signal);
    return {};
  }
}
