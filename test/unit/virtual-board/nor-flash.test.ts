import { describe, expect, it } from 'vitest';
import { NorFlash } from '../../../src/virtual-board/nor-flash.ts';
import { caught } from '../../support/caught.ts';

describe('NorFlash', () => {
  it('is blank at first, programs by clearing bits, and only an erase sets them again', () => {
    const flash = new NorFlash(0x10000);
    expect(flash.view(0, 0x10000).every((byte) => byte === 0xff)).toBe(true);
    flash.program(10, Uint8Array.of(0xf0, 0x0f));
    flash.program(10, Uint8Array.of(0x3c, 0xff));
    expect([...flash.read(10, 2)]).toEqual([0x30, 0x0f]);
    flash.erase(0, 4096);
    expect([...flash.read(10, 2)]).toEqual([0xff, 0xff]);
  });

  it('replaces whole sectors as a flash tool does', () => {
    const flash = new NorFlash(0x10000);
    flash.program(0, Uint8Array.of(1, 2, 3));
    flash.replace(0x0ffe, Uint8Array.of(9, 9, 9, 9));
    expect([...flash.read(0, 3)]).toEqual([0xff, 0xff, 0xff]);
    expect([...flash.read(0x0ffd, 6)]).toEqual([0xff, 9, 9, 9, 9, 0xff]);
  });

  it('refuses what is outside or not aligned', async () => {
    const flash = new NorFlash(0x10000);
    expect((await caught(() => flash.read(0xffff, 2), 'board.flashOutOfRange')).details).toEqual({
      offsetBytes: 0xffff,
      lengthBytes: 2,
      sizeBytes: 0x10000,
    });
    await caught(() => flash.read(-1, 1), 'board.flashOutOfRange');
    await caught(() => flash.read(0.5, 1), 'board.flashOutOfRange');
    await caught(() => {
      flash.erase(100, 4096);
    }, 'board.flashUnaligned');
    await caught(() => {
      flash.restore(new Uint8Array(5));
    }, 'board.flashOutOfRange');
  });

  it('loses power in the middle of the operation that was asked for, once', async () => {
    const flash = new NorFlash(0x10000);
    flash.program(0, new Uint8Array(8192));
    flash.cutPower({ afterOperations: 1 });
    const { details } = await caught(() => {
      flash.erase(0, 8192);
    }, 'board.powerCut');
    expect(details).toEqual({ operation: 'erase', offsetBytes: 4096 });
    expect(flash.read(0, 4096).every((byte) => byte === 0xff)).toBe(true);
    expect([flash.read(6143, 1)[0], flash.read(6144, 1)[0]]).toEqual([0xff, 0]);
    flash.erase(0, 8192);
    expect(flash.read(0, 8192).every((byte) => byte === 0xff)).toBe(true);
  });

  it('loses power at a programmed byte', async () => {
    const flash = new NorFlash(0x10000);
    flash.cutPower({ afterProgrammedBytes: 150 });
    flash.program(0, new Uint8Array(100));
    await caught(() => {
      flash.program(100, new Uint8Array(100));
    }, 'board.powerCut');
    expect(flash.read(0, 151).indexOf(0xff)).toBe(150);
  });

  it('forgets a power cut that was called off, but not a later one', async () => {
    const flash = new NorFlash(0x10000);
    const first = flash.cutPower({ afterOperations: 0 });
    flash.cutPower({ afterOperations: 0 });
    first.dispose();
    await caught(() => {
      flash.erase(0, 4096);
    }, 'board.powerCut');
    flash.cutPower({ afterOperations: 0 }).dispose();
    flash.erase(0, 4096);
  });

  it('goes back to a snapshot and tells of completed operations', () => {
    const flash = new NorFlash(0x10000);
    const before = flash.snapshot();
    const heard: string[] = [];
    flash.onOperation(({ kind, offsetBytes, lengthBytes }) => heard.push(`${kind} ${offsetBytes} ${lengthBytes}`));
    flash.program(5, Uint8Array.of(0));
    flash.erase(4096, 4096);
    flash.restore(before);
    expect(flash.read(5, 1)[0]).toBe(0xff);
    expect(heard).toEqual(['program 5 1', 'erase 4096 4096']);
  });
});
