import './errors.ts';
import { systemClock, type Clock } from '../base/clock.ts';
import { DisposableStore, type Disposable } from '../base/disposable.ts';
import { isOtaError, OtaError } from '../base/ota-error.ts';
import type { SerialTransport } from '../serial/serial-transport.ts';
import { commandName, OP, parseReply, REQUEST_DAMAGED, requestFrame, statusMeaning, type Reply } from './packets.ts';
import { SLIP_END, SlipDecoder, slipEncode } from './slip.ts';

/** What is kept of bytes that are no answer, for finding the boot text in them. */
const KEPT_TEXT_BYTES = 4096;
/** The ROM says eight times that it does not know a command; they come within so long of each other. */
const REPEATED_ANSWERS_MS = 50;
const UNKNOWN_TO_ROM = 0x0105;
const SYNC_MS = 150;
const SYNC_DATA = Uint8Array.of(7, 7, 0x12, 0x20, ...Array<number>(32).fill(0x55));
const SYNC_ANSWERS = 8;
const RECOVER_ATTEMPTS = 8;

interface Refusal {
  readonly code: number;
}

interface Waiting {
  readonly offer: (frame: Uint8Array) => void;
  readonly reject: (error: OtaError) => void;
}

/** Commands and answers over a serial line, one at a time. Driven by what comes in: nothing is polled, and a line that goes away ends what waits
 * for it at once (esptool-js 0.7 defect: an unplugged cable is noticed by the timeout of the command). */
export class CommandLink implements Disposable {
  readonly transport: SerialTransport;
  readonly clock: Clock;
  readonly #owned = new DisposableStore();
  readonly #decoder: SlipDecoder;
  #frames: Uint8Array[] = [];
  #waiting: Waiting | undefined;
  #closed: OtaError | undefined;
  #text: Uint8Array[] = [];
  #textBytes = 0;
  #receivedBytes = 0;
  /** Whether the stub answers, and not the ROM. */
  isStub = false;
  /** Of one command and its answer, in milliseconds; infinite until it was measured. */
  roundTripMs = Number.POSITIVE_INFINITY;

