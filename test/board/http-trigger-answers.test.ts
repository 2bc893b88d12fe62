import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createRawServer, type AddressInfo, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { requestUpdate } from '../../src/ota/http-trigger.ts';
import { caught } from '../support/caught.ts';

// A board that is asked over HTTP to update, and answers as it should not.

async function portOf(
  server: { listen(port: number, host: string, then: () => void): unknown } & Pick<Server, 'address' | 'close'>,
): Promise<number> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const board = (answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<number> =>
  portOf(createServer(answer));

const ask = async (port: number, timeoutMs = 5000): Promise<string> => {
  const { text } = await requestUpdate(
    { template: `http://127.0.0.1:${port}/ota`, url: 'https://192.168.1.20:8070/a.bin', version: '1', timeoutMs },
    new AbortController().signal,
  );
  return text;
};

describe('a board that is asked to update', () => {
  it.each([301, 302, 303, 307, 308])('does not lead the request elsewhere (%i)', async (status) => {
    let elsewhere = 0;
    const other = await board((_request, response) => {
      elsewhere += 1;
      response.end();
    });
    const port = await board((_request, response) => {
      response.writeHead(status, { location: `http://127.0.0.1:${other}/admin` }).end();
    });
    expect((await caught(ask(port), 'trigger.refused')).details.status).toBe(status);
    expect(elsewhere).toBe(0);
  });

  it('is not listened to beyond its status, however much it says', async () => {
    const sent = new Promise<number>((resolve) => {
      void board((_request, response) => {
        let bytes = 0;
        response.writeHead(200);
        const more = (): void => {
          while (response.write(Buffer.alloc(64 * 1024))) bytes += 64 * 1024;
          response.once('drain', more);
        };
        response.on('close', () => {
          resolve(bytes);
        });
        more();
      }).then(ask);
    });
    // what fits into the buffers of the two sockets
    expect(await sent).toBeLessThan(32 * 1024 * 1024);
  });

  it('fills no memory with a header that has no end', async () => {
    const sockets: Socket[] = [];
    const port = await portOf(
      createRawServer((socket) => {
        sockets.push(socket);
        socket.on('error', () => undefined);
        socket.write('HTTP/1.1 200 OK\r\n');
        const more = (): void => {
          while (!socket.destroyed && socket.write(`x-${'a'.repeat(1000)}: 1\r\n`));
          if (!socket.destroyed) socket.once('drain', more);
        };
        more();
      }) as unknown as Server,
    );
    // the request is out: whether the board took it is not known
    expect(await ask(port)).toMatch(/no answer yet/);
    expect(sockets).toHaveLength(1);
  });

  it('has nothing of its answer in what is said of it', async () => {
    const port = await board((_request, response) => {
      response.writeHead(200, 'OK \u00e9[x](command:y)', { 'x-evil': 'a' }).end('<script>');
    });
    expect(await ask(port)).toBe(`GET http://127.0.0.1:${port}/ota → 200`);
  });
});
