import { afterEach, describe, expect, it } from 'vitest';
import { DisposableStore } from '../../src/base/disposable.ts';
import { openPort } from '../../src/serial/open-port.ts';
import { withSerialPort } from '../../src/virtual-board/loader/board-firmware.ts';
import { LOADER_TARGETS } from '../../src/virtual-board/loader/loader-chips.ts';
import { serveRfc2217 } from '../../src/virtual-board/loader/rfc2217-server.ts';
import { SerialBoard } from '../../src/virtual-board/loader/serial-board.ts';
import type { SerialBoardOptions } from '../../src/virtual-board/loader/serial-board-options.ts';
import { NorFlash } from '../../src/virtual-board/nor-flash.ts';
import { VirtualBoard } from '../../src/virtual-board/virtual-board.ts';
import { boardSetup } from '../support/board-fixture.ts';
import { esptoolJs, makeImage, portOf, writeImages, type EsptoolJs } from '../support/esptool-js-client.ts';

const MIB = 1024 * 1024;
let owned = new DisposableStore();

afterEach(() => {
  owned.dispose();
  owned = new DisposableStore();
});

function makeBoard(options: Partial<SerialBoardOptions> & { chip: string }): SerialBoard {
  const board = owned.add(new SerialBoard({ flash: new NorFlash(4 * MIB), mac: '7c:df:a1:01:02:03', ...options }));
  board.plugIn();
  return board;
}

async function writeAndReadBack(client: EsptoolJs, board: SerialBoard, address: number): Promise<void> {
  const data = makeImage(200_000);
  board.flash.program(address + 1000, new Uint8Array(8192));
  await writeImages(client, [{ data, address }]);
  expect(Buffer.from(board.flash.read(address, data.length)).equals(data)).toBe(true);
  const from = 100_000 - 16;
  const readBack = await client.loader.readFlash(address + from, 5000);
  expect(Buffer.from(readBack).equals(data.subarray(from, from + 5000))).toBe(true);
}

const DESCRIPTIONS: Readonly<Record<string, readonly [revision: number, description: string, crystal: string]>> = {
  esp32: [300, 'ESP32-D0WD-V3 (revision 3)', '40MHz'],
  esp32s2: [100, 'ESP32-S2 (revision v1.0)', '40MHz'],
  esp32s3: [2, 'ESP32-S3 (QFN56) (revision v0.2)', '40MHz'],
  esp32c2: [102, 'ESP32-C2 (revision 1)', '26MHz'],
  esp32c3: [104, 'ESP32-C3 (QFN32) (revision v1.4)', '40MHz'],
  esp32c6: [2, 'ESP32-C6 (revision 2)', '40MHz'],
  esp32h2: [102, 'ESP32-H2 (revision v1.2)', '32MHz'],
  esp32p4: [301, 'ESP32-P4 (revision v3.1)', '40MHz'],
};

describe('esptool-js 0.7, unmodified', () => {
  it.each(LOADER_TARGETS)('flashes an %s from nothing over RFC 2217', async (chip) => {
    const [revision = 0, description = '', crystal = ''] = DESCRIPTIONS[chip] ?? [];
    const board = makeBoard({ chip, revision });
    const server = owned.add(await serveRfc2217(board));
    const client = esptoolJs((options) => openPort(server.address, options));
    const { loader, transport, said } = client;
    expect(await loader.main()).toBe(description);
    expect(loader.chip.CHIP_NAME.toLowerCase().replace('-', '')).toBe(chip);
    expect(said()).toContain('MAC: 7c:df:a1:01:02:03');
    expect(said()).toContain(`Crystal is ${crystal}`);
    expect(said()).toContain('Flash ID: 164020');
    expect(said()).not.toContain('WARNING');
    expect(board.mode).toBe('stub');
    expect(board.baud).toBe(921600);
    await writeAndReadBack(client, board, 0x10000);
    await transport.setDTR(false);
    await transport.setRTS(true);
    expect(board.mode).toBe('held');
    const booted = new Promise((resolve) => board.onMode(resolve));
    await transport.setRTS(false);
    expect(await booted).toBe('firmware');
    await transport.disconnect();
  });

  it('flashes over a line in this process', async () => {
    const board = makeBoard({ chip: 'esp32s3' });
    const client = esptoolJs(portOf(board));
    await client.loader.main();
    await writeAndReadBack(client, board, 0x20000);
    await client.transport.disconnect();
  });

  it('finds a chip behind its own USB-Serial/JTAG peripheral', async () => {
    const board = makeBoard({ chip: 'esp32c3', reset: 'usbSerialJtag' });
    const client = esptoolJs(portOf(board), { isUsbSerialJtag: true });
    await client.loader.main();
    await writeAndReadBack(client, board, 0x20000);
    await client.transport.disconnect();
  });

  it('enters download mode through a server that resets by itself', async () => {
    const board = makeBoard({ chip: 'esp32c3' });
    const server = owned.add(await serveRfc2217(board, { kind: 'resetting' }));
    const client = esptoolJs((options) => openPort(`${server.address}?ign_set_control`, options));
    await client.loader.main();
    expect(client.loader.chip.CHIP_NAME).toBe('ESP32-C3');
    await client.transport.disconnect();
  });

  it('recognises a stub that still runs, and an erased chip', async () => {
    const board = makeBoard({ chip: 'esp32c6' });
    board.flash.program(0x100000, new Uint8Array(5000));
    const first = esptoolJs(portOf(board), { baud: 115200 });
    await first.loader.main();
    await first.transport.disconnect();
    expect(board.mode).toBe('stub');
    const second = esptoolJs(portOf(board), { baud: 115200 });
    await second.loader.main('no_reset');
    expect(second.said()).toContain('Stub is already running');
    await second.loader.eraseFlash();
    expect(board.flash.view(0x100000, 5000).every((byte) => byte === 0xff)).toBe(true);
    await second.transport.disconnect();
  });

  it('flashes a virtual board, which then boots what was flashed', async () => {
    const setup = boardSetup({ target: 'esp32c3' });
    const virtual = owned.add(new VirtualBoard({ ...setup, parts: [] }));
    const board = owned.add(withSerialPort(virtual));
    board.plugIn();
    await virtual.runUntil('invalid header: 0xffffffff');
    const client = esptoolJs(portOf(board));
    await client.loader.main();
    await writeImages(
      client,
      setup.parts.map(({ offset, bytes }) => ({ data: bytes, address: offset })),
    );
    await client.transport.disconnect();
    board.pressReset();
    await virtual.runUntil(/App version: +1\.0\.0/);
    board.unplug();
    expect(virtual.state.phase).toBe('off');
  });
});