  constructor(transport: SerialTransport, clock: Clock = systemClock) {
    this.transport = transport;
    this.clock = clock;
    this.#decoder = new SlipDecoder((frame) => {
      this.#receive(frame);
    });
    this.#owned.add(
      transport.onData((bytes) => {
        this.#receivedBytes += bytes.length;
        this.#decoder.push(bytes);
      }),
    );
    this.#owned.add(
      transport.onClosed((closed) => {
        const error =
          closed.cause === 'us' ? new OtaError('serial.closed', { address: transport.address }) : closed.error;
        this.#closed = error;
        this.#waiting?.reject(error);
      }),
    );
  }

  /** Why nothing goes over this line any more. */
  get closed(): OtaError | undefined {
    return this.#closed;
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** Sends a command and waits for its answer, whatever status it has.
   * @throws {OtaError} `flash.commandTimeout`, `flash.commandUnsupported` (the ROM's), `flash.commandFailed` when the request came damaged,
   * `serial.*` when the line is gone, `cancelled` */
  request(op: number, data: Uint8Array, options: RequestOptions): Promise<Reply> {
    return this.exchange(op, requestFrame(op, data, options.checksum), options);
  }

  /** The same for a frame that is encoded already. */
  async exchange(op: number, frame: Uint8Array, { timeoutMs, signal }: RequestOptions): Promise<Reply> {
    this.#frames = [];
    const answered = this.#await<Reply | Refusal>(
      (candidate) => {
        const reply = parseReply(candidate);
        if (reply === undefined) this.#keepText(candidate);
        return reply === undefined || reply.op === op ? reply : this.#refusal(reply);
      },
      timeoutMs + this.#sendingMs(frame.length),
      commandName(op),
      signal,
    );
    const [found] = await Promise.all([answered, this.transport.write(frame)]);
    if ('op' in found) return found;
    const command = commandName(op);
    if (found.code !== UNKNOWN_TO_ROM) {
      throw new OtaError('flash.commandFailed', { command, code: found.code, meaning: statusMeaning(found.code) });
    }
    await this.#quiet(signal);
    throw new OtaError('flash.commandUnsupported', { command });
  }

  /** The next frame, of whatever content: the stub's greeting, or data of READ_FLASH.
   * @throws {OtaError} `flash.commandTimeout`, `serial.*`, `cancelled` */
  async nextFrame(what: string, timeoutMs: number, signal?: AbortSignal): Promise<Uint8Array> {
    const first = this.#frames.shift();
    if (first !== undefined) return first;
    return this.#await((frame) => frame, timeoutMs, what, signal);
  }

  /** Sends a frame that is no command. */
  send(payload: Uint8Array): Promise<void> {
    return this.transport.write(slipEncode(payload));
  }

  /** Forgets what came in and nobody asked for. */
  clear(): void {
    for (const frame of this.#frames) this.#keepText(frame);
    this.#frames = [];
    this.#keepText(this.#decoder.takeRest());
  }

  /** What came in outside of answers since the last call, as Latin-1. */
  takeText(): string {
    this.clear();
    const text = Buffer.concat(this.#text).toString('latin1');
    this.#text = [];
    this.#textBytes = 0;
    return text;
  }

  /** One SYNC: tells whether the stub answers it, or undefined when nobody does. A delimiter more than usual brings a receiver back into step that
   * lost one, and out of step one that did not: so every second attempt has it.
   * @throws {OtaError} `serial.*`, `cancelled` */
  async sync(hasSpareEnd: boolean, signal?: AbortSignal): Promise<{ isStub: boolean } | undefined> {
    this.clear();
    const frame = requestFrame(OP.SYNC, SYNC_DATA);
    try {
      const bytes = hasSpareEnd ? Buffer.concat([SLIP_END, frame]) : frame;
      const { value } = await this.exchange(OP.SYNC, bytes, { timeoutMs: this.#syncMs(), signal });
      for (let more = 1; more < SYNC_ANSWERS; more++) await this.nextFrame('SYNC', this.#syncMs(), signal);
      return { isStub: value === 0 };
    } catch (error) {
      if (isOtaError(error) && error.code.startsWith('flash.')) return undefined;
      throw error;
    }
  }

  /** Gets back into step with the loader after something went wrong; what it was told before has been dealt with by then.
   * @throws {OtaError} `flash.commandTimeout` when it answers no more, `serial.*`, `cancelled` */
  async recover(signal?: AbortSignal): Promise<void> {
    for (let attempt = 0; attempt < RECOVER_ATTEMPTS; attempt++) {
      const found = await this.sync(attempt % 2 === 1, signal);
      // the ROM in place of the stub: the chip has restarted meanwhile
      if (found?.isStub === this.isStub) return;
      if (found !== undefined) break;
    }
    throw new OtaError('flash.commandTimeout', { command: 'SYNC', afterMs: RECOVER_ATTEMPTS * this.#syncMs() });
  }

  dispose(): void {
    this.#owned.dispose();
    this.#closed ??= new OtaError('serial.closed', { address: this.transport.address });
    this.#waiting?.reject(this.#closed);
  }

  #syncMs(): number {
    return Number.isFinite(this.roundTripMs) ? SYNC_MS + 2 * this.roundTripMs : SYNC_MS;
  }

  /** How long a frame may be on its way to the board, where the line's rate is known or not. */
  #sendingMs(lengthBytes: number): number {
    const baud = this.transport.hasBaud ? this.transport.baud : 115_200;
    return (lengthBytes * 10_000 * 1.5) / baud;
  }

  #receive(frame: Uint8Array): void {
    const waiting = this.#waiting;
    if (waiting === undefined) this.#frames.push(frame);
    else waiting.offer(frame);
  }

  #keepText(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#text.push(bytes);
    this.#textBytes += bytes.length;
    while (this.#textBytes > KEPT_TEXT_BYTES && this.#text.length > 1) {
      this.#textBytes -= this.#text.shift()?.length ?? 0;
    }
  }

  /** What an answer to another command than ours says of ours: the ROM's that it does not know it, the stub's that it came damaged. */
  #refusal({ body }: Reply): Refusal | undefined {
    const code = ((body[0] ?? 0) << 8) | (body[1] ?? 0);
    const isRefusal = this.isStub ? REQUEST_DAMAGED.has(statusMeaning(code)) : code === UNKNOWN_TO_ROM;
    return isRefusal ? { code } : undefined;
  }

  /** The first frame of which `pick` makes something. */
  #await<T>(
    pick: (frame: Uint8Array) => T | undefined,
    timeoutMs: number,
    command: string,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        timer.dispose();
        signal?.removeEventListener('abort', onAbort);
        if (this.#waiting === mine) this.#waiting = undefined;
        settle();
      };
      const mine: Waiting = {
        offer: (frame) => {
          const picked = pick(frame);
          if (picked === undefined) return;
          end(() => {
            resolve(picked);
          });
        },
        reject: (error) => {
          fail(error);
        },
      };
      const fail = (error: OtaError): void => {
        end(() => {
          reject(error);
        });
      };
      const onAbort = (): void => {
        fail(new OtaError('cancelled', { what: command }));
      };
      const timer = this.clock.after(timeoutMs, () => {
        fail(new OtaError('flash.commandTimeout', { command, afterMs: Math.round(timeoutMs) }));
      });
      if (this.#closed !== undefined) {
        fail(this.#closed);
        return;
      }
      if (signal?.aborted === true) {
        onAbort();
        return;
      }
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiting = mine;
    });
  }

  /** Waits until nothing has come for a while. */
  async #quiet(signal: AbortSignal | undefined): Promise<void> {
    try {
      for (let more = 1; more < SYNC_ANSWERS; more++) await this.nextFrame('quiet', REPEATED_ANSWERS_MS, signal);
    } catch (error) {
      if (!isOtaError(error, 'flash.commandTimeout')) throw error;
    }
    this.clear();
  }
}

export interface RequestOptions {
  /** From when the frame should have arrived. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly checksum?: number;
}
