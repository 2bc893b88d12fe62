import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { startFirmwareServer } from '../../src/server/firmware-server.ts';
import { ReleaseStore } from '../../src/server/release-store.ts';
import { caught } from '../support/caught.ts';
import { exchange, parsed, run, tcp, tls, type Ran } from '../support/server-clients.ts';
import { imageBytes, publish, startTestServer, type TestServer } from '../support/test-server.ts';

async function curl(
  { url, caFile }: TestServer,
  path: string,
  ...options: string[]
): Promise<Ran & ReturnType<typeof parsed>> {
  const ran = await run('curl', ['-sS', '--include', '--path-as-is', '--cacert', caFile, ...options, `${url}${path}`]);
  return { ...ran, ...parsed(ran.stdout) };
}

describe.each(['https', 'http'] as const)('over %s', (protocol) => {
  const start = () => startTestServer({ protocol, host: 'localhost' });

  it('a GET gets the newest release, whole, with few headers', async () => {
    const test = await start();
    publish(test.releases, 1);
    const release = publish(test.releases, 2);
    const { status, headers, body } = await curl(test, '/app.bin');
    expect(status).toBe(200);
    expect(headers).toEqual({
      'content-type': 'application/octet-stream',
      'content-length': '300000',
      'accept-ranges': 'bytes',
      etag: `"${release.sha256}"`,
    });
    expect(body.equals(release.bytes)).toBe(true);
  });

  it('a HEAD gets the same header and nothing else', async () => {
    const test = await start();
    const release = publish(test.releases, 1);
    const { status, headers, body } = await curl(test, '/app.bin', '--head');
    expect([status, headers['content-length'], headers['etag'], body.length]).toEqual([
      200,
      '300000',
      `"${release.sha256}"`,
      0,
    ]);
  });

  it.each([
    ['0-16383', 206, 'bytes 0-16383/300000', 16384],
    ['299999-300000', 206, 'bytes 299999-299999/300000', 1],
    ['299000-', 206, 'bytes 299000-299999/300000', 1000],
    ['-10', 206, 'bytes 299990-299999/300000', 10],
    ['300000-', 416, 'bytes */300000', 0],
    ['0-1,5-6', 200, undefined, 300000],
  ])('a range of %s gets %i', async (range, status, contentRange, sizeBytes) => {
    const test = await start();
    const release = publish(test.releases, 1);
    const response = await curl(test, '/app.bin', '--header', `Range: bytes=${range}`);
    expect(response.status).toBe(status);
    expect([response.headers['content-range'], response.headers['content-length']]).toEqual([
      contentRange,
      String(sizeBytes),
    ]);
    const startBytes = Number(/bytes (\d+)/.exec(contentRange ?? '')?.[1] ?? 0);
    expect(response.body.equals(release.bytes.subarray(startBytes, startBytes + sizeBytes))).toBe(true);
  });

  it('a client that has the release already is told so', async () => {
    const test = await start();
    const release = publish(test.releases, 1);
    const { status, body, headers } = await curl(test, '/app.bin', '--header', `If-None-Match: "${release.sha256}"`);
    expect([status, body.length, headers]).toEqual([304, 0, { etag: `"${release.sha256}"` }]);
  });

  it('each release has a path of its own, and the newest its metadata', async () => {
    const test = await start();
    const first = publish(test.releases, 1);
    const second = publish(test.releases, 2);
    expect((await curl(test, first.paths.pinned)).body.equals(first.bytes)).toBe(true);
    const { headers, body } = await curl(test, '/manifest.json');
    expect(headers['content-type']).toBe('application/json');
    expect(JSON.parse(body.toString())).toMatchObject({ version: '1.0.2', sha256: second.sha256, size: 300_000 });
  });

  it.each([
    '/',
    '/nothing.bin',
    '/../../../../etc/passwd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/app.bin/',
    '/%ff',
    '//app.bin',
  ])('%s is not found', async (path) => {
    const test = await start();
    publish(test.releases, 1);
    const { status, headers, body } = await curl(test, path);
    expect([status, headers['content-type']]).toEqual([404, 'text/plain; charset=utf-8']);
    expect(body.toString()).toMatch(/^Not found[^\n]{0,80}\n$/);
  });

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'])('%s is not allowed', async (method) => {
    const test = await start();
    publish(test.releases, 1);
    const { status, headers } = await curl(test, '/app.bin', '--request', method, '--data', 'x'.repeat(100_000));
    expect([status, headers['allow'], headers['connection']]).toEqual([405, 'GET, HEAD', 'close']);
  });

  it('nothing is compressed for who would like it', async () => {
    const test = await start();
    const release = publish(test.releases, 1);
    const { headers, body } = await curl(test, '/app.bin', '--header', 'Accept-Encoding: gzip, br, deflate');
    expect(headers['content-encoding']).toBeUndefined();
    expect(body.equals(release.bytes)).toBe(true);
  });

  it('the host that a client asks for does not matter', async () => {
    const test = await start();
    publish(test.releases, 1);
    expect((await curl(test, '/app.bin?x=1', '--header', 'Host: elsewhere:1')).status).toBe(200);
  });

  it('an HTTP/1.0 client is told that the connection ends, and it ends', async () => {
    const { port, releases, certificate } = await start();
    const release = publish(releases, 1);
    const socket =
      protocol === 'http'
        ? connect({ port, host: 'localhost' })
        : tls(port, certificate.trustPem ?? '', { host: 'localhost' });
    const answer = parsed(await exchange(socket, 'GET /app.bin HTTP/1.0\r\nConnection: keep-alive\r\n\r\n'));
    expect([answer.status, answer.headers['connection']]).toEqual([200, 'close']);
    expect(answer.body.equals(release.bytes)).toBe(true);
  });

  it('a connection serves one part after the other', async () => {
    const { port, releases, certificate, log } = await start();
    const release = publish(releases, 1);
    const socket =
      protocol === 'http'
        ? connect({ port, host: 'localhost' })
        : tls(port, certificate.trustPem ?? '', { host: 'localhost' });
    const requests = ['0-999', '1000-1999', '2000-'].map(
      (range, index) =>
        `GET /app.bin HTTP/1.1\r\nHost: x\r\nRange: bytes=${range}\r\n${index === 2 ? 'Connection: close\r\n' : ''}\r\n`,
    );
    const answer = await exchange(socket, requests.join(''));
    const ended = await log.first('ended', 3);
    expect(answer.subarray(-298_000).equals(release.bytes.subarray(2000))).toBe(true);
    expect(ended.map(({ outcome, status }) => [outcome, status])).toEqual(Array(3).fill(['complete', 206]));
    expect(new Set(ended.map(({ transferId }) => transferId)).size).toBe(1);
    expect(new Set(ended.map(({ client }) => client.port)).size).toBe(1);
  });
});

