import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { exchange, parsed, tcp, tls } from '../support/server-clients.ts';
import { imageBytes, publish, startTestServer } from '../support/test-server.ts';

function closed(socket: Socket): Promise<Buffer> {
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    socket.on('data', (piece: Buffer) => pieces.push(piece));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      resolve(Buffer.concat(pieces));
    });
  });
}

describe('two hundred boards at once', () => {
  it('all get every byte, however slowly they take them', async () => {
    const { port, releases, certificate, log } = await startTestServer();
    publish(releases, 1, 200_000);
    const boards = Array.from({ length: 200 }, () => {
      const socket = tls(port, certificate.trustPem ?? '', { highWaterMark: 4096 });
      const answer = exchange(socket, 'GET /app.bin HTTP/1.0\r\n\r\n');
      socket.on('data', () => {
        socket.pause();
        setImmediate(() => socket.resume());
      });
      return answer;
    });
    const image = imageBytes(1, 200_000);
    for (const answer of await Promise.all(boards)) expect(parsed(answer).body.equals(image)).toBe(true);
    const ended = await log.first('ended', 200);
    expect(new Set(ended.map(({ outcome }) => outcome))).toEqual(new Set(['complete']));
  });

  it('are not kept waiting by clients that stall in the handshake or do not read', async () => {
    const { port, releases, certificate, server } = await startTestServer();
    publish(releases, 1, 20_000_000);
    const stalled = Array.from({ length: 50 }, () => {
      const socket = tcp(port);
      socket.on('error', () => undefined);
      socket.write(Buffer.from([0x16, 3, 1, 2, 0, 1]));
      return socket;
    });
    const idle = Array.from({ length: 10 }, () => {
      const socket = tls(port, certificate.trustPem ?? '');
      socket.on('error', () => undefined);
      socket.write('GET /app.bin HTTP/1.1\r\nHost: x\r\n\r\n');
      socket.pause();
      return socket;
    });
    while (server.connectionCount < 60) await new Promise((resolve) => setImmediate(resolve));
    publish(releases, 2, 100_000);
    const answer = await exchange(tls(port, certificate.trustPem ?? ''), 'GET /app.bin HTTP/1.0\r\n\r\n');
    expect(parsed(answer).body.equals(imageBytes(2, 100_000))).toBe(true);
    for (const socket of [...stalled, ...idle]) socket.destroy();
  });
});

describe('the server closes', () => {
  it('connections of one address beyond the limit, and takes new ones when old ones have gone', async () => {
    const limits = { maxConnectionsPerAddress: 3 };
    const { port, log, server } = await startTestServer({ protocol: 'http', limits });
    const open = [tcp(port), tcp(port), tcp(port)];
    while (server.connectionCount < 3) await new Promise((resolve) => setImmediate(resolve));
    expect(await closed(tcp(port))).toHaveLength(0);
    expect(await log.one('refused')).toMatchObject({ reason: 'tooManyConnections', client: { address: '127.0.0.1' } });
    for (const socket of open) socket.destroy();
    while (server.connectionCount > 0) await new Promise((resolve) => setImmediate(resolve));
    expect(parsed(await exchange(tcp(port), 'GET / HTTP/1.0\r\n\r\n')).status).toBe(404);
  });

  it('a header that takes too long', async () => {
    const { port } = await startTestServer({ protocol: 'http', limits: { headersTimeoutMs: 200 } });
    const socket = tcp(port);
    const answer = closed(socket);
    socket.write('GET /app.bin HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    const drip = setInterval(() => socket.write('.'), 20);
    expect(parsed(await answer).status).toBe(408);
    clearInterval(drip);
  });

  it.each([
    ['a header that is too long', `GET /app.bin HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(10_000)}\r\n\r\n`, 431],
    ['a path that is too long', `GET /${'x'.repeat(10_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431],
    ['what is no HTTP', 'NONSENSE\r\n\r\n', 400],
    ['two lengths', 'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 400],
    ['a request without a host', 'GET / HTTP/1.1\r\n\r\n', 400],
    ['a request with a large body', 'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n', 413],
    ['a request with a body of unknown length', 'GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n', 413],
  ])('the connection after %s', async (_what, request, status) => {
    const { port } = await startTestServer({ protocol: 'http' });
    const socket = tcp(port);
    const answer = closed(socket);
    socket.write(request);
    expect(parsed(await answer).status).toBe(status);
  });

  it('a download of which the client takes nothing any more', async () => {
    const { port, releases, certificate, log } = await startTestServer({ limits: { stallTimeoutMs: 300 } });
    publish(releases, 1, 30_000_000);
    const socket = tls(port, certificate.trustPem ?? '');
    socket.on('error', () => undefined);
    socket.write('GET /app.bin HTTP/1.1\r\nHost: x\r\n\r\n');
    await new Promise((resolve) => socket.once('data', resolve));
    socket.pause();
    expect((await log.one('ended')).outcome).toBe('aborted');
    socket.destroy();
  });

  it('a connection that stays idle too long', async () => {
    const { port } = await startTestServer({ protocol: 'http', limits: { keepAliveMs: 100 } });
    const socket = tcp(port);
    const answer = closed(socket);
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(parsed(await answer).headers['connection']).toBeUndefined();
  });
});
