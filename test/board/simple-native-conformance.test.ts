import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeBootloaderImage } from '../support/firmware.ts';
import { OtaBench, sha256, slotBytes, whenPhase } from '../support/ota-bench.ts';

/**
 * Espressif's tests of simple_ota_example and native_ota_example against our server.
 * Not here: S2 needs an Ethernet controller and PSRAM (as S1 otherwise); S3 needs flash encryption in eFuses, of it only the partition layout
 * runs; S4–S6 are in signed-updates.test.ts. S7 and N5 need `openssl s_server`: openssl-conformance.test.ts. S8 sizes TLS buffers
 * dynamically, of which nothing shows on the wire: a TLS 1.2 connection is what is left of it.
 * The tests of partitions_ota (P1, P2: storage, bootloader and partition table over the air) are not here: the virtual board's firmware has no
 * client that writes anything but an application slot. What the otatool example (O1) does over the cable is in slots.test.ts.
 */
let bench: OtaBench;

beforeAll(async () => {
  bench = await OtaBench.start();
});

afterAll(() => bench.dispose());

const ALWAYS = { firmwareUrl: 'FROM_STDIN', updateOnBoot: 'always' } as const;

/** The digest that is appended to an image. */
function appended(image: Uint8Array): string {
  return Buffer.from(image.subarray(-32)).toString('hex');
}

describe('simple_ota_example', () => {
  it('S1 example: digests on the console are those of the files, boots the other slot', async () => {
    const image = bench.image({ totalSizeBytes: 256 * 1024 });
    const url = bench.publish('s1', image);
    const board = bench.board(ALWAYS);
    board.powerOn();
    await board.runUntil('Loaded app from partition at offset 0x20000');
    const bootloader = await board.runUntil('SHA-256 for bootloader: ');
    const firmware = await board.runUntil('SHA-256 for current firmware: ');
    expect(/[0-9a-f]{64}$/.exec(bootloader)?.[0]).toBe(appended(makeBootloaderImage({ idfVersion: 'v5.5.5' })));
    expect(/[0-9a-f]{64}$/.exec(firmware)?.[0]).toBe(board.state.running?.sha256);
    await board.runUntil('Starting OTA example task');
    board.sendConsole(`${url}\r`);
    await board.runUntil(`Attempting to download update from ${url}`);
    await board.runUntil('OTA Succeed, Rebooting...');
    await board.runUntil('Loaded app from partition at offset 0x1d0000');
    await board.runUntil('OTA example app_main start');
    expect(await board.runUntil('SHA-256 for current firmware: ')).toContain(appended(image));
    expect(await bench.verdict(board)).toBe('delivered');
    expect(sha256(slotBytes(board, 'ota_1', image.length))).toBe(sha256(image));
    const requested = bench.of('requested').find(({ path }) => path === '/s1.bin');
    expect(requested).toMatchObject({ method: 'GET', status: 200, userAgent: 'ESP32 HTTP Client/1.0' });
    expect(requested?.tls?.version).toBe('TLSv1.2');
    await bench.until((it) => it.of('ended').some(({ id }) => id === requested?.id));
    expect(bench.of('ended').find(({ id }) => id === requested?.id)).toMatchObject({
      outcome: 'complete',
      sentBytes: image.length,
    });
  });

  it('S3 flash_encryption_wifi: factory at 0x20000, ota_0 at 0x120000 (the layout, without the encryption)', async () => {
    const table = [
      'nvs,data,nvs,0x9000,0x6000',
      'otadata,data,ota,,0x2000',
      'phy_init,data,phy,,0x1000',
      'factory,app,factory,0x20000,1M',
      'ota_0,app,ota_0,0x120000,1M',
      'ota_1,app,ota_1,0x220000,1M',
    ].join('\n');
    const image = bench.image();
    const board = bench.board({ ...ALWAYS, firmwareUrl: bench.publish('s3', image) }, { table });
    board.powerOn();
    await board.runUntil('Defaulting to factory image');
    await board.runUntil('Loaded app from partition at offset 0x20000');
    await board.runUntil('OTA Succeed, Rebooting...');
    await board.runUntil('Loaded app from partition at offset 0x120000');
    expect(await bench.verdict(board)).toBe('delivered');
    expect(sha256(slotBytes(board, 'ota_0', image.length))).toBe(sha256(image));
  });

  it('S8 tls1_2_dynamic: TLS 1.2', async () => {
    const image = bench.image({ totalSizeBytes: 96 * 1024 });
    const url = bench.publish('s8', image);
    const board = bench.board({ ...ALWAYS, firmwareUrl: url });
    board.powerOn();
    await board.runUntil('OTA Succeed, Rebooting...');
    await board.runUntil('Loaded app from partition at offset 0x1d0000');
    expect(await bench.verdict(board)).toBe('delivered');
    expect(bench.of('requested').find(({ path }) => path === '/s8.bin')?.tls?.version).toBe('TLSv1.2');
  });

  it('tries once after each power-on unless told otherwise', async () => {
    const url = bench.publish('once', bench.image());
    const board = bench.board({ firmwareUrl: url, updateOnBoot: 'once' });
    board.powerOn();
    await board.runUntil('OTA Succeed, Rebooting...');
    await board.runUntil('App version:      1.1.0');
    await board.runUntil('Returned from app_main()');
    expect(board.state).toMatchObject({ phase: 'idle', bootCount: 2, running: { label: 'ota_1', version: '1.1.0' } });
    board.triggerUpdate();
    await board.runUntil('OTA Succeed, Rebooting...');
    await board.runUntil('Returned from app_main()');
    expect(board.state.running?.label).toBe('ota_0');
  });

  it('waits for a trigger when it updates on no boot', async () => {
    const url = bench.publish('never', bench.image());
    const board = bench.board({ firmwareUrl: url, updateOnBoot: 'never' });
    board.powerOn();
    await board.runUntil('Returned from app_main()');
    await whenPhase(board, 'idle');
    expect(bench.of('requested').some(({ path }) => path === '/never.bin')).toBe(false);
    board.triggerUpdate();
    await board.runUntil('OTA Succeed, Rebooting...');
  });
});