describe('the server', () => {
  it('sends the header apart from the body, and the body in records as small as asked for', async () => {
    const { port, releases, certificate } = await startTestServer({ maxFragmentBytes: 1024 });
    publish(releases, 1, 10_000);
    const socket = tls(port, certificate.trustPem ?? '');
    const pieces: Buffer[] = [];
    socket.on('data', (piece: Buffer) => pieces.push(piece));
    socket.write('GET /app.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    await new Promise((resolve) => socket.on('close', resolve));
    const [header = Buffer.alloc(0), ...body] = pieces;
    expect(header.toString()).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n$/);
    expect(Buffer.concat(body)).toHaveLength(10_000);
    expect(Math.max(...body.map((piece) => piece.length))).toBeLessThanOrEqual(1024);
  });

  it('says when its port is taken, and takes it once it is free', async () => {
    const first = await startTestServer({ protocol: 'http' });
    const again = () => startFirmwareServer({ protocol: 'http', host: '127.0.0.1', port: first.port }, first.releases);
    expect((await caught(again(), 'server.portInUse')).details).toEqual({ port: first.port });
    await first.server.stop();
    const second = await again();
    expect(second.url).toBe(first.url);
    publish(first.releases, 1);
    const answer = await exchange(tcp(second.port), 'GET /app.bin HTTP/1.0\r\n\r\n');
    await second.stop();
    expect(parsed(answer).body).toHaveLength(300_000);
  });

  it('says when it cannot listen or has no certificate', async () => {
    const releases = new ReleaseStore();
    await caught(
      startFirmwareServer({ protocol: 'http', host: '192.0.2.1', port: 0 }, releases),
      'server.addressUnavailable',
    );
    await caught(startFirmwareServer({ port: 0 }, releases), 'server.credentialsInvalid');
    const nonsense = { certificatePem: 'x', keyPem: 'y' };
    await caught(startFirmwareServer({ port: 0, credentials: nonsense }, releases), 'server.credentialsInvalid');
    await caught(startFirmwareServer({ protocol: 'http' }, releases, AbortSignal.abort()), 'cancelled');
  });

  it('has the advertised host in its URL', async () => {
    const { server, port } = await startTestServer({ advertisedHost: 'fd00::7' });
    expect(server.url).toBe(`https://[fd00::7]:${port}`);
    server.configure({ advertisedHost: 'desk.local' });
    expect(server.url).toBe(`https://desk.local:${port}`);
  });

  it('ends everything at once when it is stopped, in the middle of a download too', async () => {
    const { server, port, releases, certificate, log } = await startTestServer();
    publish(releases, 1, 50_000_000);
    const idle = tls(port, certificate.trustPem ?? '');
    const stalled = tcp(port);
    const busy = tls(port, certificate.trustPem ?? '', { highWaterMark: 1024 });
    busy.write('GET /app.bin HTTP/1.1\r\nHost: x\r\n\r\n');
    const closed = [idle, stalled, busy].map(
      (socket) =>
        new Promise((resolve) => {
          socket.on('error', () => undefined);
          socket.on('close', resolve);
          socket.resume();
        }),
    );
    busy.pause();
    await log.one('requested');
    const stopping = server.stop();
    busy.resume();
    await stopping;
    await Promise.all(closed);
    expect(server.connectionCount).toBe(0);
    expect((await log.one('ended')).outcome).toBe('aborted');
    await server.stop();
  });

  it('stops when its signal is aborted', async () => {
    const control = new AbortController();
    const server = await startFirmwareServer(
      { protocol: 'http', host: '127.0.0.1', port: 0 },
      new ReleaseStore(),
      control.signal,
    );
    const socket = tcp(server.port);
    await new Promise((resolve) => socket.once('connect', resolve));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => undefined);
    control.abort();
    await closed;
    await server.stop();
    expect(server.connectionCount).toBe(0);
  });

  it('takes a new certificate while it runs, and keeps the old one when the new one is no good', async () => {
    const test = await startTestServer();
    publish(test.releases, 1);
    await caught(() => {
      test.server.configure({ credentials: { certificatePem: 'x', keyPem: 'y' } });
    }, 'server.credentialsInvalid');
    expect((await curl(test, '/app.bin')).code).toBe(0);
    const { CertificateStore } = await import('../../src/server/certificate-store.ts');
    const { temporaryFolder } = await import('../support/test-server.ts');
    const other = await new CertificateStore(await temporaryFolder()).serverCertificate({
      keyType: 'ec',
      names: { dns: ['localhost'], ip: ['127.0.0.1'] },
    });
    test.server.configure({ credentials: other });
    expect((await curl(test, '/app.bin')).code).toBe(60);
  });

  it('lets another answer in its place', async () => {
    const { port, releases } = await startTestServer({
      protocol: 'http',
      respond: (exchange) => {
        exchange.socket.end('HTTP/1.1 503 Out Of Order\r\n\r\n');
        return Promise.resolve(true);
      },
    });
    publish(releases, 1);
    expect(parsed(await exchange(tcp(port), 'GET /app.bin HTTP/1.0\r\n\r\n')).status).toBe(503);
  });

  it('answers over IPv6 as well, when it listens everywhere', async () => {
    const { port, releases, certificate, log } = await startTestServer({ host: '::' });
    publish(releases, 1);
    for (const host of ['::1', '127.0.0.1']) {
      const socket = tls(port, certificate.trustPem ?? '', { host, servername: 'localhost' });
      const answer = parsed(await exchange(socket, 'GET /app.bin HTTP/1.0\r\n\r\n'));
      expect(answer.body.equals(imageBytes(1, 300_000))).toBe(true);
    }
    expect((await log.first('ended', 2)).map(({ client }) => client.address)).toEqual(['::1', '127.0.0.1']);
  });
});
