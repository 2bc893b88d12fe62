import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OtaError } from '../../../src/base/ota-error.ts';
import { boardBinding } from '../../../src/virtual-board/loader/line-binding.ts';
import { SerialBoard } from '../../../src/virtual-board/loader/serial-board.ts';
import type { SerialBoardOptions } from '../../../src/virtual-board/loader/serial-board-options.ts';
import { SlipReceiver, slipFrame, type EmptyFrame } from '../../../src/virtual-board/loader/slip-frames.ts';
import { heardAt } from '../../../src/virtual-board/loader/uart-sampling.ts';
import { NorFlash } from '../../../src/virtual-board/nor-flash.ts';
import { ManualClock } from '../../support/hurrying-clock.ts';
import { inDownloadMode, inStub, LoaderTalk, SYNC_DATA, words } from '../../support/loader-talk.ts';
import { settled } from '../../support/test-line.ts';

const RUNS = Number(process.env['ESP32_OTA_FUZZ_RUNS'] ?? 2000);

function frames(
  bytes: Uint8Array,
  pieceBytes: number,
  emptyFrame: EmptyFrame = 'ends',
  capacityBytes = 10,
): Uint8Array[] {
  const found: Uint8Array[] = [];
  const sink = { canReceive: () => true, onFrame: (frame: Uint8Array) => found.push(frame) };
  const receiver = new SlipReceiver(capacityBytes, sink, emptyFrame);
  for (let at = 0; at < bytes.length; at += pieceBytes) receiver.push(bytes.subarray(at, at + pieceBytes));
  return found;
}

describe('SLIP', () => {
  it('gives back what was framed, however it is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 60 }), { maxLength: 5 }),
        fc.integer({ min: 1, max: 9 }),
        (all, size) => {
          const line = Buffer.concat(all.map((payload) => slipFrame(payload)));
          expect(frames(line, size, 'ends', 60)).toEqual(all.map((payload) => Uint8Array.from(payload)));
        },
      ),
      { numRuns: RUNS / 4 },
    );
  });

  it('throws away a frame that is too long or wrongly escaped', () => {
    const next = slipFrame(Uint8Array.of(7));
    // what closes the frame that was given up opens another
    expect(frames(Buffer.concat([slipFrame(new Uint8Array(11)), next]), 4, 'begins')).toEqual([Uint8Array.of(7)]);
    expect(frames(Uint8Array.of(0xc0, 1, 0xdb, 2, 0xc0, ...next), 3, 'begins')).toEqual([Uint8Array.of(7)]);
  });

  it('stays outside of the frames after a lost delimiter, in the stub, until a spare one comes', () => {
    const next = slipFrame(Uint8Array.of(7));
    const lost = slipFrame(Uint8Array.of(6)).subarray(1);
    expect(frames(Buffer.concat([lost, next, next]), 4)).toEqual([]);
    expect(frames(Buffer.concat([lost, Uint8Array.of(0xc0), next, next]), 4)).toEqual([
      Uint8Array.of(7),
      Uint8Array.of(7),
    ]);
  });
});

describe('a line with two rates', () => {
  it('carries bytes within 3 % of each other', () => {
    const bytes = new TextEncoder().encode('waiting for download');
    expect(heardAt(bytes, 115200, 115200)).toBe(bytes);
    expect(heardAt(bytes, 115200, 118000)).toBe(bytes);
  });

  it('samples bytes at the wrong moments otherwise', () => {
    const bytes = new TextEncoder().encode('waiting for download');
    expect(heardAt(bytes, 921600, 115200).length).toBeLessThan(6);
    expect(heardAt(bytes, 115200, 921600).length).toBeGreaterThan(bytes.length);
    // twice as fast a receiver sees each bit of 0x55 twice, and the idle line after it
    expect([...heardAt(Uint8Array.of(0x55), 100, 200)]).toEqual([0b01100110, 0b11100110]);
  });

  it('makes a loader deaf until the host follows', async () => {
    const { talk } = inDownloadMode();
    await talk.sync();
    await talk.ask(0x0f, words(460800, 0));
    talk.send(0x0a, words(0x40001000));
    await settled();
    expect(talk.waitingFrames).toBe(0);
    talk.end.setBaud(460800);
    talk.end.write(Uint8Array.of(0xc0));
    talk.send(0x0a, words(0x40001000));
    await settled();
    expect(talk.waitingFrames).toBeGreaterThan(0);
  });
});

