import { connect, type Socket } from 'node:net';
import { SerialPortStream } from '@serialport/stream';
import { afterEach, describe, expect, it } from 'vitest';
import { DisposableStore, toDisposable } from '../../src/base/disposable.ts';
import { Emitter } from '../../src/base/emitter.ts';
import { openPort } from '../../src/serial/open-port.ts';
import { boardBinding } from '../../src/virtual-board/loader/line-binding.ts';
import { serveRfc2217 } from '../../src/virtual-board/loader/rfc2217-server.ts';
import { SerialBoard } from '../../src/virtual-board/loader/serial-board.ts';
import { serveSocket } from '../../src/virtual-board/loader/socket-server.ts';
import type { BoardMode } from '../../src/virtual-board/loader/board-chip.ts';
import { NorFlash } from '../../src/virtual-board/nor-flash.ts';

let owned = new DisposableStore();
afterEach(() => {
  owned.dispose();
  owned = new DisposableStore();
});

/** Its firmware says back what it is told. */
function makeBoard(): SerialBoard {
  const console = new Emitter<Uint8Array>();
  const firmware = {
    onConsole: console.event,
    boot: () => undefined,
    halt: () => undefined,
    receiveConsole: (bytes: Uint8Array) => {
      console.fire(bytes);
    },
  };
  const board = owned.add(new SerialBoard({ chip: 'esp32c3', flash: new NorFlash(65536), firmware }));
  board.plugIn();
  return board;
}

function modeOf(board: SerialBoard, wanted: BoardMode): Promise<void> {
  if (board.mode === wanted) return Promise.resolve();
  return new Promise((resolve) => {
    const listening = board.onMode((mode) => {
      if (mode !== wanted) return;
      listening.dispose();
      resolve();
    });
  });
}

/** A bare connection: what came, and a wait for a piece of it. */
class Wire {
  readonly #socket: Socket;
  #bytes = Buffer.alloc(0);
  #check: () => void = () => undefined;
  isClosed = false;

  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1');
    this.#socket.on('data', (bytes) => {
      this.#bytes = Buffer.concat([this.#bytes, bytes]);
      this.#check();
    });
    this.#socket.on('close', () => {
      this.isClosed = true;
      this.#check();
    });
    owned.add(toDisposable(() => this.#socket.destroy()));
  }

  write(...bytes: number[]): void {
    this.#socket.write(Uint8Array.from(bytes));
  }

  end(): void {
    this.#socket.end();
  }

  /** Waits for these bytes and takes everything up to them away. */
  async until(...wanted: number[]): Promise<Buffer> {
    const at = (): number => this.#bytes.indexOf(Uint8Array.from(wanted));
    await new Promise<void>((resolve) => {
      this.#check = () => {
        if (at() >= 0 || this.isClosed) resolve();
      };
      this.#check();
    });
    expect(at()).toBeGreaterThanOrEqual(0);
    const before = this.#bytes.subarray(0, at());
    this.#bytes = this.#bytes.subarray(at() + wanted.length);
    return before;
  }

  async closed(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#check = () => {
        if (this.isClosed) resolve();
      };
      this.#check();
    });
  }
}

const IAC = 255;
const SB = 250;
const SE = 240;
const command = (...bytes: number[]): number[] => [IAC, SB, 44, ...bytes, IAC, SE];

describe('the board behind raw TCP', () => {
  it('gives the console to the one who is connected, and has no control lines', async () => {
    const board = makeBoard();
    const server = owned.add(await serveSocket(board));
    const transport = await openPort(server.address);
    const heard = new Promise<Uint8Array>((resolve) => transport.onData(resolve));
    await transport.write(Uint8Array.of(104, 105, 255));
    expect([...(await heard)]).toEqual([104, 105, 255]);
    expect(transport.hasModemLines).toBe(false);
    await transport.close();
  });

  it('hangs up when the cable is pulled, and on everybody until it is back', async () => {
    const board = makeBoard();
    const server = owned.add(await serveSocket(board));
    const first = await openPort(server.address);
    const gone = new Promise((resolve) => first.onClosed(resolve));
    const heard = new Promise((resolve) => first.onData(resolve));
    await first.write(Uint8Array.of(1));
    await heard;
    board.unplug();
    expect(await gone).toMatchObject({ cause: 'gone' });
    await new Wire(server.port).closed();
    board.plugIn();
    const again = new Wire(server.port);
    again.write(7);
    await again.until(7);
  });

  it('lets the second one wait for the first', async () => {
    const server = owned.add(await serveSocket(makeBoard()));
    const first = new Wire(server.port);
    first.write(1);
    await first.until(1);
    const second = new Wire(server.port);
    second.write(2);
    first.write(3);
    await first.until(3);
    first.end();
    expect((await second.until(2)).length).toBe(0);
  });

  it('says why it cannot listen', async () => {
    const board = makeBoard();
    const server = owned.add(await serveSocket(board));
    await expect(serveSocket(board, { port: server.port })).rejects.toMatchObject({
      code: 'board.cannotListen',
      details: { port: server.port, reason: 'EADDRINUSE' },
    });
  });
});

