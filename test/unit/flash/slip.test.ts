import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { SlipDecoder, slipEncode } from '../../../src/flash/slip.ts';

function decode(...chunks: readonly Uint8Array[]): string[] {
  const frames: string[] = [];
  const decoder = new SlipDecoder((frame) => frames.push(Buffer.from(frame).toString('hex')));
  for (const chunk of chunks) decoder.push(chunk);
  return frames;
}
const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

describe('SLIP', () => {
  it('escapes delimiters and escapes, and nothing else', () => {
    expect(Buffer.from(slipEncode(hex('00 c0 db dc dd 01'))).toString('hex')).toBe('c000dbdcdbdddcdd01c0');
    expect(Buffer.from(slipEncode(hex('0102'))).toString('hex')).toBe('c00102c0');
  });

  it('gives the frames again, wherever the line is cut', () => {
    const line = Buffer.concat([slipEncode(hex('01 c0 db 02')), slipEncode(hex('03'))]);
    for (let at = 0; at <= line.length; at++) {
      expect(decode(line.subarray(0, at), line.subarray(at))).toEqual(['01c0db02', '03']);
    }
  });

  it('leaves the bytes it is given as they are', () => {
    const line = Buffer.from(slipEncode(hex('01 c0 db 02')));
    const before = line.toString('hex');
    decode(line);
    expect(line.toString('hex')).toBe(before);
  });

  it('gives any payload again', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 600 }), fc.nat(), (payload, cut) => {
        const frame = slipEncode(payload);
        const at = cut % (frame.length + 1);
        expect(decode(frame.subarray(0, at), frame.subarray(at))).toEqual([Buffer.from(payload).toString('hex')]);
      }),
    );
  });

  it('takes text before a frame for a frame of its own, and stays in step', () => {
    expect(decode(hex('68 69'), slipEncode(hex('01')))).toEqual(['6869', '01']);
  });

  it('loses one frame when a delimiter is lost, and one with an escape that is none', () => {
    expect(decode(hex('c0 01 02'), hex('03 04 c0'), slipEncode(hex('05')))).toEqual(['01020304', '05']);
    expect(decode(hex('c0 01 db 00 c0'), slipEncode(hex('05')))).toEqual(['05']);
    expect(decode(hex('c0 01 db c0'), slipEncode(hex('05')))).toEqual(['05']);
  });

  it('never throws, and keeps no more than a frame can hold, for any bytes', () => {
    const runs = Number(process.env['ESP32_OTA_FUZZ_RUNS'] ?? 2000);
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 64 })), (chunks) => {
        decode(...chunks);
      }),
      { numRuns: runs },
    );
    const decoder = new SlipDecoder(() => undefined);
    for (let count = 0; count < 100; count++) decoder.push(new Uint8Array(4096));
    expect(decoder.takeRest().length).toBeLessThanOrEqual(64 * 1024);
  });
});
