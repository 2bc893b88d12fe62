import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OtaBench, sha256, slotBytes, whenPhase, whenWritten } from '../support/ota-bench.ts';
import { makeBoard } from '../support/board-fixture.ts';
import { makeOtadata } from '../support/firmware.ts';

/** Power, radio and firmware that fail in the middle: whatever happens, the board boots something valid and can be updated afterwards. */
let bench: OtaBench;

beforeAll(async () => {
  bench = await OtaBench.start();
});

afterAll(() => bench.dispose());

const ROLLBACK = { hasRollback: true } as const;

describe('power', () => {
  it('fails at an image byte: the old version boots and the next try succeeds', async () => {
    const image = bench.image({ totalSizeBytes: 256 * 1024 });
    const url = bench.publish('cut', image);
    const board = bench.board({ firmwareUrl: url }, {}, { knobs: { resetAtImageByte: 100_001 } });
    board.powerOn();
    await board.runUntil('Writing to <ota_1> partition');
    await board.runUntil('rst:0x1 (POWERON_RESET)');
    expect(slotBytes(board, 'ota_1', 100_001)).toEqual(image.subarray(0, 100_001));
    expect(slotBytes(board, 'ota_1', 100_002)[100_001]).toBe(0xff);
    await board.runUntil('Loaded app from partition at offset 0x20000');
    await board.runUntil('OTA Succeed, Rebooting...');
    await board.runUntil('App version:      1.1.0');
    expect(await bench.verdict(board)).toBe('delivered');
    expect(sha256(slotBytes(board, 'ota_1', image.length))).toBe(sha256(image));
  });

  it('fails in any flash operation around the switch of the slot: something valid boots', async () => {
    const image = bench.image();
    const url = bench.publish('anywhere', image);
    const setup = { client: 'advanced', firmwareUrl: url, ...ROLLBACK } as const;
    const board = bench.board(setup, {}, { bootloader: ROLLBACK });
    // every operation of a whole update up to its confirmation, with the bootloader's own writes
    let operations = 0;
    board.flash.onOperation(({ kind, lengthBytes }) => {
      operations += kind === 'erase' ? lengthBytes / 4096 : 1;
    });
    const blank = board.flash.snapshot();
    board.powerOn();
    await board.runUntil('App is valid, rollback cancelled successfully');
    const total = operations;
    expect(total).toBeGreaterThan(70);
    const versions = new Set<string | undefined>();
    // the image itself is 16 sectors and 64 writes: of those every tenth, then every single one of otadata's
    const cuts = Array.from({ length: total }, (_, index) => index).filter(
      (index) => index < 4 || index > total - 12 || index % 10 === 0,
    );
    for (const cut of cuts) {
      board.powerOff();
      board.flash.restore(blank);
      board.configure({ app: { updateOnBoot: 'once' } });
      board.reset();
      const cutting = board.flash.cutPower({ afterOperations: cut });
      await board.runUntil('rst:0x1 (POWERON_RESET)');
      await board.runUntil('rst:0x1 (POWERON_RESET)');
      await board.runUntil(/Loaded app from partition at offset/);
      await board.runUntil('IPv4 address');
      versions.add(board.state.running?.version);
      cutting.dispose();
    }
    // up to the last bit of the confirmation the old version is the one that boots; and the board can still be updated
    expect([...versions]).toEqual(['1.0.0']);
    board.reset();
    await board.runUntil('App is valid, rollback cancelled successfully');
    expect(board.state.running?.version).toBe('1.1.0');
  });

  it('is switched off by hand in the middle, and everything is let go', async () => {
    const url = bench.publish('off', bench.image({ totalSizeBytes: 512 * 1024 }));
    const board = bench.board({ firmwareUrl: url });
    whenWritten(board, 128 * 1024, () => {
      board.powerOff();
    });
    board.powerOn();
    await whenPhase(board, 'off');
    await bench.until((it) =>
      it.of('ended').some(({ releaseId, outcome }) => releaseId?.startsWith('off') === true && outcome === 'aborted'),
    );
    expect(board.state.running).toBeUndefined();
  });

  it('forgets a triggered update with its power', async () => {
    const url = bench.publish('forgotten', bench.image({ totalSizeBytes: 512 * 1024 }));
    const board = bench.board({ firmwareUrl: url, updateOnBoot: 'never' });
    const off = new Promise<void>((resolve) => {
      whenWritten(board, 128 * 1024, () => {
        board.powerOff();
        resolve();
      });
    });
    board.triggerUpdate();
    await off;
    board.powerOn();
    await whenPhase(board, 'idle');
    expect(board.state.running?.version).toBe('1.0.0');
  });
});