describe('native_ota_example', () => {
  it('N1 example: three updates in a row', async () => {
    const images = ['2.0.0', '2.0.1', '2.0.2'].map((version) => bench.image({ version }));
    const board = bench.board({ ...ALWAYS, client: 'native' });
    board.powerOn();
    for (const [index, image] of images.entries()) {
      await board.runUntil('Starting OTA example task');
      board.sendConsole(`${bench.publish(`n1-${index}`, image)}\n`);
      await board.runUntil(`New firmware version: 2.0.${index}`);
      await board.runUntil('esp_ota_begin succeeded');
      await board.runUntil('Prepare to restart system!');
      await board.runUntil(`App version:      2.0.${index}`);
      if (index === 0) expect(await bench.verdict(board, '2.0.0')).toBe('delivered');
    }
    expect(sha256(slotBytes(board, 'ota_1', images[2]?.length ?? 0))).toBe(sha256(images[2] ?? new Uint8Array(0)));
  });

  it('N2 truncated_bin: the first 64000 bytes', async () => {
    const url = bench.publish('n2', bench.image({ totalSizeBytes: 128 * 1024 }).subarray(0, 64000));
    const board = bench.board({ ...ALWAYS, client: 'native', firmwareUrl: url });
    board.powerOn();
    await board.runUntil('native_ota_example: Image validation failed, image is corrupted');
    await board.runUntil('Exiting task due to fatal error...');
    expect(await bench.verdict(board)).toBe('failed: imageCorrupt');
  });

  it('N3 truncated_header: the first 180 bytes', async () => {
    const url = bench.publish('n3', bench.image().subarray(0, 180));
    const board = bench.board({ ...ALWAYS, client: 'native', firmwareUrl: url });
    board.powerOn();
    await board.runUntil('native_ota_example: received package is not fit len');
    expect(await bench.verdict(board)).toBe('failed: imageTooShort');
  });

  it('N4 random: 32000 random bytes, the first is 0', async () => {
    const bytes = randomBytes(32000);
    bytes[0] = 0;
    const board = bench.board({ ...ALWAYS, client: 'native', firmwareUrl: bench.publish('n4', bytes) });
    board.powerOn();
    await board.runUntil('esp_ota_ops: OTA image has invalid magic byte (expected 0xE9, saw 0x00)');
    await board.runUntil('Exiting task due to fatal error...');
    expect(await bench.verdict(board)).toBe('failed: notAnAppImage');
  });

  it('takes a page of HTML for an image, because it never looks at the status', async () => {
    const board = bench.board({ ...ALWAYS, client: 'native', firmwareUrl: `${bench.url}/nowhere.bin` });
    board.powerOn();
    await board.runUntil('received package is not fit len');
    expect(await bench.verdict(board)).toBe('failed: http.404');
    expect(bench.of('requested').find(({ path }) => path === '/nowhere.bin')?.status).toBe(404);
  });

  it('refuses its own version and the one that was rolled back', async () => {
    const rollback = { hasRollback: true };
    const bad = bench.image({ version: '1.2.0' });
    const url = bench.publish('bad', bad);
    const board = bench.board(
      { ...ALWAYS, ...rollback, client: 'native', firmwareUrl: url },
      {},
      { bootloader: rollback, knobs: { failsDiagnostics: true } },
    );
    board.powerOn();
    await board.runUntil('Prepare to restart system!');
    await board.runUntil('Diagnostics failed! Start rollback to the previous version ...');
    await board.runUntil('Rollback to previously worked partition.');
    await board.runUntil('Loaded app from partition at offset 0x20000');
    await board.runUntil('Last invalid firmware version: 1.2.0');
    await board.runUntil('New version is the same as invalid version.');
    await board.runUntil('The firmware has been rolled back to the previous version.');
    expect(await bench.verdict(board, '1.2.0', true)).toBe('rolledBack: diagnosticsFailed');
    board.configure({ app: { firmwareUrl: bench.publish('own', bench.image({ version: '1.0.0' })) } });
    board.reset();
    await board.runUntil('Current running version is the same as a new. We will not continue the update.');
  });
});
