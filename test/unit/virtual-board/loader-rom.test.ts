import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { inDownloadMode, SYNC_DATA, words, xor, block } from '../../support/loader-talk.ts';
import { settled } from '../../support/test-line.ts';

const OK = [0, 0, 0, 0];
const failed = (error: number): number[] => [1, error, 0, 0];
const ATTACH = words(0, 0);

describe('the loader in ROM', () => {
  it('says that it waits for a download', () => {
    const { talk } = inDownloadMode();
    expect(talk.text).toMatch(/boot:0x4 \(DOWNLOAD\(USB\/UART0\/1\)\)\r\nwaiting for download\r\n$/);
  });

  it('answers SYNC eight times with a value and four status bytes', async () => {
    const { talk } = inDownloadMode();
    const answers = await talk.sync();
    expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(
      new Set([JSON.stringify({ op: 8, value: 0x20120707, body: OK })]),
    );
  });

  it.each([
    ['esp32', 0x00f01d83],
    ['esp32s2', 0x7c6],
    ['esp32s3', 9],
    ['esp32c3', 0x1b31506f],
    ['esp32c6', 0x2ce0806f],
    ['esp32h2', 0xd7b73e80],
  ])('shows the magic number of an %s', async (chip, magic) => {
    const { talk } = inDownloadMode({ chip });
    expect(await talk.ask(0x0a, words(0x40001000))).toEqual({ op: 0x0a, value: magic, body: OK });
  });

  it.each([
    ['esp32c3', 20, 5],
    ['esp32s3', 20, 9],
    ['esp32p4', 20, 18],
    ['esp32s2', 12, undefined],
  ])('gives the security information of an %s', async (chip, lengthBytes, id) => {
    const { talk } = inDownloadMode({ chip });
    const { body } = await talk.ask(0x14);
    expect(body.length).toBe(lengthBytes + 4);
    if (id !== undefined) expect(body[12]).toBe(id);
  });

  it('answers what it does not know eight times, in frames that belong to no command', async () => {
    const { talk } = inDownloadMode({ chip: 'esp32' });
    for (const op of [0x14, 0xd0, 0xd2, 0x55]) {
      talk.send(op);
      for (let copy = 0; copy < 8; copy++) expect(await talk.answer()).toEqual({ op: 0, value: 0, body: failed(5) });
    }
    await settled();
    expect(talk.waitingFrames).toBe(0);
  });

  it.each([
    ['SYNC', 0x08, SYNC_DATA.slice(1)],
    ['READ_REG', 0x0a, [1, 2]],
    ['SPI_ATTACH as the stub takes it', 0x0d, words(0)],
    ['FLASH_BEGIN without its fifth word', 0x02, words(4096, 4, 0x400, 0)],
    ['FLASH_DEFL_BEGIN without its fifth word', 0x10, words(4096, 4, 0x400, 0)],
  ])('refuses %s for its length', async (_, op, data) => {
    const { talk } = inDownloadMode();
    expect(await talk.ask(op, data)).toEqual({ op, value: 0, body: failed(5) });
  });

  it('takes FLASH_BEGIN without a fifth word on the ESP32', async () => {
    const { talk } = inDownloadMode({ chip: 'esp32' });
    await talk.ask(0x0d, ATTACH);
    expect((await talk.ask(0x02, words(4096, 4, 0x400, 0))).body).toEqual(OK);
  });

  it('needs the flash to be attached first', async () => {
    const { talk } = inDownloadMode();
    expect((await talk.ask(0x02, words(4096, 4, 0x400, 0, 0))).body).toEqual(failed(6));
    expect((await talk.ask(0x13, words(0, 16, 0, 0))).body).toEqual(failed(6));
    await talk.ask(0x0d, ATTACH);
    expect((await talk.ask(0x02, words(4096, 4, 0x400, 0, 0))).body).toEqual(OK);
  });

  it('believes in 2 MB of flash until it is told the size', async () => {
    const { talk } = inDownloadMode();
    const begin = words(4096, 4, 0x400, 2 * 1024 * 1024, 0);
    await talk.ask(0x0d, ATTACH);
    expect((await talk.ask(0x02, begin)).body).toEqual(failed(6));
    expect((await talk.ask(0x0b, words(0, 4 * 1024 * 1024, 0x10000, 0x1000, 0x100, 0xffff))).body).toEqual(OK);
    expect((await talk.ask(0x02, begin)).body).toEqual(OK);
  });

  it('has no room for blocks larger than 1 KiB', async () => {
    const { talk } = inDownloadMode();
    await talk.ask(0x0d, ATTACH);
    expect((await talk.ask(0x02, words(0x4000, 1, 0x4000, 0, 0))).body).toEqual(failed(0x0d));
  });

  it('erases at BEGIN and has written when it acknowledges', async () => {
    const { talk, flash } = inDownloadMode();
    flash.program(0x1000, new Uint8Array(0x2000));
    await talk.ask(0x0d, ATTACH);
    await talk.ask(0x02, words(0x800, 2, 0x400, 0x1000, 0));
    expect(flash.view(0x1000, 0x1000).every((byte) => byte === 0xff)).toBe(true);
    expect(flash.view(0x2000, 0x1000).every((byte) => byte === 0)).toBe(true);
    const payload = Array.from({ length: 0x400 }, (_, index) => index & 0xff);
    expect((await talk.askBlock(0x03, 0, payload)).body).toEqual(OK);
    expect([...flash.view(0x1000, 0x400)]).toEqual(payload);
    await talk.askBlock(0x03, 1, payload);
    expect([...flash.view(0x1400, 0x400)]).toEqual(payload);
  });

  it('checks the checksum and the length of a block', async () => {
    const { talk } = inDownloadMode();
    await talk.ask(0x0d, ATTACH);
    await talk.ask(0x02, words(0x400, 1, 0x400, 0, 0));
    expect((await talk.ask(0x03, block(0, [1, 2, 3]), 0)).body).toEqual(failed(7));
    expect((await talk.ask(0x03, [...words(5, 0, 0, 0), 1, 2, 3], xor([1, 2, 3]))).body).toEqual(failed(5));
  });

  it('inflates what comes in pieces', async () => {
    const { talk, flash } = inDownloadMode();
    const image = Buffer.from('some text that repeats itself, '.repeat(300)).subarray(0, 8192);
    const packed = [...deflateSync(image)];
    await talk.ask(0x0d, ATTACH);
    await talk.ask(0x10, words(8192, Math.ceil(packed.length / 50), 50, 0x3000, 0));
    for (let at = 0; at < packed.length; at += 50) {
      expect((await talk.askBlock(0x11, at / 50, packed.slice(at, at + 50))).body).toEqual(OK);
    }
    expect(Buffer.from(flash.view(0x3000, 8192)).equals(image)).toBe(true);
  });

  it('says that a compressed stream is broken', async () => {
    const { talk } = inDownloadMode();
    await talk.ask(0x0d, ATTACH);
    await talk.ask(0x10, words(4096, 1, 0x400, 0, 0));
    expect((await talk.askBlock(0x11, 0, [1, 2, 3, 4])).body).toEqual(failed(0x0b));
  });

  it('notices a sector that does not take what is programmed', async () => {
    const { talk } = inDownloadMode({ knobs: { stuckSector: { offsetBytes: 0x1000 } } });
    await talk.ask(0x0d, ATTACH);
    await talk.ask(0x02, words(0x2000, 8, 0x400, 0, 0));
    for (let index = 0; index < 4; index++) expect((await talk.askBlock(0x03, index, [0])).body).toEqual(OK);
    await talk.ask(0x02, words(0x400, 1, 0x400, 0x1000, 0));
    expect((await talk.askBlock(0x03, 0, [0])).body).toEqual(failed(8));
  });

  it('gives an MD5 as 32 hexadecimal digits', async () => {
    const { talk, flash } = inDownloadMode();
    flash.program(5, Uint8Array.of(1, 2, 3));
    await talk.ask(0x0d, ATTACH);
    const { body } = await talk.ask(0x13, words(3, 1001, 0, 0));
    const digest = createHash('md5').update(flash.view(3, 1001)).digest('hex');
    expect(String.fromCharCode(...body.slice(0, 32))).toBe(digest);
    expect(body.slice(32)).toEqual(OK);
  });

  it('reads 64 bytes of flash at a time, and no more', async () => {
    const { talk, flash } = inDownloadMode();
    flash.program(0, Uint8Array.of(9, 8, 7));
    await talk.ask(0x0d, ATTACH);
    const { body } = await talk.ask(0x0e, words(0, 64));
    expect(body.slice(0, 4)).toEqual([9, 8, 7, 0xff]);
    expect(body.length).toBe(68);
    expect((await talk.ask(0x0e, words(0, 65))).body).toEqual(failed(0x0a));
  });

  it('keeps to what is allowed in secure download mode', async () => {
    const { talk, flash } = inDownloadMode({ knobs: { isSecureDownload: true } });
    for (const op of [0x0a, 0x09, 0x05, 0x13, 0x10]) {
      talk.send(op, words(0, 0, 0, 0));
      for (let copy = 0; copy < 8; copy++) expect((await talk.answer()).body).toEqual(failed(5));
    }
    expect((await talk.ask(0x14)).body[0]).toBe(4);
    await talk.ask(0x0d, ATTACH);
    await talk.ask(0x02, words(0x400, 1, 0x400, 0, 0));
    expect((await talk.askBlock(0x03, 0, [0x42])).body).toEqual(OK);
    expect(flash.view(0, 1)[0]).toBe(0x42);
  });

  it('runs an uploaded program as the stub', async () => {
    const { talk, board } = inDownloadMode();
    await talk.startStub();
    expect(String.fromCharCode(...(await talk.frame()))).toBe('OHAI');
    expect(board.mode).toBe('stub');
  });

  it('jumps into nothing where no program was uploaded', async () => {
    const { talk, board } = inDownloadMode();
    await talk.startStub(0x40390000);
    await settled();
    expect(board.mode).toBe('hung');
    talk.send(0x08, SYNC_DATA);
    await settled();
    expect(talk.waitingFrames).toBe(0);
  });

  it('stays when MEM_END has no run flag', async () => {
    const { talk, board } = inDownloadMode();
    await talk.ask(0x05, words(4, 1, 0x1800, 0x40380000));
    await talk.askBlock(0x07, 0, [1, 2, 3, 4]);
    expect((await talk.ask(0x06, words(1, 0))).body).toEqual(OK);
    expect(board.mode).toBe('rom');
  });

  it('acknowledges a stub that then does not start', async () => {
    const { talk, board } = inDownloadMode({ knobs: { stubDoesNotStart: true } });
    await talk.startStub();
    await settled();
    expect(board.mode).toBe('hung');
    expect(talk.waitingFrames).toBe(0);
  });

  it('leaves the loader at FLASH_END: 1 runs the firmware, 0 restarts the chip', async () => {
    for (const [argument, mode] of [
      [1, 'firmware'],
      [0, 'rom'],
    ] as const) {
      const { talk, board } = inDownloadMode();
      const modes: string[] = [];
      board.onMode((next) => modes.push(next));
      await talk.ask(0x04, words(argument));
      await settled();
      expect(modes.at(-1)).toBe(mode);
      expect(board.mode).toBe(mode);
    }
  });

  it('answers a change of the rate at the old rate', async () => {
    const { talk, board } = inDownloadMode();
    await talk.sync();
    expect((await talk.ask(0x0f, words(460800, 0))).body).toEqual(OK);
    expect(board.baud).toBe(460800);
  });

  it('takes any rate of the host until SYNC, and computes with 40 MHz whatever the crystal', async () => {
    const { talk, board } = inDownloadMode({ chip: 'esp32c2' });
    talk.end.setBaud(230400);
    await talk.sync();
    expect(board.baud).toBe(230400);
    await talk.ask(0x0f, words(460800, 0));
    expect(board.baud).toBe(299520);
  });
});
