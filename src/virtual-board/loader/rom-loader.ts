import type { CommandLine, CommandSet, LoaderContext } from './loader-context.ts';
import { OP, parseRequest, response, word, type Request } from './packets.ts';
import { RomFlashing } from './rom-flashing.ts';
import { ROM_ERROR, type RomReply } from './rom-reply.ts';
import { securityInfo } from './security-info.ts';

const SYNC_ANSWERS = 8;
const NO_BYTES = new Uint8Array(0);
/** What secure download mode leaves.
 * @see esptool documentation, "Secure Download Mode" */
const SECURE_OPS: ReadonlySet<number> = new Set([
  OP.sync,
  OP.spiAttach,
  OP.spiSetParams,
  OP.changeBaud,
  OP.flashBegin,
  OP.flashData,
  OP.flashEnd,
  OP.getSecurityInfo,
]);

/** The loader in the chip's ROM. Its status is four bytes long; what it does not know it answers eight times over.
 * @see esptool documentation, "Serial Protocol" */
export class RomLoader implements CommandSet {
  readonly isStub = false;
  readonly #context: LoaderContext;
  readonly #flashing: RomFlashing;

  constructor(context: LoaderContext) {
    this.#context = context;
    this.#flashing = new RomFlashing(context);
  }

  async handle(frame: Uint8Array, line: CommandLine): Promise<void> {
    const request = parseRequest(frame);
    if (request?.direction !== 0) return;
    if (!this.#knows(request.op)) {
      await this.#refuse(line);
      return;
    }
    const isWhole = request.lengthBytes === request.data.length && this.#isLengthRight(request);
    const reply = isWhole ? await this.#obey(request, line) : { error: ROM_ERROR.badMessage };
    const { error = 0, value = 0, data = NO_BYTES, times = 1 } = reply;
    const status = error === 0 ? Uint8Array.of(0, 0, 0, 0) : Uint8Array.of(1, error, 0, 0);
    for (let copy = 0; copy < times; copy++) {
      await line.answer(response(request.op, value, error === 0 ? data : NO_BYTES, status));
    }
    if (error === 0) reply.after?.();
  }

  #knows(op: number): boolean {
    const { chip, fuses } = this.#context;
    if (fuses.isSecureDownload === true && !SECURE_OPS.has(op)) return false;
    if (op === OP.getSecurityInfo) return chip.securityInfoBytes > 0;
    return op <= OP.spiFlashMd5 && Object.values<number>(OP).includes(op);
  }

  /** The ROM says that it does not know a command in eight frames that carry no command's number, so that no host takes them for an answer. */
  async #refuse(line: CommandLine): Promise<void> {
    const frame = response(0, 0, NO_BYTES, Uint8Array.of(1, ROM_ERROR.badMessage, 0, 0));
    for (let copy = 0; copy < SYNC_ANSWERS; copy++) await line.answer(frame);
  }

  #isLengthRight({ op, data }: Request): boolean {
    const { length } = data;
    switch (op) {
      case OP.sync:
        return length === 36;
      case OP.readReg:
      case OP.flashEnd:
      case OP.deflEnd:
        return length === 4;
      case OP.writeReg:
        return length > 0 && length % 16 === 0;
      case OP.memBegin:
      case OP.spiFlashMd5:
        return length === 16;
      case OP.memEnd:
      case OP.spiAttach:
      case OP.changeBaud:
      case OP.readFlashSlow:
        return length === 8;
      case OP.spiSetParams:
        return length === 24;
      case OP.flashBegin:
      case OP.deflBegin:
        return length === 20 || (length === 16 && !this.#context.chip.hasEncryptedWord);
      case OP.getSecurityInfo:
        return length === 0;
      default:
        return length >= 16;
    }
  }

  #obey(request: Request, line: CommandLine): RomReply | Promise<RomReply> {
    const { data } = request;
    const { registers, chip } = this.#context;
    switch (request.op) {
      case OP.sync:
        this.#context.keepHostBaud();
        return { value: chip.syncValue, times: SYNC_ANSWERS };
      case OP.readReg:
        return { value: registers.read(word(data, 0)) };
      case OP.writeReg:
        for (let at = 0; at < data.length / 4; at += 4) {
          registers.write(word(data, at), word(data, at + 1), word(data, at + 2));
        }
        return {};
      case OP.memBegin:
      case OP.memData:
      case OP.memEnd:
        return this.#load(request, line);
      case OP.changeBaud:
        return {
          after: () => {
            this.#changeBaud(word(data, 0));
          },
        };
      case OP.getSecurityInfo:
        return { data: securityInfo(chip, this.#context.fuses) };
      default:
        return this.#flashing.obey(request, line.signal);
    }
  }

  #load({ op, data, checksum }: Request, line: CommandLine): RomReply {
    if (op === OP.memBegin) {
      line.ram.begin(word(data, 0), word(data, 3));
      return {};
    }
    if (op === OP.memData)
      return RomFlashing.checked(data, checksum, (payload) => {
        if (!line.ram.isOpen || payload.length > line.ram.leftBytes) return { error: ROM_ERROR.ramSize };
        line.ram.accept(payload.length);
        return {};
      });
    line.ram.end();
    const entry = word(data, 1);
    if (word(data, 0) !== 0) return {};
    return {
      after: () => {
        if (line.ram.holds(entry) && this.#context.knobs().stubDoesNotStart !== true) line.startStub();
        else this.#context.leave('hang');
      },
    };
  }

  /** The ROM of a chip with another crystal than the usual one computes with the usual one. */
  #changeBaud(baud: number): void {
    const { chip, crystalMhz } = this.#context;
    const assumedMhz = chip.target === 'esp32c2' || chip.target === 'esp32' ? 40 : crystalMhz;
    this.#context.setBaud(Math.round((baud * crystalMhz) / assumedMhz));
  }
}