describe('a timed line', () => {
  const timed = { isLineTimed: true, latencyMs: { toBoard: 2, toHost: 3 } } as const;

  it('takes ten bit times a byte and the latency of both directions', async () => {
    const clock = new ManualClock();
    const { talk } = inDownloadMode({ clock, ...timed });
    await clock.advance(100);
    talk.send(0x08, SYNC_DATA);
    // 46 bytes there: 3.99 ms; 14 back: 1.22 ms
    await clock.advance(9.5);
    expect(talk.waitingFrames).toBe(0);
    await clock.advance(1);
    expect(talk.waitingFrames).toBe(1);
    await clock.advance(9);
    expect(talk.waitingFrames).toBe(8);
  });

  it('says when everything is sent', async () => {
    const clock = new ManualClock();
    const { talk } = inDownloadMode({ clock, ...timed });
    talk.end.write(new Uint8Array(11520));
    let isSent = false;
    void talk.end.whenSent().then(() => (isSent = true));
    await clock.advance(1001);
    expect(isSent).toBe(false);
    await clock.advance(2);
    expect(isSent).toBe(true);
  });
});

describe('a bad line', () => {
  it('flips the same bits for the same seed, about as many as asked for', () => {
    const passed = (seed: number): Uint8Array => {
      const heard: Uint8Array[] = [];
      const board = new SerialBoard({
        chip: 'esp32',
        flash: new NorFlash(4096),
        firmware: {
          onConsole: () => ({ dispose: () => undefined }),
          boot: () => undefined,
          halt: () => undefined,
          receiveConsole: (bytes) => heard.push(bytes),
        },
        knobs: { bitErrorRate: 0.001, noiseSeed: seed },
      });
      board.plugIn();
      board.attach().write(new Uint8Array(100_000));
      return Buffer.concat(heard);
    };
    const [first, again, other] = [passed(1), passed(1), passed(2)];
    expect(first).toEqual(again);
    expect(first).not.toEqual(other);
    const hits = first.filter((byte) => byte !== 0).length;
    expect(hits).toBeGreaterThan(600);
    expect(hits).toBeLessThan(1000);
  });

  it('loses bytes', async () => {
    const { talk, board } = await inStub();
    board.turnKnobs({ lostByteRate: 0.5 });
    talk.send(0x08, SYNC_DATA);
    await settled();
    expect(talk.waitingFrames).toBe(0);
  });

  it('is never heard when the transmit line is broken', async () => {
    const { talk, board } = inDownloadMode();
    board.turnKnobs({ isMute: true });
    talk.send(0x08, SYNC_DATA);
    await settled();
    expect(talk.waitingFrames).toBe(0);
  });

  it('is pulled at a byte, once', async () => {
    const { talk, board, flash } = await inStub();
    flash.program(0, new Uint8Array(4096));
    board.turnKnobs({ pullCableAfterBytes: 40 });
    let isGone = false;
    talk.end.onGone(() => (isGone = true));
    talk.end.write(new Uint8Array(39));
    expect(isGone).toBe(false);
    talk.end.write(new Uint8Array(39));
    expect(isGone).toBe(true);
    expect(board.isPluggedIn).toBe(false);
    expect(() => board.attach()).toThrow(OtaError);
    board.holdBoot(false);
    board.plugIn();
    expect(board.mode).toBe('firmware');
    board.attach().write(new Uint8Array(100));
    expect(board.isPluggedIn).toBe(true);
  });
});

