import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/base/logger.ts';
import { exchange, parsed, run, tcp, tls } from '../support/server-clients.ts';
import { imageBytes, publish, startTestServer, type TestServer } from '../support/test-server.ts';

/** One request over a connection of its own, as `esp_https_ota` makes them. */
async function ask(
  { port, certificate }: TestServer,
  method: string,
  headers: Record<string, string> = {},
  path = '/app.bin',
) {
  const lines = Object.entries({ Host: `127.0.0.1:${port}`, Connection: 'close', ...headers });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return parsed(await exchange(tls(port, certificate.trustPem ?? ''), `${method} ${path} HTTP/1.1\r\n${head}\r\n`));
}

describe('a transfer', () => {
  it('is told from the request to its end', async () => {
    const test = await startTestServer();
    const release = publish(test.releases, 1);
    await run('curl', [
      '-sS',
      '-o',
      '/dev/null',
      '--cacert',
      test.caFile,
      '-A',
      'ESP32 HTTP Client/1.0',
      '-H',
      'Range: bytes=100000-',
      `${test.url}/app.bin?a=b`,
    ]);
    const ended = await test.log.one('ended');
    const { id, transferId, client } = ended;
    expect(client.address).toBe('127.0.0.1');
    expect(test.log.of('requested')).toEqual([
      {
        kind: 'requested',
        atMs: expect.any(Number) as number,
        id,
        transferId,
        client,
        method: 'GET',
        path: '/app.bin?a=b',
        range: 'bytes=100000-',
        status: 206,
        releaseId: release.id,
        userAgent: 'ESP32 HTTP Client/1.0',
        tls: { version: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256' },
      },
    ]);
    expect(test.log.of('progress').at(-1)).toMatchObject({
      id,
      transferId,
      releaseId: release.id,
      sentBytes: 200_000,
      offsetBytes: 300_000,
      totalBytes: 300_000,
    });
    expect(ended).toMatchObject({
      outcome: 'complete',
      sentBytes: 200_000,
      startBytes: 100_000,
      totalBytes: 300_000,
      status: 206,
      releaseId: release.id,
    });
    expect(JSON.parse(JSON.stringify(test.log.all))).toEqual(test.log.all);
  });

  it('brings what a board announces of itself', async () => {
    const test = await startTestServer();
    publish(test.releases, 1);
    await ask(test, 'GET', { 'x-ESP32-STA-MAC': 'A4:CF:12:00:00:01', 'x-ESP32-version': '1.0.0' });
    expect((await test.log.one('requested')).announced).toEqual({ mac: 'a4:cf:12:00:00:01', runningVersion: '1.0.0' });
  });

  it('that asks for what is not there has failed', async () => {
    const test = await startTestServer();
    await ask(test, 'GET', {}, '/other.bin');
    const ended = await test.log.one('ended');
    expect([ended.outcome, ended.status, ended.releaseId]).toEqual(['failed', 404, undefined]);
  });

  it('that the client breaks off is aborted', async () => {
    const test = await startTestServer();
    publish(test.releases, 1, 40_000_000);
    const socket = tls(test.port, test.certificate.trustPem ?? '');
    let gotBytes = 0;
    socket.on('data', (piece: Buffer) => {
      gotBytes += piece.length;
      if (gotBytes > 100_000) socket.destroy();
    });
    socket.write('GET /app.bin HTTP/1.1\r\nHost: x\r\n\r\n');
    const { outcome, sentBytes, totalBytes } = await test.log.one('ended');
    expect([outcome, totalBytes]).toEqual(['aborted', 40_000_000]);
    expect(sentBytes).toBeGreaterThan(100_000 - 20_000);
    expect(sentBytes).toBeLessThan(40_000_000);
  });

  it('that the client resets when all is on its way is aborted as well', async () => {
    const test = await startTestServer({ protocol: 'http' });
    publish(test.releases, 1, 20_000);
    const socket = tcp(test.port);
    socket.write('GET /app.bin HTTP/1.1\r\nHost: x\r\n\r\n');
    await test.log.one('progress');
    socket.resetAndDestroy();
    expect(await test.log.one('ended')).toMatchObject({ outcome: 'aborted', sentBytes: 20_000 });
  });

  it('is complete without waiting when the client has closed the connection after the last byte', async () => {
    const test = await startTestServer();
    publish(test.releases, 1);
    const socket = tls(test.port, test.certificate.trustPem ?? '');
    let gotBytes = 0;
    socket.on('data', (piece: Buffer) => {
      gotBytes += piece.length;
      if (gotBytes > 300_000) socket.end();
    });
    socket.write('GET /app.bin HTTP/1.1\r\nHost: x\r\n\r\n');
    const { outcome, durationMs } = await test.log.one('ended');
    expect(outcome).toBe('complete');
    expect(durationMs).toBeLessThan(2500);
  });

  it('goes on when a listener fails', async () => {
    const errors: string[] = [];
    const test = await startTestServer({ logger: { ...silentLogger, error: (message) => errors.push(message) } });
    publish(test.releases, 1);
    test.server.onTransfer(() => {
      throw new Error('a listener');
    });
    expect((await ask(test, 'GET')).body).toHaveLength(300_000);
    expect(errors[0]).toMatch(/a listener/);
  });
});

describe('a release that is published during a transfer', () => {
  it('does not change what is being sent', async () => {
    const test = await startTestServer();
    publish(test.releases, 1, 8_000_000);
    const socket = tls(test.port, test.certificate.trustPem ?? '', { highWaterMark: 16_384 });
    const answer = exchange(socket, 'GET /app.bin HTTP/1.0\r\n\r\n');
    socket.pause();
    await test.log.one('requested');
    for (const version of [2, 3, 4, 5, 6]) publish(test.releases, version, 9_000_000);
    socket.resume();
    expect(parsed(await answer).body.equals(imageBytes(1, 8_000_000))).toBe(true);
    expect((await ask(test, 'GET')).body.equals(imageBytes(6, 9_000_000))).toBe(true);
  });

  it('does not mix into a download in parts, which begins with HEAD', async () => {
    const test = await startTestServer();
    publish(test.releases, 1);
    const { headers } = await ask(test, 'HEAD');
    const parts: Buffer[] = [];
    for (let offset = 0, version = 2; offset < Number(headers['content-length']); offset += 16_384, version++) {
      publish(test.releases, version, 290_000 + version);
      const { status, headers: part, body } = await ask(test, 'GET', { Range: `bytes=${offset}-${offset + 16_383}` });
      expect([status, part['content-range']?.split('/')[1]]).toEqual([206, '300000']);
      parts.push(body);
    }
    expect(Buffer.concat(parts).equals(imageBytes(1, 300_000))).toBe(true);
    await test.log.first('ended', parts.length + 1);
    expect(new Set(test.log.of('ended').map(({ transferId }) => transferId)).size).toBe(1);
    expect((await ask(test, 'GET')).body).toHaveLength(290_000 + parts.length + 1);
  });

  it('does not mix into a download that is resumed after the board was reset', async () => {
    const test = await startTestServer();
    publish(test.releases, 1, 4_000_000);
    const socket = tls(test.port, test.certificate.trustPem ?? '');
    const stored: Buffer[] = [];
    await new Promise<void>((resolve) => {
      socket.on('data', (piece: Buffer) => {
        stored.push(piece);
        if (Buffer.concat(stored).length < 300_000) return;
        socket.destroy();
        resolve();
      });
      socket.write('GET /app.bin HTTP/1.1\r\nHost: x\r\nRange: bytes=0-\r\n\r\n');
    });
    const begun = parsed(Buffer.concat(stored)).body.subarray(0, 262_144);
    publish(test.releases, 2, 4_000_000);
    const { status, body } = await ask(test, 'GET', { Range: 'bytes=262144-' });
    expect(status).toBe(206);
    expect(Buffer.concat([begun, body]).equals(imageBytes(1, 4_000_000))).toBe(true);
    const [first, second] = await test.log.first('requested', 2);
    expect(second?.transferId).toBe(first?.transferId);
  });
});
