import { createHash, randomBytes } from 'node:crypto';
import { ESPLoader, Transport } from 'esptool-js';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { DisposableStore } from '../../src/base/disposable.ts';
import { openPort } from '../../src/serial/open-port.ts';
import type { OpenOptions, SerialTransport } from '../../src/serial/serial-transport.ts';
import { boardBinding } from '../../src/virtual-board/loader/line-binding.ts';
import { LOADER_TARGETS } from '../../src/virtual-board/loader/loader-chips.ts';
import { serveRfc2217 } from '../../src/virtual-board/loader/rfc2217-server.ts';
import { SerialBoard } from '../../src/virtual-board/loader/serial-board.ts';
import type { SerialBoardOptions } from '../../src/virtual-board/loader/serial-board-options.ts';
import { NorFlash } from '../../src/virtual-board/nor-flash.ts';
import { WebSerialPort } from '../support/web-serial.ts';

const MIB = 1024 * 1024;
const owned = new DisposableStore();
const stores: DisposableStore[] = [owned];

afterEach(() => {
  for (const store of stores.splice(0)) store.dispose();
});

function makeBoard(options: Partial<SerialBoardOptions> & { chip: string }): SerialBoard {
  const store = new DisposableStore();
  stores.push(store);
  const board = store.add(new SerialBoard({ flash: new NorFlash(4 * MIB), mac: '7c:df:a1:01:02:03', ...options }));
  board.plugIn();
  return board;
}

interface Client {
  readonly loader: ESPLoader;
  readonly transport: Transport;
  readonly words: string[];
}

/** esptool-js as it is, over a transport of ours. */
function client(open: (options: OpenOptions) => Promise<SerialTransport>, isUsbSerialJtag = false): Client {
  const words: string[] = [];
  const port = new WebSerialPort(open, isUsbSerialJtag ? { usbVendorId: 0x303a, usbProductId: 0x1001 } : {});
  const transport = new Transport(port);
  const say = (text: string): void => {
    words.push(text);
  };
  vi.spyOn(console, 'log').mockImplementation(say);
  const terminal = { clean: () => undefined, write: say, writeLine: say };
  return { loader: new ESPLoader({ transport, baudrate: 921600, terminal }), transport, words };
}

function inProcess(board: SerialBoard): (options: OpenOptions) => Promise<SerialTransport> {
  return (options) =>
    openPort('virtual://board', { ...options, virtual: () => boardBinding([{ path: 'board', board }]) });
}

/** Half of it compresses. */
function makeImage(lengthBytes: number): Uint8Array {
  const image = randomBytes(lengthBytes);
  image.fill(0x5a, 0, lengthBytes / 2);
  return image;
}

async function writeAndReadBack({ loader }: Client, board: SerialBoard, address: number): Promise<void> {
  const image = makeImage(200_000);
  board.flash.program(address + 1000, new Uint8Array(8192));
  await loader.writeFlash({
    fileArray: [{ data: image, address }],
    flashMode: 'keep',
    flashFreq: 'keep',
    flashSize: 'keep',
    eraseAll: false,
    compress: true,
    calculateMD5Hash: (bytes) => createHash('md5').update(bytes).digest('hex'),
  });
  expect(Buffer.from(board.flash.read(address, image.length)).equals(image)).toBe(true);
  const readBack = await loader.readFlash(address + 100_000 - 16, 5000);
  expect(Buffer.from(readBack).equals(image.subarray(100_000 - 16, 105_000 - 16))).toBe(true);
}

describe('esptool-js 0.7, unmodified', () => {
  it.each(LOADER_TARGETS)('flashes an %s from nothing over RFC 2217', async (chip) => {
    const board = makeBoard({ chip });
    const server = await serveRfc2217(board);
    stores[stores.length - 1]?.add(server);
    const made = client((options) => openPort(server.address, options));
    const { loader, transport, words } = made;
    await loader.main();
    const said = words.join('\n');
    expect(loader.chip.CHIP_NAME.toLowerCase().replace('-', '')).toBe(chip);
    expect(said).toContain('MAC: 7c:df:a1:01:02:03');
    expect(said).toContain('Flash ID: 164020');
    expect(board.mode).toBe('stub');
    expect(board.baud).toBe(921600);
    await writeAndReadBack(made, board, 0x10000);
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
    const made = client(inProcess(board));
    await made.loader.main();
    await writeAndReadBack(made, board, 0x20000);
    await made.transport.disconnect();
  });

  it('finds a chip behind its own USB-Serial/JTAG peripheral', async () => {
    const board = makeBoard({ chip: 'esp32c3', reset: 'usbSerialJtag' });
    const made = client(inProcess(board), true);
    await made.loader.main();
    await writeAndReadBack(made, board, 0x20000);
    await made.transport.disconnect();
  });
});
