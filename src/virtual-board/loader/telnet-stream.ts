const SE = 240;
const SB = 250;
export const WILL = 251;
export const WONT = 252;
export const DO = 253;
export const DONT = 254;
const IAC = 255;
/** Longer than any subnegotiation of the COM port option. */
const LARGEST_SUBNEGOTIATION = 1024;

export interface TelnetListener {
  onData(bytes: Uint8Array): void;
  /** WILL, WONT, DO or DONT. */
  onNegotiation(command: number, option: number): void;
  /** Between `IAC SB` and `IAC SE`, unescaped; the option first. */
  onSubnegotiation(bytes: Uint8Array): void;
}

/** Takes a telnet stream apart, however it is cut into pieces.
 * @see RFC 854, RFC 855 */
export class TelnetStream {
  readonly #listener: TelnetListener;
  #state: 'data' | 'command' | 'option' | 'subnegotiation' | 'subnegotiationCommand' = 'data';
  #command = 0;
  #subnegotiation: number[] = [];

  constructor(listener: TelnetListener) {
    this.#listener = listener;
  }

  push(bytes: Uint8Array): void {
    let data: number[] = [];
    const flush = (): void => {
      if (data.length > 0) this.#listener.onData(Uint8Array.from(data));
      data = [];
    };
    for (const byte of bytes) {
      if (this.#state === 'data' && byte !== IAC) {
        data.push(byte);
      } else if (this.#state === 'command' && byte === IAC) {
        data.push(IAC);
        this.#state = 'data';
      } else {
        flush();
        this.#take(byte);
      }
    }
    flush();
  }

  #take(byte: number): void {
    switch (this.#state) {
      case 'data':
        this.#state = 'command';
        return;
      case 'command':
        this.#command = byte;
        this.#subnegotiation = [];
        this.#state = byte === SB ? 'subnegotiation' : byte >= WILL ? 'option' : 'data';
        return;
      case 'option':
        this.#state = 'data';
        this.#listener.onNegotiation(this.#command, byte);
        return;
      case 'subnegotiation':
        if (byte === IAC) this.#state = 'subnegotiationCommand';
        else if (this.#subnegotiation.length < LARGEST_SUBNEGOTIATION) this.#subnegotiation.push(byte);
        return;
      case 'subnegotiationCommand':
        if (byte === IAC) {
          this.#subnegotiation.push(IAC);
          this.#state = 'subnegotiation';
        } else {
          this.#state = 'data';
          if (byte === SE) this.#listener.onSubnegotiation(Uint8Array.from(this.#subnegotiation));
        }
    }
  }
}

/** Data as it goes over a telnet connection. */
export function escaped(bytes: Uint8Array): Uint8Array {
  return bytes.includes(IAC)
    ? Uint8Array.from([...bytes].flatMap((byte) => (byte === IAC ? [IAC, IAC] : [byte])))
    : bytes;
}

export function negotiation(command: number, option: number): Uint8Array {
  return Uint8Array.of(IAC, command, option);
}

export function subnegotiation(bytes: Uint8Array): Uint8Array {
  return Uint8Array.of(IAC, SB, ...escaped(bytes), IAC, SE);
}
