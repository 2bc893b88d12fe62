import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { AppOptions } from '../../src/virtual-board/board-setup.ts';
import type { VirtualBoard } from '../../src/virtual-board/virtual-board.ts';
import { makeOtadata } from '../support/firmware.ts';
import { systemClock, type Clock } from '../../src/base/clock.ts';
import { OtaBench, sha256, slotBytes, whenPhase, whenWritten } from '../support/ota-bench.ts';
import { response, startRawServer, type RawRequest, type RawServer } from '../support/raw-server.ts';

/** What can be wrong with a download, beyond Espressif's own tests. The answers come from our server where it can give them. */
let bench: OtaBench;
const extras: RawServer[] = [];
let tls: { readonly cert: string; readonly key: string };

beforeAll(async () => {
  bench = await OtaBench.start();
  tls = { cert: bench.credentials.certificatePem, key: bench.credentials.keyPem };
});

afterEach(async () => {
  await Promise.all(extras.splice(0).map((server) => server.stop()));
});

afterAll(() => bench.dispose());

async function serve(answer: (request: RawRequest) => void): Promise<RawServer> {
  const server = await startRawServer(answer, tls);
  extras.push(server);
  return server;
}

/** A board whose firmware asks the raw server. */
async function askRaw(
  answer: (request: RawRequest) => void,
  app: Partial<AppOptions> = {},
  idfVersion = '5.5.5',
): Promise<{ board: VirtualBoard; server: RawServer }> {
  const server = await serve(answer);
  const board = bench.board({ firmwareUrl: `https://127.0.0.1:${server.port}/fw.bin`, ...app }, { idfVersion });
  board.powerOn();
  return { board, server };
}

const status =
  (line: string, headers: readonly string[] = []) =>
  ({ socket }: RawRequest): void => {
    socket.write(response(line, 'no', headers));
  };

describe('status codes', () => {
  it('404: our server has nothing under that path', async () => {
    const board = bench.board({ firmwareUrl: `${bench.url}/missing.bin` });
    board.powerOn();
    await board.runUntil('esp_https_ota: File not found(404)');
    await board.runUntil('Failed to establish HTTP connection');
    await board.runUntil('Firmware upgrade failed');
    expect(await bench.verdict(board)).toBe('failed: http.404');
  });

  it.each([
    ['403 Forbidden', 'File not found(403)'],
    ['400 Bad Request', 'Client error (400)'],
    ['500 Internal Server Error', 'Server error (500)'],
    ['503 Service Unavailable', 'Server error (503)'],
  ])('%s', async (line, expected) => {
    const { board } = await askRaw(status(line));
    await board.runUntil(`esp_https_ota: ${expected}`);
    await board.runUntil('Firmware upgrade failed');
    expect(await bench.verdict(board)).toBe('failed: httpStatus');
  });

  it('304 is no error of the connection', async () => {
    const { board } = await askRaw(status('304 Not Modified'));
    await board.runUntil('OTA image not modified since last request (status code: 304)');
    await board.runUntil((line) => !line.includes('Failed to establish HTTP connection'));
    expect(await bench.verdict(board)).toBe('failed: httpStatus');
  });

  it('204 has no bytes for a header', async () => {
    const { board } = await askRaw(({ socket }) => {
      socket.write('HTTP/1.1 204 No Content\r\n\r\n');
    });
    await board.runUntil('Complete headers were not received');
    expect(await bench.verdict(board)).toBe('failed: imageTooShort');
  });

  it('401 without basic authentication in the firmware', async () => {
    const { board } = await askRaw(status('401 Unauthorized', ['WWW-Authenticate: Basic realm="fw"']));
    await board.runUntil('HTTP_CLIENT: This authentication method is not supported: Basic realm="fw"');
    await board.runUntil('esp_https_ota: Authorization Failed');
    expect(await bench.verdict(board)).toBe('failed: authentication');
  });

  it('401 without a challenge', async () => {
    const { board } = await askRaw(status('401 Unauthorized'));
    await board.runUntil('This request requires authentication, but does not provide header information for that');
    expect(await bench.verdict(board)).toBe('failed: authentication');
  });

  it('401 with basic authentication and credentials in the URL', async () => {
    const image = bench.image();
    const server = await serve(({ socket, text }) => {
      const isKnown = text.includes(`Authorization: Basic ${Buffer.from('me:secret').toString('base64')}\r\n`);
      socket.write(isKnown ? response('200 OK', image) : response('401 Unauthorized', '', ['WWW-Authenticate: Basic realm="fw"']));
    }); // prettier-ignore
    const board = bench.board({ firmwareUrl: `https://me:secret@127.0.0.1:${server.port}/fw.bin`, hasBasicAuth: true });
    board.powerOn();
    await board.runUntil('OTA Succeed, Rebooting...');
    expect(await bench.verdict(board)).toBe('delivered');
    expect(server.requests).toHaveLength(2);
  });

  it('401 for ever: ten tries', async () => {
    const server = await serve(status('401 Unauthorized', ['WWW-Authenticate: Basic realm="fw"']));
    const board = bench.board({ firmwareUrl: `https://a:b@127.0.0.1:${server.port}/fw.bin`, hasBasicAuth: true });
    board.powerOn();
    await board.runUntil('Reached max_authorization_retries (401)');
    expect(await bench.verdict(board)).toBe('failed: authentication');
    expect(server.requests).toHaveLength(11);
  });
});