describe('knobs', () => {
  it('dropWifiAfterBytes: the download fails, the link comes back, the next try succeeds', async () => {
    const url = bench.publish('wifi', bench.image({ totalSizeBytes: 256 * 1024 }));
    const board = bench.board({ client: 'advanced', firmwareUrl: url }, {}, { knobs: { dropWifiAfterBytes: 50_000 } });
    board.powerOn();
    await board.runUntil('Wi-Fi disconnected 200, trying to reconnect...');
    await board.runUntil('data read -1, errno 113');
    await board.runUntil('Complete data was not received.');
    await board.runUntil('IPv4 address: 127.0.0.1');
    await whenPhase(board, 'idle');
    expect(board.state.update).toMatchObject({ writtenBytes: 50_000 });
    await bench.until((it) => it.of('ended').some(({ releaseId }) => releaseId?.startsWith('wifi')));
    expect(await bench.verdict(board)).toBe('failed: connectionLost');
    board.reset();
    await board.runUntil('upgrade successful. Rebooting ...');
  });

  it('wifiDisconnectReason: no address, no update', async () => {
    const board = bench.board({ firmwareUrl: bench.url }, {}, { knobs: { wifiDisconnectReason: 202 } });
    board.powerOn();
    await board.runUntil('Wi-Fi disconnected 202, trying to reconnect...');
    await board.runUntil('WiFi Connect failed 7 times, stop reconnect.');
    await whenPhase(board, 'idle');
    expect(await bench.verdict(board)).toBe('failed: wifi');
  });

  it('neverConfirms: the next reset brings the old version back, silently', async () => {
    const url = bench.publish('unconfirmed', bench.image());
    const board = bench.board(
      { client: 'advanced', firmwareUrl: url, ...ROLLBACK },
      {},
      { bootloader: ROLLBACK, knobs: { neverConfirms: true } },
    );
    board.powerOn();
    await board.runUntil('upgrade successful. Rebooting ...');
    await board.runUntil('App version:      1.1.0');
    await board.runUntil('Returned from app_main()');
    expect(board.state.otadata?.map(({ state }) => state)).toEqual(['valid', 'pendingVerify']);
    board.configure({ app: { updateOnBoot: 'never' } });
    board.reset();
    await board.runUntil('Loaded app from partition at offset 0x20000');
    await board.runUntil('App version:      1.0.0');
    expect(board.state.otadata?.map(({ state }) => state)).toEqual(['valid', 'aborted']);
    expect(await bench.verdict(board, '1.1.0', true)).toBe('rolledBack: rolledBack');
  });

  it('failsDiagnostics: the new version rolls itself back', async () => {
    const url = bench.publish('sick', bench.image());
    const board = bench.board(
      { client: 'native', firmwareUrl: url, ...ROLLBACK },
      {},
      { bootloader: ROLLBACK, knobs: { failsDiagnostics: true } },
    );
    board.powerOn();
    await board.runUntil('Diagnostics (5 sec)...');
    await board.runUntil('Diagnostics failed! Start rollback to the previous version ...');
    await board.runUntil('App version:      1.0.0');
    expect(board.state.otadata?.map(({ state }) => state)).toEqual(['valid', 'invalid']);
    expect(await bench.verdict(board, '1.1.0', true)).toBe('rolledBack: diagnosticsFailed');
  });

  it.each([
    ['esp32', 'LoadProhibited'],
    ['esp32c3', 'Load access fault'],
  ])(
    'crashAfterUpdate on the first boot of %s, with rollback: ABORTED, the old version boots',
    async (target, reason) => {
      const url = bench.publish(`crash-${target}`, bench.image({}, { target }));
      const board = bench.board(
        { firmwareUrl: url, ...ROLLBACK },
        { target },
        { bootloader: ROLLBACK, knobs: { crashAfterUpdate: 'firstBoot' } },
      );
      board.powerOn();
      await board.runUntil('OTA Succeed, Rebooting...');
      await board.runUntil(`Guru Meditation Error: Core  0 panic'ed (${reason}). Exception was unhandled.`);
      await board.runUntil('Rebooting...');
      await board.runUntil('Loaded app from partition at offset 0x20000');
      expect(board.state.otadata?.map(({ state }) => state)).toEqual(['valid', 'aborted']);
      expect(await bench.verdict(board, '1.1.0', true)).toBe('rolledBack: crashed');
    },
  );

  it('crashAfterUpdate on every boot, without rollback: a loop that a serial flash ends', async () => {
    const url = bench.publish('loop', bench.image());
    const board = bench.board({ firmwareUrl: url }, {}, { knobs: { crashAfterUpdate: 'everyBoot' } });
    board.powerOn();
    for (let crash = 0; crash < 3; crash++) await board.runUntil('Guru Meditation Error');
    const good = bench.image({ version: '1.1.1' });
    board.configure({ app: { updateOnBoot: 'never' } });
    board.flashParts([{ offset: 0x1d0000, bytes: good }]);
    await board.runUntil('App version:      1.1.1');
    await whenPhase(board, 'idle');
  });

  it('drainBytesPerSecond: a slow board holds the server back', async () => {
    const image = bench.image({ totalSizeBytes: 128 * 1024 });
    const url = bench.publish('slow', image);
    const board = bench.board({ firmwareUrl: url }, {}, { knobs: { drainBytesPerSecond: 400_000 } });
    board.powerOn();
    await board.runUntil('Starting OTA...');
    const from = performance.now();
    await board.runUntil('OTA Succeed, Rebooting...');
    // 320 ms by the knob; timers may be early by a millisecond each
    expect(performance.now() - from).toBeGreaterThan(250);
    expect(await bench.verdict(board)).toBe('delivered');
  });
});

