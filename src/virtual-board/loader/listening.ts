import './errors.ts';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Disposable } from '../../base/disposable.ts';
import { isOtaError, OtaError, systemCode } from '../../base/ota-error.ts';
import type { AttachOptions, HostEnd } from './host-end.ts';
import type { SerialBoard } from './serial-board.ts';

/** A server that makes a virtual board reachable over TCP. Disposing it ends its connections. */
export interface LineServer extends Disposable {
  readonly port: number;
  /** As written in the settings: `socket://127.0.0.1:…` or `rfc2217://127.0.0.1:…`. */
  readonly address: string;
}

/** Serves one client at a time, on this computer only; the next one waits, as it does in the backlog of the servers this stands for. Port 0 asks the
 * system for a free one.
 * @throws {OtaError} `board.cannotListen` */
export async function serveOneByOne(
  scheme: 'socket' | 'rfc2217',
  port: number,
  serve: (socket: Socket) => void,
): Promise<LineServer> {
  const clients: Socket[] = [];
  const server = createServer({ noDelay: true, pauseOnConnect: true }, (socket) => {
    clients.push(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      const wasFirst = clients[0] === socket;
      clients.splice(clients.indexOf(socket), 1);
      // once everybody has heard that it closed, and the line is free
      if (wasFirst) queueMicrotask(serveFirst);
    });
    if (clients[0] === socket) serveFirst();
  });
  const serveFirst = (): void => {
    const [first] = clients;
    if (first === undefined) return;
    serve(first);
    first.resume();
  };
  const bound = await listen(server, port);
  return {
    port: bound,
    address: `${scheme}://127.0.0.1:${bound}`,
    dispose: () => {
      server.close();
      for (const socket of clients.splice(1)) socket.destroy();
      clients[0]?.destroy();
    },
  };
}

/** Takes the board's line for a connection, for as long as both last; undefined when there is no line to take. */
export function attachOrHangUp(board: SerialBoard, socket: Socket, options: AttachOptions): HostEnd | undefined {
  try {
    const end = board.attach(options);
    end.onGone(() => socket.destroy());
    socket.on('close', () => {
      end.close();
    });
    return end;
  } catch (error) {
    if (!isOtaError(error)) throw error;
    socket.destroy();
    return undefined;
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const reason = systemCode(error) ?? String(error);
      reject(new OtaError('board.cannotListen', { port, reason }, { cause: error }));
    });
    server.listen(port, '127.0.0.1', () => {
      resolve((server.address() as AddressInfo).port);
    });
  });
}