describe('the body', () => {
  it('shorter than its Content-Length', async () => {
    const image = bench.image();
    const { board } = await askRaw(({ socket }) => {
      socket.end(response('200 OK', image).subarray(0, 20_000));
    });
    await board.runUntil('Connection closed before complete data was received!');
    await board.runUntil('Firmware upgrade failed');
    expect(await bench.verdict(board)).toBe('failed: connectionLost');
    expect(board.state.running?.version).toBe('1.0.0');
  });

  it('shorter than its Content-Length, as advanced_https_ota tells it', async () => {
    const image = bench.image();
    const { board } = await askRaw(
      ({ socket }) => {
        socket.end(response('200 OK', image).subarray(0, 20_000));
      },
      { client: 'advanced' },
    );
    await board.runUntil('Complete data was not received.');
    await board.runUntil('OTA abort');
    await board.runUntil('ESP_HTTPS_OTA upgrade failed');
    expect(await bench.verdict(board)).toBe('failed: connectionLost');
  });

  it.each([
    ['5.5.5', 1023, 'Complete headers were not received', 'failed: imageTooShort'],
    ['5.5.5', 1024, 'Firmware upgrade failed', 'failed: imageCorrupt'],
    ['4.4.8', 288, 'Complete headers were not received', 'failed: imageTooShort'],
    ['4.4.8', 289, 'esp_image: ', 'failed: imageCorrupt'],
  ])('ESP-IDF %s needs so many bytes before it writes: %i', async (idfVersion, bytes, line, verdict) => {
    const url = bench.publish(`b${bytes}-${idfVersion}`, bench.image().subarray(0, bytes));
    const board = bench.board({ firmwareUrl: url }, { idfVersion });
    board.powerOn();
    await board.runUntil('Starting OTA...');
    expect(await board.runUntil(/Complete headers|esp_image: |upgrade failed/)).toContain(
      line === 'Firmware upgrade failed' ? 'esp_image: ' : line,
    );
    expect(await bench.verdict(board)).toBe(verdict);
  });

  it('exactly as large as the slot', async () => {
    const table = 'otadata,data,ota,,0x2000\nota_0,app,ota_0,0x20000,128K\nota_1,app,ota_1,,128K';
    const image = bench.image({ totalSizeBytes: 128 * 1024 });
    const board = bench.board({ firmwareUrl: bench.publish('full', image) }, { table });
    board.powerOn();
    await board.runUntil('OTA Succeed, Rebooting...');
    await board.runUntil('App version:      1.1.0');
    expect(await bench.verdict(board)).toBe('delivered');
    expect(sha256(slotBytes(board, 'ota_1', image.length))).toBe(sha256(image));
  });

  it('sixteen bytes larger than the slot', async () => {
    const table = 'otadata,data,ota,,0x2000\nota_0,app,ota_0,0x20000,128K\nota_1,app,ota_1,,128K';
    const image = bench.image({ totalSizeBytes: 128 * 1024 + 16 });
    const board = bench.board({ firmwareUrl: bench.publish('over', image) }, { table });
    board.powerOn();
    await board.runUntil('Error: esp_ota_write failed! err=0x104');
    await board.runUntil('Firmware upgrade failed');
    expect(await bench.verdict(board)).toBe('failed: imageTooLarge');
  });

  it('in chunks', async () => {
    const image = bench.image();
    const { board } = await askRaw(({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
      for (let at = 0; at < image.length; at += 5000) {
        const part = image.subarray(at, at + 5000);
        socket.write(`${part.length.toString(16)};x=y\r\n`);
        socket.write(part);
        socket.write('\r\n');
      }
      socket.write('0\r\nX-Trailer: 1\r\n\r\n');
    });
    await board.runUntil('OTA Succeed, Rebooting...');
    await board.runUntil('App version:      1.1.0');
    expect(await bench.verdict(board)).toBe('delivered');
    expect(sha256(slotBytes(board, 'ota_1', image.length))).toBe(sha256(image));
  });

  it('one flipped bit is found by the digest', async () => {
    const image = bench.image().slice();
    const at = image.length - 5000;
    image[at] = (image[at] ?? 0) ^ 0x10;
    // the checksum is an exclusive or: a second flip at the same bit keeps it right
    image[at + 64] = (image[at + 64] ?? 0) ^ 0x10;
    const board = bench.board({ client: 'native', firmwareUrl: bench.publish('flip', image) });
    board.powerOn();
    await board.runUntil('esp_image: Image hash failed - image is corrupt');
    await board.runUntil('esp_ota_ops: New image failed verification');
    await board.runUntil('Image validation failed, image is corrupted');
    expect(await bench.verdict(board)).toBe('failed: imageCorrupt');
  });

  it('not HTTP at all', async () => {
    const { board } = await askRaw(({ socket }) => {
      socket.end('220 smtp.example.org ESMTP\r\n\r\n');
    });
    await board.runUntil('Failed to establish HTTP connection');
    expect(await bench.verdict(board)).toBe('failed: earlier');
  });

  it('a page that says 200', async () => {
    const { board } = await askRaw(status('200 OK'), { client: 'advanced' });
    await board.runUntil('Complete headers were not received');
    const page = Buffer.from('<html>'.padEnd(3000, 'x'));
    const second = await askRaw(({ socket }) => {
      socket.write(response('200 OK', page));
    });
    await second.board.runUntil(/Mismatch chip id, expected 0, found \d+/);
    expect(await bench.verdict(second.board)).toBe('refused: wrongChip');
  });
});

describe('time', () => {
  it('no answer within the timeout', async () => {
    const { board } = await askRaw(() => undefined, { receiveTimeoutMs: 60 });
    await board.runUntil('HTTP_CLIENT: Connection timed out before data was ready!');
    await board.runUntil('Failed to establish HTTP connection');
    expect(await bench.verdict(board)).toBe('failed: serverSlow');
  });

  it('a stall in the body is waited out, however long', async () => {
    const whole = response('200 OK', bench.image());
    let goOn = (): void => undefined;
    const server = await serve(({ socket }) => {
      socket.write(whole.subarray(0, 30_000));
      goOn = () => socket.write(whole.subarray(30_000));
    });
    let timeouts = 0;
    const clock: Clock = {
      now: () => systemClock.now(),
      after: (delayMs, run) =>
        systemClock.after(delayMs, () => {
          if (delayMs === 200 && ++timeouts === 3) goOn();
          run();
        }),
    };
    const board = bench.board(
      { firmwareUrl: `https://127.0.0.1:${server.port}/fw.bin`, receiveTimeoutMs: 200 },
      {},
      { clock },
    );
    board.powerOn();
    await board.runUntil('Writing to <ota_1> partition');
    await board.runUntil('OTA Succeed, Rebooting...');
    expect(await bench.verdict(board)).toBe('delivered');
    expect(timeouts).toBeGreaterThanOrEqual(3);
  });

  it('a stall in the body ends native_ota_example', async () => {
    const whole = response('200 OK', bench.image());
    const { board } = await askRaw(
      ({ socket }) => {
        socket.write(whole.subarray(0, 30_000));
      },
      { client: 'native', receiveTimeoutMs: 40 },
    );
    await board.runUntil('Error: SSL data read error');
    expect(await bench.verdict(board)).toBe('failed: connectionLost');
  });

  it('the server goes away without a goodbye', async () => {
    const whole = response('200 OK', bench.image());
    const server = await startRawServer(({ socket }) => {
      socket.write(whole.subarray(0, 30_000), () => {
        setImmediate(() => socket.resetAndDestroy());
      });
    });
    extras.push(server);
    // http:// works with a pinned certificate whether plain HTTP is allowed or not
    const board = bench.board({ firmwareUrl: `http://127.0.0.1:${server.port}/fw.bin` });
    board.powerOn();
    // not every kernel turns a reset on loopback into an error of the reader
    await board.runUntil(
      /esp_https_ota: (data read -1, errno 104|Connection closed before complete data was received!)/,
    );
    await board.runUntil('Firmware upgrade failed');
    expect(await bench.verdict(board)).toBe('failed: connectionLost');
  });
});

describe('redirects', () => {
  it.each([
    ['5.4.4', 'OTA Succeed, Rebooting...'],
    ['5.5.5', 'HTTPS origin can only redirect to https:// targets (got /moved.bin)'],
    ['6.0.2', 'OTA Succeed, Rebooting...'],
    ['6.1.0', 'HTTPS origin can only redirect to https:// targets (got /moved.bin)'],
  ])('relative, ESP-IDF %s', async (idfVersion, line) => {
    const image = bench.image();
    const { board } = await askRaw(
      ({ socket, text }) => {
        const isMoved = text.startsWith('GET /moved.bin ');
        socket.write(isMoved ? response('200 OK', image) : response('302 Found', '', ['Location: /moved.bin']));
      },
      {},
      idfVersion,
    );
    await board.runUntil(line);
    expect(await bench.verdict(board)).toBe(line.startsWith('OTA Succeed') ? 'delivered' : 'failed: redirect');
  });

  it('to http is refused from 5.5.5 on', async () => {
    const { board } = await askRaw(status('302 Found', ['Location: http://127.0.0.1:1/x.bin']));
    await board.runUntil('HTTPS origin can only redirect to https:// targets (got http://127.0.0.1:1/x.bin)');
    await board.runUntil('esp_https_ota: URL redirection Failed');
    expect(await bench.verdict(board)).toBe('failed: redirect');
  });

  it('without a Location', async () => {
    const { board } = await askRaw(status('302 Found'));
    await board.runUntil('esp_https_ota: URL redirection Failed');
    expect(await bench.verdict(board)).toBe('failed: redirect');
  });

  it('a new host name loses its port in Host', async () => {
    const image = bench.image();
    const target = await serve(({ socket }) => {
      socket.write(response('200 OK', image));
    });
    const first = await serve(status('308 Permanent Redirect', [`Location: https://ota.test:${target.port}/fw.bin`]));
    const board = bench.board(
      { firmwareUrl: `https://127.0.0.1:${first.port}/fw.bin` },
      {},
      { hosts: { 'ota.test': '127.0.0.1' } },
    );
    board.powerOn();
    await board.runUntil('OTA Succeed, Rebooting...');
    expect(target.requests[0]?.text).toContain('Host: ota.test\r\n');
  });

  it('HEAD follows ten of them', async () => {
    const server = await serve(({ socket }) => {
      socket.write(response('301 Moved Permanently', '', [`Location: https://127.0.0.1:${server.port}/again`]));
    });
    const board = bench.board({
      client: 'advanced',
      firmwareUrl: `https://127.0.0.1:${server.port}/fw.bin`,
      partialDownload: { requestSizeBytes: 16384 },
    });
    board.powerOn();
    await board.runUntil('reach max_redirection_count count=10');
    await board.runUntil('ESP HTTPS OTA Begin failed');
    expect(server.requests).toHaveLength(11);
  });
});

describe('ranges', () => {
  const partial = { client: 'advanced', partialDownload: { requestSizeBytes: 16384 } } as const;

  it('HEAD 405 ends the update up to 5.5', async () => {
    const { board } = await askRaw(status('405 Method Not Allowed'), partial);
    await board.runUntil('esp_https_ota: Received incorrect http status 405');
    await board.runUntil('ESP HTTPS OTA Begin failed');
    expect(await bench.verdict(board)).toBe('failed: earlier');
  });

  it('HEAD 405 is worked around from 6.0 on by a GET of one byte', async () => {
    const image = bench.image();
    const { board, server } = await askRaw(
      ({ socket, text }) => {
        const range = /Range: bytes=(\d+)-(\d*)/.exec(text);
        if (text.startsWith('HEAD')) socket.write('HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n');
        else {
          const from = Number(range?.[1]);
          const to = Math.min(image.length, range?.[2] === '' ? image.length : Number(range?.[2]) + 1);
          const total = [`Content-Range: bytes ${from}-${to - 1}/${image.length}`];
          socket.write(response('206 Partial Content', image.subarray(from, to), total));
        }
      },
      partial,
      '6.0.0',
    );
    await board.runUntil('upgrade successful. Rebooting ...');
    expect(await bench.verdict(board)).toBe('delivered');
    expect(server.requests[1]?.text).toContain('Range: bytes=0-0\r\n');
    expect(sha256(slotBytes(board, 'ota_1', image.length))).toBe(sha256(image));
  });

  it('an end one past the last byte is clamped by our server', async () => {
    const image = bench.image({ totalSizeBytes: 96 * 1024 });
    const url = bench.publish('past', image);
    const board = bench.board({
      client: 'advanced',
      firmwareUrl: url,
      resumption: {},
      partialDownload: { requestSizeBytes: 64 * 1024 },
      updateOnBoot: 'always',
    });
    board.onStateChange((state) => {
      if (state.bootCount === 1 && (state.update?.writtenBytes ?? 0) >= 64 * 1024) board.reset();
    });
    board.powerOn();
    await board.runUntil('upgrade successful. Rebooting ...');
    await board.runUntil('App version:      1.1.0');
    expect(await bench.verdict(board)).toBe('delivered');
    const past = bench
      .of('requested')
      .find(({ path, range }) => path === '/past.bin' && range?.endsWith(`-${image.length}`));
    expect(past).toMatchObject({ status: 206 });
    expect(sha256(slotBytes(board, 'ota_1', image.length))).toBe(sha256(image));
  });

  it('a resumed update ends on the release it began with, though a new one was published meanwhile', async () => {
    const before = bench.image({ totalSizeBytes: 256 * 1024, version: '1.1.0' });
    const after = bench.image({ totalSizeBytes: 64 * 1024, version: '1.1.1' });
    const url = bench.publish('rebuilt', before);
    const board = bench.board({ client: 'advanced', firmwareUrl: url, resumption: {}, updateOnBoot: 'always' });
    const watching = board.onStateChange((state) => {
      if ((state.update?.writtenBytes ?? 0) < 128 * 1024) return;
      watching.dispose();
      bench.publish('rebuilt', after, '1.1.1');
      board.reset();
    });
    board.powerOn();
    await board.runUntil('App version:      1.1.0');
    expect(await bench.verdict(board)).toBe('delivered');
    expect(sha256(slotBytes(board, 'ota_1', before.length))).toBe(sha256(before));
    await board.runUntil('App version:      1.1.1');
  });

  it('a range that begins behind the end makes a resumed update start over (416)', async () => {
    const long = bench.image({ totalSizeBytes: 256 * 1024 });
    const short = bench.image({ version: '1.1.1' });
    const server = await serve(({ socket, text, index }) => {
      if (index === 0) socket.write(response('206 Partial Content', long));
      else if (text.includes('Range:')) socket.write(response('416 Range Not Satisfiable'));
      else socket.write(response('200 OK', short));
    });
    const url = `https://127.0.0.1:${server.port}/fw.bin`;
    const board = bench.board({ client: 'advanced', firmwareUrl: url, resumption: {}, updateOnBoot: 'always' });
    whenWritten(board, 128 * 1024, () => {
      board.reset();
    });
    board.powerOn();
    await board.runUntil('Requested range is incorrect (status code: 416)');
    await board.runUntil('Falling back to OTA without resumption and restarting download from beginning');
    await board.runUntil('App version:      1.1.1');
    expect(server.requests.slice(0, 3).map(({ text }) => /Range: (.*)\r/.exec(text)?.[1])).toEqual([
      'bytes=0-',
      expect.stringMatching(/^bytes=1[23]\d{4}-$/),
      undefined,
    ]);
    expect(await bench.verdict(board, '1.1.1')).toBe('delivered');
    expect(sha256(slotBytes(board, 'ota_1', short.length))).toBe(sha256(short));
  });

  it.each([
    ['5.5.5', 2],
    ['5.5.1', 5],
    ['5.4.4', 2],
  ])('ESP-IDF %s needs %i connections for HEAD and four parts', async (idfVersion, connections) => {
    const image = bench.image();
    const { board, server } = await askRaw(
      ({ socket, text }) => {
        const range = /Range: bytes=(\d+)-(\d*)/.exec(text);
        if (range === null) {
          socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${image.length}\r\n\r\n`);
          return;
        }
        const part = image.subarray(Number(range[1]), range[2] === '' ? undefined : Number(range[2]) + 1);
        socket.write(response('206 Partial Content', part));
      },
      partial,
      idfVersion,
    );
    await board.runUntil('upgrade successful. Rebooting ...');
    expect(server.connections).toBe(connections);
    expect(server.requests).toHaveLength(5);
  });

  it('a kept connection that the server has closed meanwhile is opened again', async () => {
    const image = bench.image();
    const { board, server } = await askRaw(({ socket, text }) => {
      const range = /Range: bytes=(\d+)-(\d*)/.exec(text);
      if (range === null) {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${image.length}\r\n\r\n`);
        return;
      }
      const part = image.subarray(Number(range[1]), range[2] === '' ? undefined : Number(range[2]) + 1);
      socket.end(response('206 Partial Content', part));
    }, partial);
    await board.runUntil('upgrade successful. Rebooting ...');
    expect(server.connections).toBe(5);
    expect(await bench.verdict(board)).toBe('delivered');
    expect(sha256(slotBytes(board, 'ota_1', image.length))).toBe(sha256(image));
  });
});

