import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OtaBench, sha256, slotBytes, whenPhase, whenWritten } from '../support/ota-bench.ts';
import { response, startRawServer, type RawServer } from '../support/raw-server.ts';

/**
 * Espressif's tests of advanced_https_ota against our server, by the names of `pytest_advanced_ota.py`; rows that need `openssl s_server` are in
 * openssl-conformance.test.ts.
 * Not here: A14 (nimble_gatts, bluedroid_gatts) needs a Bluetooth radio. A4 and A11 ask for flash encryption: their other half runs here. The
 * tests of pre_encrypted_ota (E1) and esp_delta_ota (D1) are not here either: the virtual board's firmware has no client that decrypts an
 * image or applies a patch; that such files are recognised is in the tests of `src/image`.
 */
let bench: OtaBench;
const extras: RawServer[] = [];

beforeAll(async () => {
  bench = await OtaBench.start();
});

afterAll(async () => {
  await Promise.all(extras.map((server) => server.stop()));
  await bench.dispose();
});

const ALWAYS = { client: 'advanced', firmwareUrl: 'FROM_STDIN', updateOnBoot: 'always' } as const;

describe('advanced_https_ota', () => {
  it('A1 example: three updates in a row, alternating slots', async () => {
    const image = bench.image({ totalSizeBytes: 128 * 1024 });
    const url = bench.publish('a1', image);
    const board = bench.board({ ...ALWAYS, skipsVersionCheck: true });
    board.powerOn();
    for (const offset of ['0x20000', '0x1d0000', '0x20000']) {
      await board.runUntil(`Loaded app from partition at offset ${offset}`);
      await board.runUntil('IPv4 address: 127.0.0.1');
      await board.runUntil('Starting Advanced OTA example');
      board.sendConsole(`${url}\n`);
      await board.runUntil('upgrade successful. Rebooting ...');
    }
    await board.runUntil('Loaded app from partition at offset 0x1d0000');
    await board.runUntil('OTA example app_main start');
    expect(await bench.verdict(board)).toBe('delivered');
    expect(sha256(slotBytes(board, 'ota_1', image.length))).toBe(sha256(image));
    expect(sha256(slotBytes(board, 'ota_0', image.length))).toBe(sha256(image));
    const endedOf = (it: OtaBench) => it.of('ended').filter(({ releaseId }) => releaseId?.startsWith('a1.bin'));
    await bench.until((it) => endedOf(it).length === 3);
    expect(endedOf(bench).map(({ outcome, sentBytes }) => [outcome, sentBytes])).toEqual(
      Array(3).fill(['complete', image.length]),
    );
  });

  it('A2 ota_resumption: a reset in the middle, the second request goes on behind the saved offset', async () => {
    const image = bench.image({ totalSizeBytes: 768 * 1024 });
    const url = bench.publish('a2', image);
    const board = bench.board({ ...ALWAYS, resumption: {} });
    board.powerOn();
    await board.runUntil('Starting Advanced OTA example');
    whenWritten(board, 300 * 1024, () => {
      board.reset();
    });
    board.sendConsole(`${url}\n`);
    await board.runUntil('Starting OTA...');
    await board.runUntil('rst:0x1 (POWERON_RESET)');
    await board.runUntil('Starting Advanced OTA example');
    board.sendConsole(`${url}\n`);
    await board.runUntil('Starting OTA...');
    await board.runUntil('upgrade successful. Rebooting ...');
    await board.runUntil('App version:      1.1.0');
    expect(await bench.verdict(board)).toBe('delivered');
    const requests = bench.of('requested').filter(({ path }) => path === '/a2.bin');
    expect(requests.map(({ range, status }) => [range, status])).toEqual([
      ['bytes=0-', 206],
      [expect.stringMatching(/^bytes=[1-9]\d{5}-$/), 206],
    ]);
    expect(requests[1]?.transferId).toBe(requests[0]?.transferId);
    expect(sha256(slotBytes(board, 'ota_1', image.length))).toBe(sha256(image));
  });

  it('A4 ota_resumption_flash_enc: as A2 with an odd buffer of 2047 bytes (without the encryption)', async () => {
    const image = bench.image({ totalSizeBytes: 512 * 1024 });
    const url = bench.publish('a4', image);
    const board = bench.board({ ...ALWAYS, resumption: { bufferBytes: 2047 } });
    board.powerOn();
    await board.runUntil('Starting Advanced OTA example');
    whenWritten(board, 200 * 1024, () => {
      board.reset();
    });
    board.sendConsole(`${url}\n`);
    await board.runUntil('rst:0x1 (POWERON_RESET)');
    await board.runUntil('Starting Advanced OTA example');
    board.sendConsole(`${url}\n`);
    await board.runUntil('upgrade successful. Rebooting ...');
    await board.runUntil('App version:      1.1.0');
    expect(await bench.verdict(board)).toBe('delivered');
    const [, second] = bench.of('requested').filter(({ path }) => path === '/a4.bin');
    expect(Number(/bytes=(\d+)-/.exec(second?.range ?? '')?.[1]) % 1024).toBe(0);
    expect(sha256(slotBytes(board, 'ota_1', image.length))).toBe(sha256(image));
  });

  it('A5 truncated_bin: the first 64000 bytes', async () => {
    const url = bench.publish('a5', bench.image({ totalSizeBytes: 128 * 1024 }).subarray(0, 64000));
    const board = bench.board({ ...ALWAYS, firmwareUrl: url });
    board.powerOn();
    await board.runUntil('Image validation failed, image is corrupted');
    await board.runUntil('ESP_HTTPS_OTA upgrade failed 0x1503');
    expect(await bench.verdict(board)).toBe('failed: imageCorrupt');
    expect(board.state.running?.version).toBe('1.0.0');
    await bench.until((it) => it.of('ended').some(({ releaseId }) => releaseId?.startsWith('a5.bin')));
    expect(bench.of('ended').find(({ releaseId }) => releaseId?.startsWith('a5.bin'))).toMatchObject({
      outcome: 'complete',
      sentBytes: 64000,
    });
  });

  it.each([
    ['5.5.5', 'advanced_https_ota_example: esp_https_ota_get_img_desc failed'],
    ['5.2.7', 'advanced_https_ota_example: esp_https_ota_read_img_desc failed'],
  ])('A6 truncated_header: the first 180 bytes, ESP-IDF %s', async (idfVersion, line) => {
    const url = bench.publish('a6', bench.image().subarray(0, 180));
    const board = bench.board({ ...ALWAYS, firmwareUrl: url }, { idfVersion });
    board.powerOn();
    await board.runUntil('esp_https_ota: Complete headers were not received');
    await board.runUntil(line);
    await board.runUntil('ESP_HTTPS_OTA upgrade failed');
    expect(await bench.verdict(board)).toBe('failed: imageTooShort');
  });

  it.each([
    ['5.5.5', 'esp_https_ota: Incorrect app descriptor magic'],
    ['4.4.8', 'esp_https_ota: Mismatch chip id, expected 0, found'],
  ])('A7 random: 32000 random bytes, the first is 0, ESP-IDF %s', async (idfVersion, line) => {
    const bytes = randomBytes(32000);
    bytes[0] = 0;
    bytes[12] = 0x55;
    const url = bench.publish(`a7-${idfVersion}`, bytes);
    const board = bench.board({ ...ALWAYS, firmwareUrl: url }, { idfVersion });
    board.powerOn();
    await board.runUntil(line);
    await board.runUntil('ESP_HTTPS_OTA upgrade failed');
    expect(await bench.verdict(board)).toBe(idfVersion === '4.4.8' ? 'refused: wrongChip' : 'failed: notAnAppImage');
    expect(board.state.running?.label).toBe('ota_0');
  });

  it.each([
    ['5.5.5', 'esp_https_ota: Mismatch chip id, expected 0, found 65024'],
    ['6.1.0', 'boot_comm: mismatch chip ID, expected 0, found 65024'],
  ])('A8 invalid_chip_id: byte 13 is 0xFE, ESP-IDF %s', async (idfVersion, line) => {
    const bytes = bench.image().slice(0, 2000);
    bytes[13] = 0xfe;
    const url = bench.publish(`a8-${idfVersion}`, bytes);
    const board = bench.board({ ...ALWAYS, firmwareUrl: url }, { idfVersion });
    const before = slotBytes(board, 'ota_1', 4096);
    board.powerOn();
    await board.runUntil('Verifying chip id of new image: 65024');
    await board.runUntil(line);
    await board.runUntil('ESP_HTTPS_OTA upgrade failed');
    expect(await bench.verdict(board)).toBe('refused: wrongChip');
    expect(slotBytes(board, 'ota_1', 4096)).toEqual(before);
  });

  it('A10 redirect_url: 301 to another port, 301 again, then the file; absolute https, same host', async () => {
    const image = bench.image({ totalSizeBytes: 128 * 1024 });
    const url = bench.publish('a10', image);
    const tls = { cert: bench.credentials.certificatePem, key: bench.credentials.keyPem };
    const second = await startRawServer(({ socket }) => {
      socket.write(response('301 Moved Permanently', '', [`Location: ${url}`]));
    }, tls);
    const first = await startRawServer(({ socket }) => {
      socket.write(response('301 Moved Permanently', '', [`Location: https://127.0.0.1:${second.port}/a10.bin`]));
    }, tls);
    extras.push(first, second);
    const board = bench.board({ ...ALWAYS, firmwareUrl: `https://127.0.0.1:${first.port}/a10.bin` });
    board.powerOn();
    await board.runUntil('upgrade successful. Rebooting ...');
    await board.runUntil('Loaded app from partition at offset 0x1d0000');
    await board.runUntil('OTA example app_main start');
    expect(await bench.verdict(board)).toBe('delivered');
    // only the port changes on the way, so Host keeps the one of the first request
    expect(second.requests[0]?.text).toContain(`Host: 127.0.0.1:${first.port}\r\n`);
    expect(sha256(slotBytes(board, 'ota_1', image.length))).toBe(sha256(image));
  });

  it('A11 anti_rollback: confirmed, then an image with a lower secure version is refused (without the encryption)', async () => {
    const good = bench.image({ secureVersion: 1, version: '1.1.0' });
    const old = good.slice();
    old[36] = 0;
    // a different version, so that only the secure version stands in the way
    old[48] = 0x39;
    const goodUrl = bench.publish('a11', good);
    const oldUrl = bench.publish('a11-old', old);
    const rollback = { hasRollback: true, hasAntiRollback: true };
    const board = bench.board(
      { ...ALWAYS, ...rollback },
      { image: { secureVersion: 1 } },
      { bootloader: rollback, secureVersion: 0 },
    );
    board.powerOn();
    await board.runUntil('Secure version (from eFuse) = 0');
    await board.runUntil('Starting Advanced OTA example');
    board.sendConsole(`${goodUrl}\n`);
    await board.runUntil('upgrade successful. Rebooting ...');
    await board.runUntil('Loaded app from partition at offset 0x1d0000');
    await board.runUntil('IPv4 address:');
    await board.runUntil('App is valid, rollback cancelled successfully');
    expect(await bench.verdict(board, '1.1.0', true)).toBe('confirmed');
    expect(board.secureVersion).toBe(1);
    await board.runUntil('Starting Advanced OTA example');
    board.sendConsole(`${oldUrl}\n`);
    await board.runUntil('New firmware security version is less than eFuse programmed, 0 < 1');
    await board.runUntil('ESP_HTTPS_OTA upgrade failed');
    expect(board.state.otadata?.map(({ state }) => state)).toContain('valid');
  });

  it('A12 partial_request: HEAD, then as many ranges as the size asks for', async () => {
    const requestSizeBytes = 16 * 1024;
    const image = bench.image({ totalSizeBytes: 120 * 1024 });
    const url = bench.publish('a12', image);
    const board = bench.board({ ...ALWAYS, firmwareUrl: url, partialDownload: { requestSizeBytes } });
    board.powerOn();
    await board.runUntil('upgrade successful. Rebooting ...');
    await board.runUntil('OTA example app_main start');
    expect(await bench.verdict(board)).toBe('delivered');
    const requests = bench.of('requested').filter(({ path }) => path === '/a12.bin');
    const [head, ...parts] = requests.slice(0, 1 + Math.ceil(image.length / requestSizeBytes));
    expect(head).toMatchObject({ method: 'HEAD', status: 200 });
    expect(parts.map(({ range }) => range)).toEqual([
      ...Array.from({ length: 7 }, (_, part) => `bytes=${part * 16384}-${part * 16384 + 16383}`),
      'bytes=114688-',
    ]);
    expect(parts.every(({ status }) => status === 206)).toBe(true);
    expect(sha256(slotBytes(board, 'ota_1', image.length))).toBe(sha256(image));
  });

  it('A13 ota_resumption_partial_download_request: parts, and a reset in the middle', async () => {
    const image = bench.image({ totalSizeBytes: 512 * 1024 });
    const url = bench.publish('a13', image);
    const board = bench.board({ ...ALWAYS, partialDownload: { requestSizeBytes: 64 * 1024 }, resumption: {} });
    board.powerOn();
    await board.runUntil('Starting Advanced OTA example');
    whenWritten(board, 250 * 1024, () => {
      board.reset();
    });
    board.sendConsole(`${url}\n`);
    await board.runUntil('rst:0x1 (POWERON_RESET)');
    await board.runUntil('Starting Advanced OTA example');
    board.sendConsole(`${url}\n`);
    await board.runUntil('upgrade successful. Rebooting ...');
    await board.runUntil('App version:      1.1.0');
    expect(await bench.verdict(board)).toBe('delivered');
    const requests = bench.of('requested').filter(({ path }) => path === '/a13.bin');
    const resumed = requests.findLastIndex(({ method }) => method === 'HEAD') + 1;
    expect(requests[resumed]?.range).toMatch(/^bytes=[1-9]\d{5}-\d+$/);
    expect(sha256(slotBytes(board, 'ota_1', image.length))).toBe(sha256(image));
  });

  it.each([
    ['A16 verify_min_chip_revision', 0x0f, 5, undefined, 'chip revision check failed. Required >= v0.5, found v0.4.'],
    ['A17 verify_max_chip_revision', 0x0f, 0, 2, 'chip revision check failed. Required <= v0.2, found v0.4.'],
  ])('%s', async (name, offset, value, max, line) => {
    const fixture = { target: 'esp32c3' };
    const image = bench.image({ totalSizeBytes: 32 * 1024 }, fixture).slice();
    image[offset] = value;
    if (max !== undefined) image.set([max, 0], 0x11);
    const url = bench.publish(name.slice(0, 3), image);
    const board = bench.board({ ...ALWAYS, firmwareUrl: url }, fixture);
    board.powerOn();
    await board.runUntil('Starting OTA...');
    await board.runUntil(line);
    await board.runUntil('ESP_HTTPS_OTA upgrade failed');
    expect(await bench.verdict(board)).toBe('refused: chipRevision');
    await whenPhase(board, 'idle');
  });
});
