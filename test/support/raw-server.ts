import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';

/** One request as it came over the wire. */
export interface RawRequest {
  readonly text: string;
  /** Counts from 0 over all connections. */
  readonly index: number;
  readonly socket: Socket;
  /** Of the connections, from 0. */
  readonly connection: number;
}

export interface RawServer {
  readonly port: number;
  readonly requests: readonly RawRequest[];
  readonly connections: number;
  stop(): Promise<void>;
}

/** A server that answers with whatever bytes the test says. Over TLS when there are options for it. */
export async function startRawServer(
  answer: (request: RawRequest) => void,
  tls?: TlsOptions,
  host = '127.0.0.1',
): Promise<RawServer> {
  const requests: RawRequest[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const onConnection = (socket: Socket): void => {
    const connection = connections++;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        const request = { text: text.slice(0, end + 4), index: requests.length, socket, connection };
        text = text.slice(end + 4);
        requests.push(request);
        answer(request);
      }
    });
  };
  const server: Server = tls === undefined ? createServer(onConnection) : createTlsServer(tls, onConnection);
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    requests,
    get connections() {
      return connections;
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A whole response with Content-Length. */
export function response(status: string, body: Uint8Array | string = '', headers: readonly string[] = []): Buffer {
  const content = Buffer.from(body);
  const head = [`HTTP/1.1 ${status}`, ...headers, `Content-Length: ${content.length}`, '', ''].join('\r\n');
  return Buffer.concat([Buffer.from(head, 'latin1'), content]);
}
