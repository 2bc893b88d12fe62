import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { OtaBench } from '../support/ota-bench.ts';
import { response, startRawServer, type RawServer } from '../support/raw-server.ts';

/** The bytes that `esp_http_client` of each release puts on the wire.
 * @see ESP-IDF components/esp_http_client/esp_http_client.c, v4.2 to v6.1 */
let bench: OtaBench;
const extras: RawServer[] = [];

beforeAll(async () => {
  bench = await OtaBench.start();
});

afterEach(async () => {
  await Promise.all(extras.splice(0).map((server) => server.stop()));
});

afterAll(() => bench.dispose());

async function serve(): Promise<RawServer> {
  const image = bench.image();
  const server = await startRawServer(({ socket, text }) => {
    const range = /Range: bytes=(\d+)-(\d*)/.exec(text);
    if (text.startsWith('HEAD')) socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${image.length}\r\n\r\n`);
    else if (range === null) socket.write(response('200 OK', image));
    else {
      const part = image.subarray(Number(range[1]), range[2] === '' ? undefined : Number(range[2]) + 1);
      socket.write(response('206 Partial Content', part));
    }
  });
  extras.push(server);
  return server;
}

describe('the request', () => {
  it.each([
    ['5.5.5', ':PORT', ''],
    ['5.4.4', ':PORT', ''],
    ['5.3.5', ':PORT', 'Content-Length: 0\r\n'],
    ['4.4.8', ':PORT', 'Content-Length: 0\r\n'],
    ['4.2.5', '', 'Content-Length: 0\r\n'],
  ])('of ESP-IDF %s', async (idfVersion, port, length) => {
    const server = await serve();
    const url = `http://127.0.0.1:${server.port}/a%20b/../fw.bin?x=%2F&y`;
    const board = bench.board({ firmwareUrl: url }, { idfVersion });
    board.powerOn();
    await board.runUntil(/OTA Succeed|SW_CPU_RESET/);
    expect(server.requests[0]?.text).toBe(
      'GET /a%20b/../fw.bin?x=%2F&y HTTP/1.1\r\n' +
        'User-Agent: ESP32 HTTP Client/1.0\r\n' +
        `Host: 127.0.0.1${port.replace('PORT', String(server.port))}\r\n` +
        `${length}\r\n`,
    );
  });

  it('in parts: HEAD first; Range comes behind Content-Length where that was sent before', async () => {
    const server = await serve();
    const board = bench.board(
      {
        client: 'advanced',
        firmwareUrl: `http://127.0.0.1:${server.port}/fw.bin`,
        partialDownload: { requestSizeBytes: 40_000 },
      },
      { idfVersion: '5.3.5' },
    );
    board.powerOn();
    await board.runUntil('upgrade successful');
    const common = `User-Agent: ESP32 HTTP Client/1.0\r\nHost: 127.0.0.1:${server.port}\r\nContent-Length: 0\r\n`;
    expect(server.requests.map(({ text }) => text)).toEqual([
      `HEAD /fw.bin HTTP/1.1\r\n${common}\r\n`,
      `GET /fw.bin HTTP/1.1\r\n${common}Range: bytes=0-39999\r\n\r\n`,
      `GET /fw.bin HTTP/1.1\r\n${common}Range: bytes=40000-\r\n\r\n`,
    ]);
  });

  it('in parts that are larger than the image: no Range at all', async () => {
    const server = await serve();
    const board = bench.board({
      client: 'advanced',
      firmwareUrl: `http://127.0.0.1:${server.port}/fw.bin`,
      partialDownload: { requestSizeBytes: 128 * 1024 },
    });
    board.powerOn();
    await board.runUntil('upgrade successful');
    expect(server.requests.map(({ text }) => text.includes('Range'))).toEqual([false, false]);
  });
});
