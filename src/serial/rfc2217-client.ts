import { OtaError } from '../base/ota-error.ts';
import {
  createTelnetDecoder,
  DO,
  DONT,
  encodeNegotiation,
  encodeSubnegotiation,
  escapeTelnet,
  OPTION,
  WILL,
  WONT,
  type TelnetVerb,
} from './telnet-codec.ts';

/** What a server answers to command n is n + 100. @see RFC 2217, section 3 */
const ANSWER = 100;
const SUSPEND = 8;
const RESUME = 9;

/** The options we ask for on our side and on the server's. Without BINARY some servers change CR and 8-bit bytes. */
const WANTED: readonly number[] = [OPTION.comPort, OPTION.suppressGoAhead, OPTION.binary];

interface Expected {
  readonly command: number;
  left: number;
  readonly resolve: (value: Uint8Array) => void;
}

/** The protocol over any way to send: negotiation, commands with their acknowledgements, data, flow control. Knows no time. */
export class Rfc2217Client {
  readonly receive: (bytes: Uint8Array) => void;
  readonly #write: (bytes: Uint8Array) => Promise<void>;
  readonly #expected: Expected[] = [];
  readonly #refused = new Set<TelnetVerb>();
  /** What the server's options are answered with, by option: an answer is only given when it changes something, which ends any loop. */
  readonly #theirs = new Map<number, boolean>(WANTED.map((option) => [option, true]));
  readonly #ours = new Map<number, boolean>(WANTED.map((option) => [option, true]));
  #agree: (() => void) | undefined;
  #refuse: ((error: Error) => void) | undefined;
  #go: Promise<void> | undefined;
  #resume: (() => void) | undefined;

  constructor(write: (bytes: Uint8Array) => Promise<void>, onData: (bytes: Uint8Array) => void) {
    this.#write = write;
    this.receive = createTelnetDecoder({
      onData,
      onNegotiation: (verb, option) => {
        this.#onNegotiation(verb, option);
      },
      onSubnegotiation: (option, data) => {
        if (option === OPTION.comPort) this.#onAnswer(data);
      },
    });
  }

  /** Asks for the options; resolves when one side of the com-port option is agreed on.
   * @throws {OtaError} `serial.notRfc2217` when both are refused */
  negotiate(): Promise<void> {
    const agreed = new Promise<void>((resolve, reject) => {
      this.#agree = resolve;
      this.#refuse = reject;
    });
    const requests = WANTED.flatMap((option) => [...encodeNegotiation(WILL, option), ...encodeNegotiation(DO, option)]);
    this.#send(Uint8Array.from(requests));
    return agreed;
  }

  /** Line bytes, held back while the server asks for it. */
  async write(bytes: Uint8Array): Promise<void> {
    await this.#go;
    await this.#write(escapeTelnet(bytes));
  }

  send(command: number, value: readonly number[]): Promise<void> {
    return this.#write(encodeSubnegotiation(OPTION.comPort, Uint8Array.of(command, ...value)));
  }

  /** Several commands, each with its value, in one packet. */
  sendAll(commands: readonly (readonly [command: number, value: number])[]): Promise<void> {
    const packets = commands.map((command) => encodeSubnegotiation(OPTION.comPort, Uint8Array.of(...command)));
    return this.#write(Uint8Array.from(packets.flatMap((packet) => [...packet])));
  }

  /** The value of the last of `count` acknowledgements of a command that is about to be sent. Forgets any that was expected of the same
   * command before: it came too late. */
  expect(command: number, count: number): Promise<Uint8Array> {
    const stale = this.#expected.findIndex((entry) => entry.command === command);
    if (stale >= 0) this.#expected.splice(stale, 1);
    return new Promise((resolve) => this.#expected.push({ command, left: count, resolve }));
  }

  #onNegotiation(verb: TelnetVerb, option: number): void {
    const isAboutUs = verb === DO || verb === DONT;
    const isYes = verb === DO || verb === WILL;
    const known = isAboutUs ? this.#ours : this.#theirs;
    // echo of the server's is fine: the board's console echoes, and no data of ours comes back by it
    const isWanted = WANTED.includes(option) || (verb === WILL && option === OPTION.echo);
    const will = isYes && isWanted;
    if ((known.get(option) ?? false) !== will || (isYes && !isWanted)) {
      known.set(option, will);
      this.#send(encodeNegotiation(isAboutUs ? (will ? WILL : WONT) : will ? DO : DONT, option));
    }
    if (option !== OPTION.comPort) return;
    if (isYes) this.#agree?.();
    else this.#refused.add(verb);
    if (this.#refused.size === 2) this.#refuse?.(new OtaError('serial.notRfc2217', { address: '' }));
  }

  #onAnswer(data: Uint8Array): void {
    const command = (data[0] ?? 0) - ANSWER;
    if (command === SUSPEND) {
      this.#go ??= new Promise((resolve) => (this.#resume = resolve));
    } else if (command === RESUME) {
      this.#go = undefined;
      this.#resume?.();
    }
    const at = this.#expected.findIndex((entry) => entry.command === command);
    const entry = this.#expected[at];
    if (entry === undefined || --entry.left > 0) return;
    this.#expected.splice(at, 1);
    entry.resolve(data.subarray(1));
  }

  /** Sends what nobody waits for; a connection that ended is told by its close. */
  #send(bytes: Uint8Array): void {
    this.#write(bytes).catch(() => undefined);
  }
}