describe('esptool-js with a board that misbehaves', () => {
  it('says that the stub did not start', async () => {
    const board = makeBoard({ chip: 'esp32c3', knobs: { stubDoesNotStart: true } });
    const client = esptoolJs(portOf(board));
    await expect(client.loader.main()).rejects.toThrow('Serial data stream stopped');
    expect(board.mode).toBe('hung');
  });

  it.each([
    ['a sector that does not take what is programmed', { stuckSector: { offsetBytes: 0x12000 } }],
    ['a wrong MD5', { wrongMd5: true }],
  ])('finds %s by the MD5', async (_, knobs) => {
    const board = makeBoard({ chip: 'esp32c3', knobs });
    const client = esptoolJs(portOf(board));
    await client.loader.main();
    await expect(writeImages(client, [{ data: makeImage(20_000), address: 0x10000 }])).rejects.toThrow(
      'MD5 of file does not match',
    );
  });

  it('hears of a programming error with the next command', async () => {
    const board = makeBoard({
      chip: 'esp32c3',
      knobs: { stuckSector: { offsetBytes: 0x10000, isReported: true } },
    });
    const client = esptoolJs(portOf(board));
    await client.loader.main();
    await expect(writeImages(client, [{ data: makeImage(20_000), address: 0x10000 }])).rejects.toThrow(
      'leave compressed flash mode failed with status 196,0',
    );
  });

  it('loses the device when the cable is pulled', async () => {
    const board = makeBoard({ chip: 'esp32c3' });
    const client = esptoolJs(portOf(board));
    await client.loader.main();
    board.turnKnobs({ pullCableAfterBytes: 30_000 });
    await expect(writeImages(client, [{ data: makeImage(200_000), address: 0x10000 }])).rejects.toThrow();
    expect(board.isPluggedIn).toBe(false);
  });

  it('is refused the stub in secure download mode', async () => {
    const board = makeBoard({ chip: 'esp32c3', knobs: { isSecureDownload: true } });
    const client = esptoolJs(portOf(board));
    await client.loader.main();
    expect(client.loader.secureDownloadMode).toBe(true);
    expect(client.said()).toContain('Stub flasher is not supported in Secure Download Mode');
    expect(board.mode).toBe('rom');
    await client.transport.disconnect();
  });

  it('sends a block again that noise has spoiled', async () => {
    const board = makeBoard({ chip: 'esp32c3' });
    const client = esptoolJs(portOf(board), { isVerbose: true });
    await client.loader.main();
    board.turnKnobs({ bitErrorRate: 1e-6, noiseSeed: 1 });
    const data = makeImage(200_000);
    await writeImages(client, [{ data, address: 0x10000 }]);
    expect(client.said()).toContain('status 193,0), retrying');
    expect(Buffer.from(board.flash.read(0x10000, data.length)).equals(data)).toBe(true);
    await client.transport.disconnect();
  });

  it('survives a slow line and a slow chip', async () => {
    const board = makeBoard({
      chip: 'esp32c3',
      knobs: { ackDelayMs: 20 },
      times: { sectorEraseMs: 2, stubStartMs: 10 },
    });
    const client = esptoolJs(portOf(board));
    await client.loader.main();
    await writeImages(client, [{ data: makeImage(40_000), address: 0x10000 }]);
    await client.transport.disconnect();
  });
});
