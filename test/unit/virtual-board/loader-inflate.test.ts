import { randomBytes } from 'node:crypto';
import { constants, deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Inflate, type InflateStatus } from '../../../src/virtual-board/loader/inflate.ts';

function inflated(
  stream: Uint8Array,
  pieceBytes = stream.length,
): { output: Buffer; status: InflateStatus; windows: number[] } {
  const parts: Buffer[] = [];
  const inflate = new Inflate((output) => parts.push(Buffer.from(output)));
  let status: InflateStatus = 'needsMore';
  for (let at = 0; at < stream.length; at += pieceBytes) status = inflate.push(stream.subarray(at, at + pieceBytes));
  return { output: Buffer.concat(parts), status, windows: parts.map((part) => part.length) };
}

const text = Buffer.from('the quick brown fox jumps over the lazy dog; '.repeat(3000));
const mixed = Buffer.concat([text, randomBytes(70_000), Buffer.alloc(50_000, 0xff), text.subarray(11)]);

describe('the decompressor of the chip', () => {
  it.each([0, 1, 6, 9])('gives what was compressed at level %i', (level) => {
    const result = inflated(deflateSync(mixed, { level }));
    expect(result.status).toBe('done');
    expect(result.output.equals(mixed)).toBe(true);
  });

  it.each([1, 2, 3, 7, 1000, 16384])('does not care about pieces of %i bytes', (pieceBytes) => {
    const result = inflated(deflateSync(mixed), pieceBytes);
    expect(result.output.equals(mixed)).toBe(true);
  });

  it('reads fixed codes and stored blocks', () => {
    expect(inflated(deflateSync(text, { strategy: constants.Z_FIXED }), 5).output.equals(text)).toBe(true);
    expect(inflated(deflateSync(mixed, { level: 0 }), 77).output.equals(mixed)).toBe(true);
  });

  it('hands over full windows of 32 KiB and the rest at the end', () => {
    expect(inflated(deflateSync(Buffer.alloc(70_000))).windows).toEqual([32768, 32768, 4464]);
  });

  it('is done before it has seen the checksum', () => {
    expect(inflated(deflateSync(text).subarray(0, -4)).status).toBe('done');
  });

  it('refuses a wrong header and a wrong block kind', () => {
    expect(inflated(Uint8Array.of(0x78, 0x9d, 3, 0)).status).toBe('failed');
    expect(inflated(Uint8Array.of(0x78, 0x9c, 7, 0)).status).toBe('failed');
  });

  it('ends in a status for any bytes', () => {
    const runs = Number(process.env['ESP32_OTA_FUZZ_RUNS'] ?? 2000);
    const whole = deflateSync(mixed.subarray(100_000, 150_000));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(whole.length - 1), fc.nat(255), (bytes, at, value) => {
        inflated(Uint8Array.of(0x78, 0x9c, ...bytes));
        const damaged = Uint8Array.from(whole.subarray(0, 4000));
        damaged[at % damaged.length] = value;
        inflated(damaged, 999);
      }),
      { numRuns: Math.ceil(runs / 4) },
    );
  });
});
