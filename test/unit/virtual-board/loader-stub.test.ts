import { createHash, randomBytes } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { block, inStub, words, xor } from '../../support/loader-talk.ts';
import { settled } from '../../support/test-line.ts';
import { ManualClock } from '../../support/hurrying-clock.ts';

const OK = [0, 0];

function pieces(bytes: Uint8Array, size: number): number[][] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => [
    ...bytes.subarray(index * size, (index + 1) * size),
  ]);
}

describe('the flasher stub', () => {
  it('answers SYNC eight times with the value 0', async () => {
    const { talk } = await inStub();
    const answers = await talk.sync();
    expect(answers.every(({ op, value, body }) => op === 8 && value === 0 && body.join() === '0,0')).toBe(true);
  });

  it.each([
    ['esp32c3', [20 + 2]],
    ['esp32s2', [12 + 2]],
  ])('gives the security information of an %s', async (chip, lengths) => {
    const { talk } = await inStub({ chip });
    expect([(await talk.ask(0x14)).body.length]).toEqual(lengths);
  });

  it('has no security information on the ESP32', async () => {
    const { talk } = await inStub({ chip: 'esp32' });
    expect((await talk.ask(0x14)).body).toEqual([0xff, 0]);
  });

  it('refuses an unknown command once, an answer, and a wrong length', async () => {
    const { talk } = await inStub();
    expect(await talk.ask(0x55)).toEqual({ op: 0x55, value: 0, body: [0xc3, 0] });
    talk.sendFrame([1, 0x0a, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect((await talk.answer()).body).toEqual([0xc3, 0]);
    talk.sendFrame([0, 0x0a, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect((await talk.answer()).body).toEqual([0xc0, 0]);
    expect((await talk.ask(0x0d, words(0, 0))).body).toEqual([0xc0, 0]);
    expect((await talk.ask(0x0d, words(0))).body).toEqual(OK);
    expect((await talk.ask(0x08, [1])).body).toEqual([0xc0, 0]);
  });

  it('says nothing to RUN_USER_CODE', async () => {
    const { talk } = await inStub();
    talk.send(0xd3);
    await settled();
    expect(talk.waitingFrames).toBe(0);
  });

  it('uses all of the flash without being told its size', async () => {
    const { talk, flash } = await inStub();
    await talk.ask(0x02, words(4, 1, 0x4000, 3 * 1024 * 1024));
    await talk.askBlock(0x03, 0, [1, 2, 3, 4]);
    expect((await talk.ask(0x04, words(1))).body).toEqual(OK);
    expect([...flash.view(3 * 1024 * 1024, 4)]).toEqual([1, 2, 3, 4]);
  });

  it('takes BEGIN with four words or five', async () => {
    const { talk } = await inStub();
    expect((await talk.ask(0x02, words(4, 1, 0x4000, 0))).body).toEqual(OK);
    expect((await talk.ask(0x10, words(4, 1, 0x4000, 0, 0))).body).toEqual(OK);
    expect((await talk.ask(0x10, words(4, 1, 0x4000))).body).toEqual([0xc0, 0]);
  });

  it('writes after it has acknowledged', async () => {
    const clock = new ManualClock();
    const { talk, flash } = await inStub({ clock, times: { pageProgramMs: 10, sectorEraseMs: 50 } });
    flash.program(0, new Uint8Array(4096));
    await talk.ask(0x02, words(4, 1, 0x4000, 0));
    expect((await talk.askBlock(0x03, 0, [5, 6, 7, 8])).body).toEqual(OK);
    expect([...flash.view(0, 2)]).toEqual([0xff, 0xff]);
    await clock.advance(49);
    expect([...flash.view(0, 2)]).toEqual([0xff, 0xff]);
    await clock.advance(1);
    expect([...flash.view(0, 2)]).toEqual([5, 6]);
  });

  it('reports what failed after the acknowledgement on the next command, which it does not execute', async () => {
    const { talk } = await inStub({ knobs: { stuckSector: { offsetBytes: 0, isReported: true } } });
    await talk.ask(0x02, words(4, 1, 0x4000, 0));
    expect((await talk.askBlock(0x03, 0, [1, 2, 3, 4])).body).toEqual(OK);
    expect(await talk.ask(0x0a, words(0x40001000))).toEqual({ op: 0x0a, value: 0, body: [0xc4, 0] });
    expect((await talk.ask(0x0a, words(0x40001000))).value).toBe(0x1b31506f);
  });

  it('does not notice a stuck sector by itself: the MD5 shows it', async () => {
    const { talk, flash } = await inStub({ knobs: { stuckSector: { offsetBytes: 0x1000 } } });
    const image = randomBytes(0x3000);
    await talk.ask(0x02, words(image.length, 1, 0x4000, 0));
    await talk.askBlock(0x03, 0, image);
    expect((await talk.ask(0x04, words(1))).body).toEqual(OK);
    const { body } = await talk.ask(0x13, words(0, image.length, 0, 0));
    expect(Buffer.from(body.slice(0, 16)).equals(createHash('md5').update(image).digest())).toBe(false);
    expect(Buffer.from(flash.view(0x2000, 0x1000)).equals(image.subarray(0x2000))).toBe(true);
  });

  it('cannot write what is not a multiple of four bytes', async () => {
    const { talk } = await inStub();
    await talk.ask(0x02, words(3, 1, 0x4000, 0));
    expect((await talk.askBlock(0x03, 0, [1, 2, 3])).body).toEqual(OK);
    expect((await talk.ask(0x04, words(1))).body).toEqual([0xc4, 0]);
  });

  it('checks the block that comes: length, checksum, and that there was a BEGIN', async () => {
    const { talk } = await inStub();
    expect((await talk.askBlock(0x03, 0, [1, 2, 3, 4])).body).toEqual([0xc6, 0]);
    expect((await talk.askBlock(0x11, 0, [1, 2, 3, 4])).body).toEqual([0xc6, 0]);
    await talk.ask(0x02, words(4, 1, 0x4000, 0));
    expect((await talk.ask(0x03, block(0, [1, 2, 3, 4]), 1)).body).toEqual([0xc1, 0]);
    expect((await talk.ask(0x03, [...words(9, 0, 0, 0), 1, 2], xor([1, 2]))).body).toEqual([0xc9, 0]);
    expect((await talk.ask(0x03, [1])).body).toEqual([0xc8, 0]);
  });

  it('leaves flash mode only when everything announced has come', async () => {
    const { talk } = await inStub();
    expect((await talk.ask(0x04, words(1))).body).toEqual([0xc6, 0]);
    await talk.ask(0x02, words(8, 1, 0x4000, 0));
    await talk.askBlock(0x03, 0, [1, 2, 3, 4]);
    expect((await talk.ask(0x04, words(1))).body).toEqual([0xc0, 0]);
    await talk.askBlock(0x03, 1, [5, 6, 7, 8]);
    expect((await talk.ask(0x04, words(0))).body).toEqual(OK);
  });

  it('inflates one stream over many blocks, erasing as it goes', async () => {
    const { talk, flash } = await inStub();
    flash.program(0x10000, new Uint8Array(0x40000));
    const image = Buffer.concat([randomBytes(70_000), Buffer.alloc(60_000, 0x11), randomBytes(1072)]);
    const packed = deflateSync(image);
    await talk.ask(0x10, words(image.length, Math.ceil(packed.length / 0x4000), 0x4000, 0x10000));
    for (const [index, piece] of pieces(packed, 0x4000).entries()) {
      expect((await talk.askBlock(0x11, index, piece)).body).toEqual(OK);
    }
    expect((await talk.ask(0x12, words(1))).body).toEqual(OK);
    expect(Buffer.from(flash.view(0x10000, image.length)).equals(image)).toBe(true);
    const end = Math.ceil((0x10000 + image.length) / 4096) * 4096;
    expect(flash.view(end, 16).every((byte) => byte === 0)).toBe(true);
  });

  it('leaves the sectors behind the point of an interruption as they were', async () => {
    const { talk, flash } = await inStub();
    flash.program(0, new Uint8Array(0x80000));
    const packed = deflateSync(randomBytes(0x80000));
    await talk.ask(0x10, words(0x80000, Math.ceil(packed.length / 0x4000), 0x4000, 0));
    const [first = [], second = []] = pieces(packed, 0x4000);
    await talk.askBlock(0x11, 0, first);
    await talk.askBlock(0x11, 1, second);
    await talk.ask(0x0a, words(0));
    expect(flash.view(0x40000, 0x40000).every((byte) => byte === 0)).toBe(true);
  });

  it('reports a broken stream on the next command', async () => {
    const { talk } = await inStub();
    await talk.ask(0x10, words(8192, 1, 0x4000, 0));
    expect((await talk.askBlock(0x11, 0, [1, 2, 3, 4])).body).toEqual(OK);
    expect((await talk.ask(0x12, words(1))).body).toEqual([0xc7, 0]);
  });

  it('refuses more data once everything announced is written', async () => {
    const { talk } = await inStub();
    const packed = [...deflateSync(Buffer.alloc(64))];
    await talk.ask(0x10, words(64, 2, 0x4000, 0));
    expect((await talk.askBlock(0x11, 0, packed.slice(0, -4))).body).toEqual(OK);
    expect((await talk.askBlock(0x11, 1, packed.slice(-4))).body).toEqual([0xc9, 0]);
  });

  it('gives an MD5 as 16 bytes, of any range', async () => {
    const { talk, flash } = await inStub();
    flash.program(0, randomBytes(5000));
    const { body } = await talk.ask(0x13, words(3, 4001, 0, 0));
    expect(body).toEqual([...createHash('md5').update(flash.view(3, 4001)).digest(), 0, 0]);
    expect((await talk.ask(0x13, words(4 * 1024 * 1024 - 4, 8, 0, 0))).body).toEqual([0xc4, 0]);
  });

  it('gives a wrong MD5 when the knob says so', async () => {
    const { talk, board, flash } = await inStub();
    board.turnKnobs({ wrongMd5: true });
    const { body } = await talk.ask(0x13, words(0, 64, 0, 0));
    expect(body.slice(0, 16)).not.toEqual([...createHash('md5').update(flash.view(0, 64)).digest()]);
  });

  it('erases regions of whole sectors, and everything', async () => {
    const { talk, flash } = await inStub();
    flash.program(0, new Uint8Array(flash.sizeBytes));
    expect((await talk.ask(0xd1, words(0x1000, 0x1001))).body).toEqual([0xc0, 0]);
    expect((await talk.ask(0xd1, words(0x1000, 0x2000))).body).toEqual(OK);
    expect([
      flash.view(0xfff, 1)[0],
      flash.view(0x1000, 1)[0],
      flash.view(0x2fff, 1)[0],
      flash.view(0x3000, 1)[0],
    ]).toEqual([0, 0xff, 0xff, 0]);
    expect((await talk.ask(0xd0)).body).toEqual(OK);
    expect(flash.view(0, flash.sizeBytes).every((byte) => byte === 0xff)).toBe(true);
  });

  it('reads flash one packet at a time, each acknowledged by the total, with an MD5 at the end', async () => {
    const { talk, flash } = await inStub();
    flash.program(0, randomBytes(10_000));
    expect((await talk.ask(0xd2, words(100, 9000, 4096, 64))).body).toEqual(OK);
    const read: number[] = [];
    for (const size of [4096, 4096, 808]) {
      const packet = await talk.frame();
      expect(packet.length).toBe(size);
      await settled();
      expect(talk.waitingFrames).toBe(0);
      read.push(...packet);
      talk.sendFrame(words(read.length));
    }
    expect(Buffer.from(read).equals(flash.view(100, 9000))).toBe(true);
    expect(await talk.frame()).toEqual([...createHash('md5').update(flash.view(100, 9000)).digest()]);
  });

  it('ends reading at a frame that is no acknowledgement, and refuses packets larger than its buffer', async () => {
    const { talk } = await inStub();
    await talk.ask(0xd2, words(0, 9000, 4096, 1));
    await talk.frame();
    talk.sendFrame([1, 2]);
    expect((await talk.frame()).length).toBe(16);
    expect((await talk.ask(0xd2, words(0, 9000, 4097, 1))).body).toEqual(OK);
    expect((await talk.ask(0x0a, words(0))).body).toEqual([0xc0, 0]);
  });

  it('does not check the checksum of RAM blocks, only their length', async () => {
    const { talk } = await inStub();
    await talk.ask(0x05, words(4, 1, 0x1800, 0x40380000));
    expect((await talk.ask(0x07, block(0, [1, 2]), 0)).body).toEqual(OK);
    expect((await talk.ask(0x07, [...words(3, 1, 0, 0), 1, 2], 0)).body).toEqual([0xc9, 0]);
    expect((await talk.ask(0x06, words(1, 0))).body).toEqual(OK);
    expect((await talk.ask(0x07, block(0, [1, 2]), 0)).body).toEqual([0xc6, 0]);
  });

  it('has two frame buffers: the third frame in a row is lost', async () => {
    const clock = new ManualClock();
    const { talk, flash } = await inStub({ clock, times: { pageProgramMs: 10 } });
    flash.program(0, new Uint8Array(16));
    await talk.ask(0x02, words(16, 4, 0x4000, 0x1000));
    const send = (sequence: number): void => {
      talk.send(0x03, block(sequence, [1, 2, 3, 4]), xor([1, 2, 3, 4]));
    };
    send(0);
    await talk.answer();
    send(1);
    send(2);
    await clock.advance(100);
    expect(talk.waitingFrames).toBe(1);
  });

  it('changes its rate after the answer', async () => {
    const { talk, board } = await inStub();
    expect((await talk.ask(0x0f, words(921600, 115200))).body).toEqual(OK);
    await settled();
    expect(board.baud).toBe(921600);
  });

  it('delays every answer when the knob says so', async () => {
    const clock = new ManualClock();
    const { talk, board } = await inStub({ clock });
    board.turnKnobs({ ackDelayMs: 40 });
    talk.send(0x0a, words(0x40001000));
    await clock.advance(39);
    expect(talk.waitingFrames).toBe(0);
    await clock.advance(1);
    expect(talk.waitingFrames).toBe(1);
  });

  it('restarts the board when the supply fails in the middle of a write', async () => {
    const { talk, board, flash } = await inStub();
    board.holdBoot(false);
    flash.cutPower({ afterProgrammedBytes: 2 });
    await talk.ask(0x02, words(4, 1, 0x4000, 0));
    await talk.askBlock(0x03, 0, [1, 2, 3, 4]);
    await settled();
    expect(board.mode).toBe('firmware');
    expect([...flash.view(0, 4)]).toEqual([1, 2, 0xff, 0xff]);
  });

  it('reads the flash chip through the SPI registers: JEDEC id and SFDP', async () => {
    for (const [chip, base, usr2, w0] of [
      ['esp32', 0x3ff42000, 0x24, 0x80],
      ['esp32c6', 0x60003000, 0x20, 0x58],
    ] as const) {
      const { talk } = await inStub({ chip });
      const run = async (command: number, address = 0): Promise<number> => {
        await talk.ask(0x09, words(base + usr2, 0x70000000 | command, 0xffffffff, 0));
        await talk.ask(0x09, words(base + 4, address, 0xffffffff, 0));
        await talk.ask(0x09, words(base, 1 << 18, 0xffffffff, 0));
        expect((await talk.ask(0x0a, words(base))).value).toBe(0);
        return (await talk.ask(0x0a, words(base + w0))).value;
      };
      expect(await run(0x9f)).toBe(0x164020);
      expect(await run(0x5a)).toBe(0x50444653);
      expect(await run(0x5a, 0x34 << 8)).toBe(4 * 1024 * 1024 * 8 - 1);
    }
  });
});
