import { connect } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { exchange, parsed, run, tcp, tls } from '../support/server-clients.ts';
import { publish, startTestServer } from '../support/test-server.ts';
import { ManualClock } from '../support/hurrying-clock.ts';

function openssl(port: number, ...options: string[]) {
  return run('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, ...options]);
}

describe('the server tells why no TLS connection came about:', () => {
  it.each(['-tls1_2', '-tls1_3'])('the client does not trust the authority (%s)', async (version) => {
    const { port, log } = await startTestServer();
    const ran = await openssl(port, version, '-verify_return_error', '-no-CAfile', '-no-CApath', '-no-CAstore');
    expect(ran.stdout.toString()).toMatch(/unable to get local issuer certificate/);
    expect(await log.one('tlsFailed')).toMatchObject({
      cause: 'unknownAuthority',
      detail: 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA',
      client: { address: '127.0.0.1' },
    });
    expect(log.of('requested')).toEqual([]);
  });

  it('the certificate does not have the name that the client asked for', async () => {
    const { port, log, caFile } = await startTestServer();
    await openssl(port, '-verify_return_error', '-CAfile', caFile, '-verify_hostname', 'board.example.org');
    const { cause, detail } = await log.one('tlsFailed');
    expect([cause, detail]).toEqual(['certificateRefused', 'ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE']);
  });

  it.each([
    ['-tls1_1', 'noSharedVersion'],
    ['-tls1', 'noSharedVersion'],
  ])('no shared version (%s)', async (version, cause) => {
    const { port, log } = await startTestServer();
    await openssl(port, version, '-cipher', 'ALL@SECLEVEL=0');
    expect((await log.one('tlsFailed')).cause).toBe(cause);
  });

  it.each([
    ['-tls1_2', '-cipher', 'ECDHE-RSA-AES128-GCM-SHA256'],
    ['-tls1_2', '-cipher', 'NULL-SHA256@SECLEVEL=0'],
  ])('no shared cipher (%s %s %s)', async (...options) => {
    const { port, log } = await startTestServer();
    await openssl(port, ...options);
    expect((await log.one('tlsFailed')).cause).toBe('noSharedCipher');
  });

  it('plain HTTP on the HTTPS port, and tells the client too', async () => {
    const { port, log } = await startTestServer();
    const { stdout } = await run('curl', ['-sS', '--include', `http://127.0.0.1:${port}/app.bin`]);
    const { status, body } = parsed(stdout);
    expect([status, body.toString()]).toEqual([400, 'This port speaks HTTPS: the URL has to begin with https://\n']);
    expect(await log.one('tlsFailed')).toMatchObject({ cause: 'plainHttpOnTls', detail: 'ERR_SSL_HTTP_REQUEST' });
  });

  it('HTTPS on the plain HTTP port', async () => {
    const { port, log } = await startTestServer({ protocol: 'http' });
    expect((await run('curl', ['-sS', `https://127.0.0.1:${port}/app.bin`])).code).not.toBe(0);
    expect((await log.one('tlsFailed')).cause).toBe('tlsOnPlainHttp');
  });

  it('the client went away in the handshake', async () => {
    const { port, log } = await startTestServer();
    tcp(port).end(Buffer.from([0x16, 3, 1, 0, 200, 1]));
    expect(await log.one('tlsFailed')).toMatchObject({ cause: 'closed' });
  });

  it('the client left after the handshake without asking for anything', async () => {
    const { port, log, certificate } = await startTestServer();
    const socket = tls(port, certificate.trustPem ?? '');
    socket.once('session', () => socket.end());
    socket.resume();
    expect(await log.one('tlsFailed')).toMatchObject({ cause: 'closed', detail: 'afterHandshake' });
  });

  it('the client left because of a certificate that it looked at by itself', async () => {
    const { port, log } = await startTestServer();
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('error', () => undefined);
    expect(await log.one('tlsFailed')).toMatchObject({ cause: 'closed' });
  });

  it('something that is no TLS at all', async () => {
    const { port, log } = await startTestServer();
    const socket = tcp(port);
    socket.on('error', () => undefined);
    socket.write(Buffer.alloc(100));
    expect((await log.one('tlsFailed')).cause).not.toBe('unknownAuthority');
  });

  it.each([[[0x16, 3, 1, 2, 0, 1]], [[]]])('the handshake took too long (after %j)', async (bytes) => {
    const clock = new ManualClock();
    const { port, log, server } = await startTestServer({ clock });
    const socket = tcp(port);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => undefined);
    socket.write(Buffer.from(bytes));
    socket.resume();
    await new Promise((resolve) => socket.once('connect', resolve));
    while (server.connectionCount === 0) await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(19_000);
    expect(log.all).toEqual([]);
    await clock.advance(21_000);
    await closed;
    expect((await log.one('tlsFailed')).cause).toBe('timeout');
    expect(log.all).toHaveLength(1);
  });

  it('nothing when a port scanner connects and leaves', async () => {
    const { port, log, server } = await startTestServer();
    const socket = tcp(port);
    await new Promise((resolve) => socket.once('connect', resolve));
    while (server.connectionCount === 0) await new Promise((resolve) => setImmediate(resolve));
    socket.destroy();
    while (server.connectionCount > 0) await new Promise((resolve) => setImmediate(resolve));
    expect(log.all).toEqual([]);
  });
});

describe('a TLS connection', () => {
  it.each([
    ['TLSv1.2', '--tls-max', '1.2'],
    ['TLSv1.3', '--tlsv1.3', ''],
  ])('of %s is told with its cipher', async (version, option, value) => {
    const { url, caFile, releases, log } = await startTestServer();
    publish(releases, 1);
    const args = ['-sS', '-o', '/dev/null', '--cacert', caFile, option, ...(value === '' ? [] : [value])];
    expect((await run('curl', [...args, `${url}/app.bin`])).code).toBe(0);
    const { tls } = await log.one('requested');
    expect(tls?.version).toBe(version);
    expect(tls?.cipher).toMatch(/AES128.GCM|AES_128_GCM/);
  });

  it('can be resumed', async () => {
    const { port, certificate } = await startTestServer();
    const first = tls(port, certificate.trustPem ?? '');
    const session = new Promise<Buffer>((resolve) => first.once('session', resolve));
    void exchange(first, 'GET /nothing HTTP/1.0\r\n\r\n');
    const second = tls(port, certificate.trustPem ?? '', { session: await session });
    const isReused = new Promise((resolve) => {
      second.once('secureConnect', () => {
        resolve(second.isSessionReused());
      });
    });
    expect(parsed(await exchange(second, 'GET /nothing HTTP/1.0\r\n\r\n')).status).toBe(404);
    expect(await isReused).toBe(true);
  });
});