describe('otadata', () => {
  it.each([
    ['5.5.5', ['blank', '2 valid']],
    ['5.4.4', ['1 valid', '2 valid']],
  ])(
    'with rollback, ESP-IDF %s leaves of the inactive entry when an update begins: %j',
    async (idfVersion, expected) => {
      const url = bench.publish(`begin-${idfVersion}`, bench.image().subarray(0, 20_000));
      const otadata = makeOtadata({ sequence: 1, state: 'valid' }, { sequence: 2, state: 'valid' });
      const board = bench.board({ firmwareUrl: url, ...ROLLBACK }, { idfVersion, otadata }, { bootloader: ROLLBACK });
      board.flash.replace(0x1d0000, bench.image({ version: '1.0.1' }));
      board.powerOn();
      await board.runUntil('Firmware upgrade failed');
      expect(
        board.state.otadata?.map((entry) => (entry.isBlank ? 'blank' : `${entry.sequence} ${entry.state}`)),
      ).toEqual(expected);
    },
  );
});

describe('the console', () => {
  it('carries colours up to 5.3 and none from 5.4 on', async () => {
    for (const [idfVersion, isColoured] of [
      ['5.3.5', true],
      ['5.4.0', false],
    ] as const) {
      const board = makeBoard({ idfVersion, app: { updateOnBoot: 'never' } });
      let bytes = '';
      board.onConsole((chunk) => {
        bytes += Buffer.from(chunk).toString('latin1');
      });
      board.powerOn();
      await board.runUntil('Returned from app_main()');
      expect(bytes.includes('\u001b[0;32mI (')).toBe(isColoured);
      expect(bytes.endsWith('\r\n')).toBe(true);
      board.dispose();
    }
  });

  it('takes a URL that ends with CR, LF or both, in pieces', async () => {
    const url = bench.publish('typed', bench.image());
    const board = bench.board({ firmwareUrl: 'FROM_STDIN', updateOnBoot: 'always' });
    board.powerOn();
    for (const end of ['\r', '\n', '\r\n']) {
      await board.runUntil('Starting OTA example task');
      await whenPhase(board, 'waitingForUrl');
      board.sendConsole(url.slice(0, 9));
      board.sendConsole(url.slice(9));
      board.sendConsole(end);
      await board.runUntil('OTA Succeed, Rebooting...');
    }
  });
});
