import { describe, expect, it } from 'vitest';
import { Emitter } from '../../../src/base/emitter.ts';
import type { ModemLines } from '../../../src/serial/serial-transport.ts';
import type { HostEnd } from '../../../src/virtual-board/loader/host-end.ts';
import { classicPins } from '../../../src/virtual-board/loader/reset-circuit.ts';
import { SerialBoard } from '../../../src/virtual-board/loader/serial-board.ts';
import type { BoardFirmware, SerialBoardOptions } from '../../../src/virtual-board/loader/serial-board-options.ts';
import { NorFlash } from '../../../src/virtual-board/nor-flash.ts';
import { ManualClock } from '../../support/hurrying-clock.ts';
import { LoaderTalk, words } from '../../support/loader-talk.ts';

const RELEASED: ModemLines = { dtr: false, rts: false };

interface Bench {
  readonly board: SerialBoard;
  readonly end: HostEnd;
  readonly clock: ManualClock;
  readonly life: string[];
  readonly play: (steps: readonly (readonly [dtr: number, rts: number, waitMs: number])[]) => Promise<void>;
}

function bench(options: Partial<SerialBoardOptions> = {}): Bench {
  const clock = new ManualClock();
  const life: string[] = [];
  const firmware: BoardFirmware = {
    onConsole: new Emitter<Uint8Array>().event,
    boot: () => life.push('boot'),
    halt: () => life.push('halt'),
    receiveConsole: (bytes) => life.push(`console ${String.fromCharCode(...bytes)}`),
  };
  const board = new SerialBoard({ chip: 'esp32c3', flash: new NorFlash(65536), clock, firmware, ...options });
  board.plugIn();
  const end = board.attach({ lines: RELEASED });
  return {
    board,
    end,
    clock,
    life,
    play: async (steps) => {
      for (const [dtr, rts, waitMs] of steps) {
        end.setLines({ dtr: dtr === 1, rts: rts === 1 });
        await clock.advance(waitMs);
      }
    },
  };
}

describe('the reset circuit of a development board', () => {
  it.each([
    [0, 0, true, true],
    [1, 0, true, false],
    [0, 1, false, true],
    [1, 1, true, true],
  ])('makes DTR %i and RTS %i to EN %s and IO0 %s', (dtr, rts, en, io0) => {
    expect(classicPins({ dtr: dtr === 1, rts: rts === 1 })).toEqual({ en, io0 });
  });

  it('leaves a running board alone when a port is opened and closed', async () => {
    const { board, end, life } = bench();
    end.setLines({ dtr: true, rts: true });
    end.close();
    board.attach().close();
    await Promise.resolve();
    expect(life).toEqual(['boot']);
  });

  it('resets with RTS alone, and stops the firmware meanwhile', async () => {
    const { board, life, play } = bench();
    await play([[0, 1, 100]]);
    expect(board.mode).toBe('held');
    await play([[0, 0, 10]]);
    expect(board.mode).toBe('firmware');
    expect(life).toEqual(['boot', 'halt', 'boot']);
  });

  it.each([
    [
      'classic',
      [
        [0, 1, 100],
        [1, 0, 50],
        [0, 0, 0],
      ],
    ],
    [
      'classic with lines that arrive apart, DTR first',
      [
        [0, 1, 100],
        [1, 1, 2],
        [1, 0, 50],
        [0, 0, 0],
      ],
    ],
    [
      'classic with lines that arrive apart, RTS first',
      [
        [0, 1, 100],
        [0, 0, 2],
        [1, 0, 50],
        [0, 0, 0],
      ],
    ],
    [
      'tight',
      [
        [0, 0, 0],
        [1, 1, 0],
        [0, 1, 100],
        [1, 0, 50],
        [0, 0, 0],
      ],
    ],
  ] as const)('enters download mode by the %s sequence', async (_, steps) => {
    const { board, play } = bench();
    await play(steps);
    expect(board.mode).toBe('rom');
  });

  it('boots normally when the lines arrive too far apart for the capacitor at EN', async () => {
    const { board, play } = bench();
    await play([
      [0, 1, 100],
      [1, 1, 20],
      [1, 0, 50],
      [0, 0, 50],
    ]);
    expect(board.mode).toBe('firmware');
  });

  it('holds IO0 low as long as DTR alone is asserted', async () => {
    const { board, play } = bench();
    await play([[1, 0, 10]]);
    expect(board.mode).toBe('firmware');
    board.pressReset();
    expect(board.mode).toBe('rom');
  });

  it('is deaf and silent while it is held', async () => {
    const { board, end, play, life } = bench();
    const heard: number[] = [];
    end.onData((bytes) => heard.push(...bytes));
    await play([[0, 1, 10]]);
    end.write(Uint8Array.of(65));
    expect(board.mode).toBe('held');
    expect(heard).toEqual([]);
    expect(life).toEqual(['boot', 'halt']);
  });
});