describe('the board behind RFC 2217', () => {
  it('negotiates as pyserial does: offers and asks at once, declines what it does not know', async () => {
    const server = owned.add(await serveRfc2217(makeBoard()));
    const wire = new Wire(server.port);
    await wire.until(IAC, 251, 1, IAC, 251, 3, IAC, 253, 0, IAC, 251, 44);
    wire.write(IAC, 253, 44);
    await wire.until(...command(107, 0));
    wire.write(IAC, 251, 44);
    await wire.until(IAC, 253, 44);
    wire.write(IAC, 253, 99, IAC, 251, 98);
    await wire.until(IAC, 252, 99, IAC, 254, 98);
  });

  it('answers every setting with what is in force', async () => {
    const board = makeBoard();
    const server = owned.add(await serveRfc2217(board));
    const wire = new Wire(server.port);
    wire.write(...command(1, 0, 0, 0, 0));
    await wire.until(...command(101, 0, 1, 0xc2, 0));
    // 0x0000ff00 has the byte that telnet doubles
    wire.write(...command(1, 0, 0, IAC, IAC, 0));
    await wire.until(...command(101, 0, 0, IAC, IAC, 0));
    wire.write(...command(2, 7), ...command(3, 3), ...command(4, 2), ...command(12, 3));
    await wire.until(...command(102, 8), ...command(103, 1), ...command(104, 1), ...command(112, 3));
    wire.write(...command(5, 8), ...command(5, 7), ...command(5, 12), ...command(5, 10), ...command(5, 1));
    await wire.until(
      ...command(105, 8),
      ...command(105, 8),
      ...command(105, 12),
      ...command(105, 12),
      ...command(105, 1),
    );
  });

  it('moves each line by itself', async () => {
    const board = makeBoard();
    const server = owned.add(await serveRfc2217(board));
    const wire = new Wire(server.port);
    wire.write(...command(5, 9), ...command(5, 11));
    await wire.until(...command(105, 11));
    expect(board.mode).toBe('held');
    wire.write(...command(5, 8), ...command(5, 12));
    await modeOf(board, 'rom');
  });

  it('passes every byte both ways', async () => {
    const board = makeBoard();
    const server = owned.add(await serveRfc2217(board));
    const wire = new Wire(server.port);
    board.holdBoot(true);
    wire.write(...command(1, 0, 1, 0xc2, 0));
    await wire.until(...command(101, 0, 1, 0xc2, 0));
    board.pressReset();
    await wire.until(...Buffer.from('waiting for download\r\n'));
    // READ_REG of an address with 0xFF bytes in it, then of one that gives 0xFF bytes
    wire.write(
      0xc0,
      0,
      9,
      16,
      0,
      0,
      0,
      0,
      0,
      0,
      IAC,
      IAC,
      0,
      0x60,
      IAC,
      IAC,
      IAC,
      IAC,
      0,
      0,
      IAC,
      IAC,
      IAC,
      IAC,
      0,
      0,
      0,
      0,
      0,
      0,
      0xc0,
    );
    await wire.until(0xc0, 1, 9, 4, 0);
    wire.write(0xc0, 0, 0x0a, 4, 0, 0, 0, 0, 0, 0, IAC, IAC, 0, 0x60, 0xc0);
    await wire.until(0xc0, 1, 0x0a, 4, 0, IAC, IAC, IAC, IAC, 0, 0, 0, 0, 0, 0, 0xc0);
  });

  it('leaves a running board running when a client comes and goes', async () => {
    const board = makeBoard();
    const server = owned.add(await serveRfc2217(board));
    const modes: BoardMode[] = [];
    board.onMode((mode) => modes.push(mode));
    const wire = new Wire(server.port);
    wire.write(...command(12, 1));
    await wire.until(...command(112, 1));
    wire.end();
    await wire.closed();
    expect(modes).toEqual([]);
  });
});

describe('the server that resets by itself', () => {
  it('takes DTR-ON for download mode and RTS-OFF for a reset, and acknowledges neither', async () => {
    const board = makeBoard();
    const server = owned.add(await serveRfc2217(board, { kind: 'resetting' }));
    const wire = new Wire(server.port);
    await wire.until(IAC, 251, 44);
    wire.write(...command(5, 8));
    await modeOf(board, 'rom');
    // not while it is downloading
    wire.write(...command(5, 12), ...command(12, 2));
    const before = await wire.until(...command(112, 2));
    expect(before.includes(Buffer.of(IAC, SB, 44, 105))).toBe(false);
    expect(board.mode).toBe('rom');
    wire.write(...command(5, 9), ...command(5, 12));
    await modeOf(board, 'firmware');
  });
});

describe('the stream of serialport', () => {
  it('runs over a virtual board as over the native module', async () => {
    const board = makeBoard();
    const binding = boardBinding([{ path: 'board', board }]);
    const port = new SerialPortStream({ binding: binding as never, path: 'board', baudRate: 115200, autoOpen: false });
    await new Promise<void>((resolve, reject) => {
      port.open((error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
    const heard = new Promise<Buffer>((resolve) => port.once('data', resolve));
    board.holdBoot(true);
    board.pressReset();
    expect((await heard).toString()).toContain('waiting for download');
    await new Promise((resolve) => {
      port.set({ dtr: false, rts: true }, resolve);
    });
    expect(board.mode).toBe('held');
    const closed = new Promise((resolve) => port.once('close', resolve));
    board.unplug();
    expect(await closed).toMatchObject({ disconnected: true });
  });
});