describe('the application', () => {
  it('same version: advanced_https_ota refuses', async () => {
    const url = bench.publish('same', bench.image({ version: '1.0.0' }));
    const board = bench.board({ client: 'advanced', firmwareUrl: url });
    board.powerOn();
    await board.runUntil('Running firmware version: 1.0.0');
    await board.runUntil('Current running version is the same as a new. We will not continue the update.');
    await board.runUntil('image header verification failed');
    await board.runUntil('ESP_HTTPS_OTA upgrade failed');
    expect(await bench.verdict(board)).toBe('refused: sameVersion');
  });

  it('PENDING_VERIFY: no update before the running one is confirmed', async () => {
    const url = bench.publish('pending', bench.image({ version: '1.3.0' }));
    const rollback = { hasRollback: true };
    const board = bench.board(
      { client: 'advanced', firmwareUrl: url, updateOnBoot: 'always', confirmsAfterUpdate: false, ...rollback },
      { otadata: makeOtadata({ sequence: 1, state: 'new' }) },
      { bootloader: rollback },
    );
    board.powerOn();
    await board.runUntil('esp_ota_ops: Running app has not confirmed state (ESP_OTA_IMG_PENDING_VERIFY)');
    await board.runUntil('esp_https_ota: esp_ota_begin failed (ESP_ERR_OTA_ROLLBACK_INVALID_STATE)');
    await board.runUntil('ESP_HTTPS_OTA upgrade failed');
    expect(await bench.verdict(board)).toBe('refused: appNotConfirmed');
    expect(board.state.otadata?.[0].state).toBe('pendingVerify');
  });

  it('a table without OTA slots', async () => {
    const url = bench.publish('noslots', bench.image());
    const board = bench.board({ firmwareUrl: url }, { table: 'partitions_singleapp.csv' });
    board.powerOn();
    await board.runUntil('suitable Passive OTA partition could not be found');
    await board.runUntil('Firmware upgrade failed');
    expect(await bench.verdict(board)).toBe('failed: noOtaPartitions');
  });

  it('sixteen slots: from the last one back to the first', async () => {
    const rows = Array.from({ length: 16 }, (_, slot) => `ota_${slot},app,ota_${slot},,128K`);
    const table = ['otadata,data,ota,,0x2000', ...rows].join('\n');
    const image = bench.image();
    const board = bench.board({ firmwareUrl: bench.publish('sixteen', image), updateOnBoot: 'always' }, { table });
    board.powerOn();
    for (let boot = 1; boot <= 16; boot++) await board.runUntil('OTA Succeed, Rebooting...');
    await board.runUntil('Loaded app from partition at offset 0x10000');
    expect(await bench.verdict(board)).toBe('delivered');
    expect(board.state.otadata?.map(({ sequence }) => sequence)).toEqual([17, 16]);
  });

  it('a label of 16 characters', async () => {
    const table = 'otadata,data,ota,,0x2000\nsixteen_chars_00,app,ota_0,0x20000,128K\nsixteen_chars_01,app,ota_1,,128K';
    const board = bench.board({ firmwareUrl: bench.publish('label', bench.image()) }, { table });
    board.powerOn();
    await board.runUntil('boot:  1 sixteen_chars_00 OTA app          00 10 00020000 00020000');
    await board.runUntil('Writing to <sixteen_chars_01> partition at offset 0x40000');
    await whenPhase(board, 'idle');
    expect(await bench.verdict(board)).toBe('delivered');
    expect(board.state.running?.label).toBe('sixteen_chars_01');
  });

  it('a URL it cannot parse', async () => {
    const board = bench.board({ firmwareUrl: 'ftp://127.0.0.1/fw.bin' });
    board.powerOn();
    await board.runUntil('Error parse url ftp://127.0.0.1/fw.bin');
    await board.runUntil('Failed to initialise HTTP connection');
    expect(await bench.verdict(board)).toBe('failed: earlier');
  });

  it('flash mode of another build is refused from 6.1 on', async () => {
    const image = bench.image({ spiFlashMode: 2 });
    const board = bench.board(
      { firmwareUrl: bench.publish('mode', image) },
      { idfVersion: '6.1.0', image: { spiFlashMode: 1 } },
    );
    board.powerOn();
    await board.runUntil('SPI flash mode mismatch: running app has mode 1, new app has mode 2');
    expect(await bench.verdict(board)).toBe('refused: spiMode');
  });
});
