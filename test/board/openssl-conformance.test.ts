import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VirtualBoard } from '../../src/virtual-board/virtual-board.ts';
import { imageFor, makeBoard, type FixtureOptions } from '../support/board-fixture.ts';
import { Openssl, type OpensslCertificate } from '../support/openssl.ts';
import { sha256, slotBytes, whenWritten } from '../support/ota-bench.ts';
import { VerdictWatch } from '../support/verdicts.ts';

/** Espressif's tests against `openssl s_server -WWW`, the server of the ESP-IDF examples: HTTP/1.0, no Content-Length (they call it
 * "chunked"), no ranges; its certificate is X.509 v1 with CN=ESP, so the firmware skips the name check. */
let openssl: Openssl;
let certificate: OpensslCertificate;
let port: number;
const boards: VirtualBoard[] = [];
const watches = new Map<VirtualBoard, VerdictWatch>();

beforeAll(async () => {
  openssl = await Openssl.start();
  certificate = await openssl.certificate({ key: 'rsa:2048', subject: '/CN=ESP', isVersion1: true });
  port = await openssl.serve(certificate);
});

afterAll(async () => {
  for (const board of boards) board.dispose();
  await openssl.dispose();
});

function board(app: FixtureOptions['app'], more: FixtureOptions = {}): VirtualBoard {
  const made = makeBoard({
    caPem: certificate.certificatePem,
    ...more,
    app: { skipsCommonNameCheck: true, firmwareUrl: 'FROM_STDIN', updateOnBoot: 'always', ...app },
  });
  boards.push(made);
  watches.set(made, new VerdictWatch(made));
  return made;
}

async function verdict(made: VirtualBoard): Promise<string> {
  return (await watches.get(made)?.verdict()) ?? 'none';
}

async function offer(name: string, bytes: Uint8Array, at = port): Promise<string> {
  await openssl.file(name, bytes);
  return `https://127.0.0.1:${at}/${name}`;
}

function image(sizeBytes: number): Uint8Array {
  return imageFor({ caPem: certificate.certificatePem }, { version: '1.1.0', totalSizeBytes: sizeBytes });
}

describe('openssl s_server', () => {
  it('A3 ota_resumption_range_request_support_detection: no ranges, so it starts from the beginning', async () => {
    const bytes = image(512 * 1024);
    const url = await offer('a3.bin', bytes);
    const made = board({ client: 'advanced', resumption: {} });
    made.powerOn();
    await made.runUntil('Starting Advanced OTA example');
    whenWritten(made, 200 * 1024, () => {
      made.reset();
    });
    made.sendConsole(`${url}\n`);
    await made.runUntil('Server ignored the requested Range header');
    await made.runUntil('restarting download from beginning');
    await made.runUntil('rst:0x1 (POWERON_RESET)');
    await made.runUntil('Starting Advanced OTA example');
    made.sendConsole(`${url}\n`);
    await made.runUntil('restarting download from beginning');
    await made.runUntil('upgrade successful. Rebooting ...');
    await made.runUntil('Loaded app from partition at offset 0x1d0000');
    await made.runUntil('OTA example app_main start');
    expect(await verdict(made)).toBe('delivered');
    expect(sha256(slotBytes(made, 'ota_1', bytes.length))).toBe(sha256(bytes));
  });

  it('A9 chunked: a body that ends with the connection', async () => {
    const bytes = image(128 * 1024);
    const made = board({ client: 'advanced', firmwareUrl: await offer('a9.bin', bytes) });
    made.powerOn();
    await made.runUntil('upgrade successful. Rebooting ...');
    await made.runUntil('Loaded app from partition at offset 0x1d0000');
    await made.runUntil('OTA example app_main start');
    expect(await verdict(made)).toBe('delivered');
    expect(sha256(slotBytes(made, 'ota_1', bytes.length))).toBe(sha256(bytes));
  });

  it('A15 openssl_aligned_bin: a random tail to a multiple of 289 bytes is ignored', async () => {
    const bytes = image(128 * 1024);
    const padded = Buffer.concat([bytes, randomBytes(289 - (bytes.length % 289))]);
    const made = board({ client: 'advanced', firmwareUrl: await offer('a15.bin', padded) });
    made.powerOn();
    await made.runUntil('upgrade successful. Rebooting ...');
    await made.runUntil('OTA example app_main start');
    expect(await verdict(made)).toBe('delivered');
    expect(sha256(slotBytes(made, 'ota_1', padded.length))).toBe(sha256(padded));
  });

  it('N5 native chunked', async () => {
    const bytes = image(128 * 1024);
    const made = board({ client: 'native', firmwareUrl: await offer('n5.bin', bytes) });
    made.powerOn();
    await made.runUntil(`Total Write binary data length: ${bytes.length}`);
    await made.runUntil('Prepare to restart system!');
    await made.runUntil('Loaded app from partition at offset 0x1d0000');
    await made.runUntil('OTA example app_main start');
    expect(await verdict(made)).toBe('delivered');
    expect(made.state.running?.version).toBe('1.1.0');
  });

  it('S7 tls1_3: a server that speaks TLS 1.3 only, and a firmware that does too', async () => {
    const only13 = await openssl.serve(certificate, ['-tls1_3']);
    const bytes = image(128 * 1024);
    const url = await offer('s7.bin', bytes, only13);
    const made = board({ firmwareUrl: url, tls13: 'only' });
    made.powerOn();
    await made.runUntil('Starting OTA example task');
    await made.runUntil('OTA Succeed, Rebooting...');
    await made.runUntil('Loaded app from partition at offset 0x1d0000');
    await made.runUntil('OTA example app_main start');
    expect(await verdict(made)).toBe('delivered');
    expect(sha256(slotBytes(made, 'ota_1', bytes.length))).toBe(sha256(bytes));
  });

  it('refuses a TLS 1.3 server with the default build, which speaks 1.2', async () => {
    const only13 = await openssl.serve(certificate, ['-tls1_3']);
    const made = board({ firmwareUrl: await offer('no.bin', image(64 * 1024), only13) });
    made.powerOn();
    await made.runUntil('mbedtls_ssl_handshake returned -0x7780');
    await made.runUntil('Firmware upgrade failed');
    expect(await verdict(made)).toBe('failed: noSharedTls');
  });

  it('refuses an unknown TLS 1.3 certificate after the handshake, before a request is sent', async () => {
    const only13 = await openssl.serve(certificate, ['-tls1_3']);
    const other = await openssl.certificate();
    const url = await offer('other.bin', image(64 * 1024), only13);
    const made = board({ firmwareUrl: url, tls13: 'on' }, { caPem: other.certificatePem });
    made.powerOn();
    await made.runUntil('mbedtls_ssl_handshake returned -0x2700');
    await made.runUntil('Failed to verify peer certificate!');
    expect(await verdict(made)).toBe('failed: certificateNotTrusted');
  });
});