describe('a port of this process', () => {
  function ports(options: Partial<SerialBoardOptions> = {}) {
    const board = new SerialBoard({ chip: 'esp32s3', flash: new NorFlash(65536), ...options });
    board.plugIn();
    return { board, binding: boardBinding([{ path: 'board', board }]) };
  }

  it('is listed with the identity of its bridge while it is plugged in', async () => {
    const { board, binding } = ports();
    expect(await binding.list()).toMatchObject([{ path: 'board', vendorId: '10c4', productId: 'ea60' }]);
    board.unplug();
    expect(await binding.list()).toEqual([]);
    await expect(binding.open({ path: 'board', baudRate: 115200 })).rejects.toThrow('No such file or directory');
  });

  it('is one owner’s', async () => {
    const { binding } = ports();
    const end = await binding.open({ path: 'board', baudRate: 115200 });
    await expect(binding.open({ path: 'board', baudRate: 115200 })).rejects.toThrow('Cannot lock port');
    await end.close();
    await (await binding.open({ path: 'board', baudRate: 115200 })).close();
  });

  it('reads what came, in the pieces asked for, and ends a read that waits', async () => {
    const { board, binding } = ports();
    const end = await binding.open({ path: 'board', baudRate: 115200 });
    board.pressReset();
    const buffer = Buffer.alloc(10);
    expect((await end.read(buffer, 2, 8)).bytesRead).toBe(8);
    expect(buffer.subarray(2).toString()).toBe('ESP-ROM:');
    await end.flush();
    const waiting = end.read(buffer, 0, 10);
    await end.close();
    await expect(waiting).rejects.toMatchObject({ canceled: true });
  });

  it('ends a read with an error that is no cancellation when the cable is pulled', async () => {
    const { board, binding } = ports();
    const end = await binding.open({ path: 'board', baudRate: 115200 });
    const waiting = end.read(Buffer.alloc(1), 0, 1);
    board.unplug();
    await expect(waiting).rejects.toThrow('bad file descriptor');
    await expect(end.write(Buffer.alloc(1))).rejects.not.toHaveProperty('canceled');
    // as a descriptor of a device that went away, it is closed by whoever opened it
    expect(end.isOpen).toBe(true);
    await end.close();
    expect(end.isOpen).toBe(false);
  });

  it('lets a write wait while the buffer of the system is full', async () => {
    const clock = new ManualClock();
    const { binding } = ports({ clock, isLineTimed: true });
    const end = await binding.open({ path: 'board', baudRate: 115200 });
    let isWritten = false;
    void end.write(Buffer.alloc(16384)).then(() => (isWritten = true));
    await clock.advance(1000);
    expect(isWritten).toBe(false);
    await clock.advance(70);
    expect(isWritten).toBe(true);
  });
});

describe('any bytes', () => {
  it('leave both loaders able to answer', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.boolean(),
        fc.array(
          fc.record({
            op: fc.oneof(fc.nat(0x14), fc.integer({ min: 0xd0, max: 0xd3 })),
            data: fc.array(fc.nat(255), { maxLength: 40 }),
          }),
          { maxLength: 6 },
        ),
        fc.uint8Array({ maxLength: 50 }),
        async (isStub, commands, noise) => {
          const { talk, board } = isStub
            ? await inStub({ flash: new NorFlash(65536) })
            : inDownloadMode({ flash: new NorFlash(65536) });
          for (const { op, data } of commands) {
            if (op === 0x06 || op === 0x0f || op === 0x04) continue;
            talk.send(op, data);
            await settled();
          }
          talk.end.write(noise);
          board.pressReset();
          const again = new LoaderTalk(talk.end);
          expect((await again.sync()).length).toBe(8);
          board.dispose();
        },
      ),
      { numRuns: Math.ceil(RUNS / 10) },
    );
  });
});
