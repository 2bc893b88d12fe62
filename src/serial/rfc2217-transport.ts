import { sleep, withDeadline } from '../base/abort.ts';
import { systemClock, type Clock } from '../base/clock.ts';
import { isOtaError, OtaError } from '../base/ota-error.ts';
import { Rfc2217Client } from './rfc2217-client.ts';
import type { ModemLines, OpenOptions, SerialTransport } from './serial-transport.ts';
import { connectSocket, SocketLine, type RemoteEnd } from './socket-line.ts';

/** How long a server may take to say that it speaks RFC 2217. @see pyserial `rfc2217.py`, 3 s network time-out */
export const NEGOTIATION_MS = 3000;
/** How long an acknowledgement of the rate is waited for. Some servers never send one. */
export const SETTING_MS = 1000;
/** The same for lines and purging: reset sequences can't wait longer. */
export const CONTROL_MS = 150;
/** A server that left so many control commands unanswered is not waited for again. */
const UNANSWERED = 2;
/** Rates a server gives back differ a little from the one asked for, as its divisors do. */
const BAUD_TOLERANCE = 0.03;

export interface Rfc2217Options extends OpenOptions {
  /** Nobody waits for an acknowledgement of DTR and RTS, as with `?ign_set_control`. */
  readonly ignoresSetControl?: boolean;
}

const SET_BAUD = 1;
const SET_DATA_BITS = 2;
const SET_PARITY = 3;
const SET_STOP_BITS = 4;
const SET_CONTROL = 5;
const PURGE_DATA = 12;
const NO_FLOW_CONTROL = 1;
const DTR = { on: 8, off: 9 } as const;
const RTS = { on: 11, off: 12 } as const;

/** Opens `rfc2217://host:port`. The lines stay as the server has them unless `options.lines` says otherwise, since letting go of RTS is a
 * reset for `esp_rfc2217_server`.
 * @throws {OtaError} `serial.unreachable`, `serial.notRfc2217`, `serial.gone`, `serial.unsupportedBaud`, `cancelled`
 * @see RFC 2217; esptool `esp_rfc2217_server` */
export async function openRfc2217(end: RemoteEnd, options: Rfc2217Options = {}): Promise<SerialTransport> {
  const clock = end.clock ?? systemClock;
  const socket = await connectSocket(end);
  let receive = (_bytes: Uint8Array): void => undefined;
  const line = new SocketLine(socket, end.address, (bytes) => {
    receive(bytes);
  });
  const client = new Rfc2217Client(
    (bytes) => line.write(bytes),
    (bytes) => {
      line.state.deliver(bytes);
    },
  );
  receive = client.receive;
  const transport = new Rfc2217Line(line, client, end.address, clock, options);
  try {
    await transport.start(end.signal);
    return transport;
  } catch (error) {
    await line.close();
    throw error;
  }
}

class Rfc2217Line implements SerialTransport {
  readonly kind = 'rfc2217';
  readonly hasModemLines = true;
  readonly hasBaud = true;
  readonly address: string;
  readonly usb: OpenOptions['usb'];
  readonly onData: SerialTransport['onData'];
  readonly onClosed: SerialTransport['onClosed'];
  readonly #line: SocketLine;
  readonly #client: Rfc2217Client;
  readonly #clock: Clock;
  readonly #options: Rfc2217Options;
  #baud: number;
  /** What we sent; a line that was never sent is as the server left it, which is asserted. */
  #sent: Partial<ModemLines> = {};
  #unanswered = 0;

  constructor(line: SocketLine, client: Rfc2217Client, address: string, clock: Clock, options: Rfc2217Options) {
    this.#line = line;
    this.#client = client;
    this.#clock = clock;
    this.#options = options;
    this.address = address;
    this.usb = options.usb;
    this.onData = line.state.onData;
    this.onClosed = line.state.onClosed;
    this.#baud = options.baud ?? 115_200;
    if (options.ignoresSetControl === true) this.#unanswered = UNANSWERED;
  }

