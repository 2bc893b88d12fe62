import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  commandName,
  dataFrame,
  OP,
  parseReply,
  payloadChecksum,
  replyData,
  requestFrame,
  statusCode,
  words,
} from '../../../src/flash/packets.ts';
import { caught } from '../../support/caught.ts';

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

describe('a request', () => {
  it('is laid out as the serial protocol has it', () => {
    expect(hexOf(requestFrame(OP.READ_REG, words(0x40001000)))).toBe('c0000a04000000000000100040c0');
  });

  it('carries the checksum of its payload alone', () => {
    expect(payloadChecksum(Uint8Array.of(1, 2, 4))).toBe(0xef ^ 7);
    expect(hexOf(dataFrame(OP.FLASH_DEFL_DATA, 2, Uint8Array.of(1, 2, 4)))).toBe(
      'c000111300e8000000' + '03000000' + '02000000' + '00000000' + '00000000' + '010204' + 'c0',
    );
  });

  it('writes words without a sign', () => {
    expect(hexOf(words(-1, 0xffffffff, 0x80000000))).toBe('ffffffffffffffff00000080');
  });
});

describe('an answer', () => {
  it('is told from other frames', () => {
    expect(parseReply(hex('01 0a 02 00 78 56 34 12 00 00'))).toMatchObject({ op: OP.READ_REG, value: 0x12345678 });
    expect(parseReply(hex('01 0a 04 00 ff ff ff ff 00 00 00 00'))?.value).toBe(0xffffffff);
    for (const other of ['00 0a 02 00 00 00 00 00 00 00', '01 0a 03 00 00 00 00 00 00 00', '4f 48 41 49', '01']) {
      expect(parseReply(hex(other))).toBeUndefined();
    }
  });

  it('has its status behind the data, of two bytes or of four', async () => {
    const stub = parseReply(hex('01 13 06 00 00 00 00 00 aa bb cc dd 00 00'));
    const rom = parseReply(hex('01 13 08 00 00 00 00 00 aa bb cc dd 00 00 00 00'));
    if (stub === undefined || rom === undefined) throw new Error('no answers');
    expect(hexOf(replyData(OP.SPI_FLASH_MD5, stub, 4))).toBe('aabbccdd');
    expect(hexOf(replyData(OP.SPI_FLASH_MD5, rom, 4))).toBe('aabbccdd');
    const failed = parseReply(hex('01 13 04 00 00 00 00 00 01 06 00 00'));
    if (failed === undefined) throw new Error('no answer');
    expect(statusCode(failed, 32)).toBe(0x0106);
    const { details } = await caught(() => replyData(OP.SPI_FLASH_MD5, failed, 32), 'flash.commandFailed');
    expect(details).toEqual({ command: 'SPI_FLASH_MD5', code: 0x0106, meaning: 'refused' });
    const short = parseReply(hex('01 13 02 00 00 00 00 00 00 00'));
    if (short === undefined) throw new Error('no answer');
    await caught(() => replyData(OP.SPI_FLASH_MD5, short, 16), 'flash.commandFailed');
  });

  it('is a value or nothing, whatever the bytes', () => {
    const numRuns = Number(process.env['ESP32_OTA_FUZZ_RUNS'] ?? 2000);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(64), (bytes, dataBytes) => {
        const reply = parseReply(bytes);
        if (reply !== undefined) expect(statusCode(reply, dataBytes)).toBeGreaterThanOrEqual(0);
      }),
      { numRuns },
    );
  });

  it('names commands as esptool does', () => {
    expect(commandName(0x11)).toBe('FLASH_DEFL_DATA');
    expect(commandName(0xee)).toBe('0xee');
  });
});
