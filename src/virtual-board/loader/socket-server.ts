import { RELEASED } from './host-end.ts';
import { attachOrHangUp, serveOneByOne, type LineServer } from './listening.ts';
import type { SerialBoard } from './serial-board.ts';

export interface SocketServerOptions {
  /** Default 0, a free one. */
  readonly port?: number;
  /** Of the serial port behind the socket, which nobody can change. Default 115200. */
  readonly baud?: number;
}

/** The board behind raw TCP, as `ser2net` serves a port: bytes both ways, no rate, no control lines (both released).
 * @throws {OtaError} `board.cannotListen` */
export function serveSocket(board: SerialBoard, options: SocketServerOptions = {}): Promise<LineServer> {
  return serveOneByOne('socket', options.port ?? 0, (socket) => {
    const end = attachOrHangUp(board, socket, { baud: options.baud ?? 115200, lines: RELEASED });
    if (end === undefined) return;
    end.onData((bytes) => socket.write(bytes));
    socket.on('data', (bytes) => {
      end.write(bytes);
    });
  });
}