  get description(): string {
    return this.address;
  }
  get isOpen(): boolean {
    return this.#line.isOpen;
  }
  get baud(): number {
    return this.#baud;
  }
  get lines(): ModemLines {
    return { dtr: this.#sent.dtr ?? true, rts: this.#sent.rts ?? true };
  }

  async start(signal: AbortSignal | undefined): Promise<void> {
    const agreed = this.#line.state.whileOpen(() => this.#client.negotiate());
    try {
      await withDeadline(agreed, NEGOTIATION_MS, 'negotiation', signal, this.#clock);
    } catch (error) {
      agreed.catch(() => undefined);
      if (!isOtaError(error, 'timeout') && !isOtaError(error, 'serial.notRfc2217')) throw error;
      throw new OtaError('serial.notRfc2217', { address: this.address }, { cause: error });
    }
    // what has a default everywhere is sent without waiting for its acknowledgement; the rate's acknowledgement comes after theirs
    await this.#client.sendAll([
      [SET_DATA_BITS, 8],
      [SET_PARITY, 1],
      [SET_STOP_BITS, 1],
      [SET_CONTROL, NO_FLOW_CONTROL],
    ]);
    await this.#setBaud(this.#baud, signal);
    if (this.#options.lines !== undefined) await this.setLines(this.#options.lines);
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#line.state.whileOpen(() => this.#client.write(bytes));
  }

  async drain(): Promise<void> {
    await this.write(new Uint8Array(0));
  }

  async setBaud(baud: number): Promise<void> {
    await this.#setBaud(baud, undefined);
  }

  async #setBaud(baud: number, signal: AbortSignal | undefined): Promise<void> {
    const answer = await this.#ask(SET_BAUD, [baud >>> 24, baud >>> 16, baud >>> 8, baud], SETTING_MS, signal);
    if (answer?.length === 4) {
      const inForce = new DataView(answer.buffer, answer.byteOffset).getUint32(0);
      if (Math.abs(inForce - baud) > baud * BAUD_TOLERANCE)
        throw new OtaError('serial.unsupportedBaud', { address: this.address, baud });
    }
    this.#baud = baud;
  }

  /** Only what changes is sent, both lines in one packet: a second "RTS off" resets the board behind `esp_rfc2217_server`. DTR goes first,
   * except when both are let go, where the state in between would hold the board in reset. */
  async setLines(lines: ModemLines): Promise<void> {
    this.#line.check();
    const commands: number[] = [];
    if (this.#sent.dtr !== lines.dtr) commands.push(lines.dtr ? DTR.on : DTR.off);
    if (this.#sent.rts !== lines.rts) commands.push(lines.rts ? RTS.on : RTS.off);
    if (!lines.dtr && !lines.rts) commands.reverse();
    this.#sent = { ...lines };
    if (commands.length === 0) return;
    const answered = this.#client.expect(SET_CONTROL, commands.length);
    await this.#line.state.whileOpen(() => this.#client.sendAll(commands.map((command) => [SET_CONTROL, command])));
    await this.#await(answered);
  }

  async purge(which: 'input' | 'output' | 'both' = 'both'): Promise<void> {
    this.#line.check();
    if (which !== 'output') this.#line.state.dropEarly();
    await this.#ask(PURGE_DATA, [which === 'input' ? 1 : which === 'output' ? 2 : 3], CONTROL_MS);
  }

  close(): Promise<void> {
    return this.#line.close();
  }

  /** The acknowledgement's value, or undefined when none came in time. */
  async #ask(
    command: number,
    value: readonly number[],
    withinMs: number,
    signal?: AbortSignal,
  ): Promise<Uint8Array | undefined> {
    const answered = this.#client.expect(command, 1);
    await this.#line.state.whileOpen(() => this.#client.send(command, value));
    return this.#within(answered, withinMs, signal);
  }

  async #await(answered: Promise<Uint8Array>): Promise<void> {
    if (this.#unanswered >= UNANSWERED) return;
    const answer = await this.#within(answered, CONTROL_MS);
    this.#unanswered = answer === undefined ? this.#unanswered + 1 : 0;
  }

  async #within(answered: Promise<Uint8Array>, ms: number, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    const stop = new AbortController();
    const signals = signal === undefined ? [stop.signal] : [stop.signal, signal];
    const late = sleep(ms, AbortSignal.any(signals), this.#clock).then(() => undefined);
    late.catch(() => undefined);
    try {
      return await this.#line.state.whileOpen(() => Promise.race([answered, late]));
    } finally {
      stop.abort();
    }
  }
}
