import type { Socket } from 'node:net';
import { systemClock, type Clock } from '../../base/clock.ts';
import { forwardingControl, resettingControl, type ControlLines, type LineServerKind } from './com-port-control.ts';
import { ASSERTED, type HostEnd } from './host-end.ts';
import { attachOrHangUp, serveOneByOne, type LineServer } from './listening.ts';
import type { SerialBoard } from './serial-board.ts';
import { COM_PORT, TelnetOptions } from './telnet-options.ts';
import { escaped, subnegotiation, TelnetStream } from './telnet-stream.ts';

export interface Rfc2217ServerOptions {
  /** Default 0, a free one. */
  readonly port?: number;
  /** Default `forwarding`. */
  readonly kind?: LineServerKind;
  /** For the resets a `resetting` server carries out. Default the computer's. */
  readonly clock?: Clock;
}

const SET_BAUD = 1;
const SET_CONTROL = 5;
const SUSPEND = 8;
const RESUME = 9;
const PURGE = 12;
const ANSWER = 100;
const NOTIFY_MODEM_STATE = 107;
/** What a port answers that has eight bits, no parity, one stop bit and no flow control, whatever it is asked for. */
const FIXED: Readonly<Record<number, number>> = { 2: 8, 3: 1, 4: 1 };

/** The commands of one connection.
 * @see RFC 2217 section 3 */
function obey(command: Uint8Array, end: HostEnd, control: ControlLines): Uint8Array | undefined {
  const [option, kind = 0, value = 0] = command;
  if (option !== COM_PORT) return undefined;
  const answer = (...bytes: readonly number[]): Uint8Array =>
    subnegotiation(Uint8Array.of(COM_PORT, kind + ANSWER, ...bytes));
  const fixed = FIXED[kind];
  if (fixed !== undefined) return answer(fixed);
  switch (kind) {
    case SET_BAUD: {
      if (command.length !== 6) return undefined;
      const baud = new DataView(command.buffer, command.byteOffset + 2, 4).getUint32(0);
      if (baud > 0) end.setBaud(baud);
      const now = end.baud;
      return answer(now >>> 24, (now >>> 16) & 0xff, (now >>> 8) & 0xff, now & 0xff);
    }
    case SET_CONTROL: {
      const acknowledged = control(value);
      return acknowledged === undefined ? undefined : answer(acknowledged);
    }
    case PURGE:
      if (value !== 1) end.purgeOutput();
      return answer(value);
    case SUSPEND:
    case RESUME:
      return undefined;
    default:
      return command.length > 2 ? answer(value) : undefined;
  }
}

function serveClient(socket: Socket, board: SerialBoard, options: Rfc2217ServerOptions): void {
  const stop = new AbortController();
  const end = attachOrHangUp(board, socket, { lines: ASSERTED });
  if (end === undefined) return;
  const control =
    options.kind === 'resetting'
      ? resettingControl(end, options.clock ?? systemClock, stop.signal)
      : forwardingControl(end);
  const telnetOptions = new TelnetOptions(
    (bytes) => socket.write(bytes),
    () => socket.write(subnegotiation(Uint8Array.of(COM_PORT, NOTIFY_MODEM_STATE, 0))),
  );
  const stream = new TelnetStream({
    onData: (bytes) => {
      end.write(bytes);
    },
    onNegotiation: (command, option) => {
      telnetOptions.hear(command, option);
    },
    onSubnegotiation: (bytes) => {
      const answer = obey(bytes, end, control);
      if (answer !== undefined) socket.write(answer);
    },
  });
  end.onData((bytes) => socket.write(escaped(bytes)));
  socket.on('data', (bytes) => {
    stream.push(bytes);
  });
  socket.on('close', () => {
    stop.abort();
  });
  telnetOptions.begin();
}

/** The board behind RFC 2217: rate and control lines go over the network, too. Both lines are asserted when a client comes and released when it goes,
 * in one step each.
 * @throws {OtaError} `board.cannotListen` */
export function serveRfc2217(board: SerialBoard, options: Rfc2217ServerOptions = {}): Promise<LineServer> {
  return serveOneByOne('rfc2217', options.port ?? 0, (socket) => {
    serveClient(socket, board, options);
  });
}
