import { DO, DONT, negotiation, WILL, WONT } from './telnet-stream.ts';

const BINARY = 0;
const ECHO = 1;
const SUPPRESS_GO_AHEAD = 3;
export const COM_PORT = 44;

interface Side {
  readonly option: number;
  readonly yes: number;
  readonly no: number;
  readonly acceptedBy: number;
  readonly refusedBy: number;
  state: 'inactive' | 'requested' | 'active';
}

function ours(option: number, state: Side['state']): Side {
  return { option, yes: WILL, no: WONT, acceptedBy: DO, refusedBy: DONT, state };
}

function theirs(option: number, state: Side['state']): Side {
  return { option, yes: DO, no: DONT, acceptedBy: WILL, refusedBy: WONT, state };
}

/** The options a serial port server talks about, with those it asks for by itself; what it does not know it declines.
 * @see RFC 1143; pyserial 3.5 serial/rfc2217.py, `PortManager` */
export class TelnetOptions {
  readonly #send: (bytes: Uint8Array) => void;
  readonly #onComPort: () => void;
  readonly #sides: readonly Side[] = [
    ours(ECHO, 'requested'),
    ours(SUPPRESS_GO_AHEAD, 'requested'),
    theirs(SUPPRESS_GO_AHEAD, 'inactive'),
    ours(BINARY, 'inactive'),
    theirs(BINARY, 'requested'),
    ours(COM_PORT, 'requested'),
    theirs(COM_PORT, 'inactive'),
  ];

  /** `onComPort` is called when the client agrees to the COM port option. */
  constructor(send: (bytes: Uint8Array) => void, onComPort: () => void) {
    this.#send = send;
    this.#onComPort = onComPort;
  }

  begin(): void {
    for (const side of this.#sides) if (side.state === 'requested') this.#send(negotiation(side.yes, side.option));
  }

  hear(command: number, option: number): void {
    const known = this.#sides.filter((side) => side.option === option);
    if (known.length === 0 && (command === WILL || command === DO)) {
      this.#send(negotiation(command === WILL ? DONT : WONT, option));
    }
    for (const side of known) {
      if (command === side.acceptedBy) this.#accepted(side);
      else if (command === side.refusedBy) this.#refused(side);
    }
  }

  #accepted(side: Side): void {
    if (side.state === 'active') return;
    if (side.state === 'inactive') this.#send(negotiation(side.yes, side.option));
    side.state = 'active';
    if (side.option === COM_PORT) this.#onComPort();
  }

  #refused(side: Side): void {
    if (side.state === 'active') this.#send(negotiation(side.no, side.option));
    side.state = 'inactive';
  }
}