describe('the USB-Serial/JTAG peripheral', () => {
  const usb = { reset: 'usbSerialJtag' } as const;
  const DOWNLOAD = [
    [0, 0, 100],
    [1, 0, 100],
    [1, 1, 0],
    [0, 1, 100],
    [0, 0, 0],
  ] as const;

  it('enters download mode by its own sequence, and leaves it by RTS', async () => {
    const { board, play } = bench(usb);
    await play(DOWNLOAD);
    expect(board.mode).toBe('rom');
    await play([
      [0, 1, 100],
      [0, 0, 0],
    ]);
    expect(board.mode).toBe('firmware');
  });

  it('does not react to the classic sequence', async () => {
    const { board, play } = bench(usb);
    await play([
      [0, 1, 100],
      [1, 0, 50],
      [0, 0, 0],
    ]);
    expect(board.mode).toBe('firmware');
  });

  it('does not leave download mode by RTS when it was entered by the buttons, only by the watchdog', async () => {
    const { board, end, play, clock } = bench(usb);
    board.holdBoot(true);
    board.pressReset();
    board.holdBoot(false);
    await play([
      [0, 1, 100],
      [0, 0, 0],
    ]);
    expect(board.mode).toBe('rom');
    const talk = new LoaderTalk(end);
    for (const [register, value] of [
      [0x600080a8, 0x50d83aa1],
      [0x60008094, 2000],
      [0x60008090, 0xd0000102],
    ] as const) {
      await talk.ask(0x09, words(register, value, 0xffffffff, 0));
    }
    await clock.advance(10);
    expect(board.mode).toBe('rom');
    await clock.advance(10);
    expect(board.mode).toBe('firmware');
  });

  it('does not care about rates', async () => {
    const { end, play } = bench(usb);
    await play(DOWNLOAD);
    const talk = new LoaderTalk(end);
    end.setBaud(1_500_000);
    expect((await talk.sync()).length).toBe(8);
    end.setBaud(9600);
    expect((await talk.ask(0x0a, words(0x40001000))).value).toBe(0x1b31506f);
    expect((await talk.ask(0x0a, words(0x3fcdf07c))).value).toBe(3);
  });
});

describe('the console', () => {
  it('passes bytes both ways at the rate of the firmware', () => {
    const out = new Emitter<Uint8Array>();
    const typed: string[] = [];
    const firmware: BoardFirmware = {
      onConsole: out.event,
      boot: () => undefined,
      halt: () => undefined,
      receiveConsole: (bytes) => typed.push(String.fromCharCode(...bytes)),
    };
    const { end } = bench({ firmware, consoleBaud: 74880 });
    const heard: string[] = [];
    end.onData((bytes) => heard.push(String.fromCharCode(...bytes)));
    end.setBaud(74880);
    out.fire(Uint8Array.of(72, 105));
    end.write(Uint8Array.of(79, 75));
    expect([heard, typed]).toEqual([['Hi'], ['OK']]);
    end.setBaud(115200);
    out.fire(new TextEncoder().encode('Hello, world of firmware'));
    expect(heard[1]).not.toContain('Hello');
  });
});
