import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLineSplitter } from '../../../src/monitor/line-splitter.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function split(chunks: readonly Uint8Array[], longestLineBytes?: number): string[] {
  const splitter = createLineSplitter(longestLineBytes === undefined ? {} : { longestLineBytes });
  const lines = chunks.flatMap((chunk) => [...splitter.push(chunk)]);
  const last = splitter.flush();
  return last === undefined ? lines : [...lines, last];
}

/** Every way to cut the input in two, and one byte at a time. */
function cuts(input: Uint8Array): Uint8Array[][] {
  const pairs = Array.from({ length: input.length + 1 }, (_, at) => [input.subarray(0, at), input.subarray(at)]);
  return [...pairs, Array.from(input, (byte) => Uint8Array.of(byte))];
}

describe('splitting bytes into lines', () => {
  for (const [name, text, lines] of [
    ['LF', 'one\ntwo\n', ['one', 'two']],
    ['CR LF', 'one\r\ntwo\r\n', ['one', 'two']],
    ['CR alone', '10%\r20%\r', ['10%', '20%']],
    ['empty lines', '\n\r\n\r\r\n\n', ['', '', '', '', '']],
    ['a last line without an end', 'one\ntwo', ['one', 'two']],
    ['UTF-8 of two to four bytes', 'é – 日本語\n🙂 phy_инит_\r\n', ['é – 日本語', '🙂 phy_инит_']],
    ['colours', '\u001b[0;32mI (1) boot: x\u001b[0m\r\n', ['\u001b[0;32mI (1) boot: x\u001b[0m']],
  ] as const) {
    it(`takes ${name}, however the bytes are cut`, () => {
      for (const chunks of cuts(bytes(text))) expect(split(chunks)).toEqual(lines);
    });
  }

  it('replaces malformed bytes, the same way however they are cut', () => {
    const input = Uint8Array.of(0x41, 0xc3, 0x0a, 0xff, 0xf0, 0x9f, 0x0d, 0x80, 0x42);
    for (const chunks of cuts(input)) expect(split(chunks)).toEqual(['A\ufffd', '\ufffd\ufffd', '\ufffdB']);
  });

  it('gives a long line in pieces and loses nothing of it', () => {
    for (const chunks of cuts(bytes('0123456789abcdef!\nnext'))) {
      expect(split(chunks, 8)).toEqual(['01234567', '89abcdef', '!', 'next']);
    }
    for (const chunks of cuts(bytes('12345678\n'))) expect(split(chunks, 8)).toEqual(['12345678']);
  });

  it('never cuts a character', () => {
    for (const chunks of cuts(bytes('1234567éabc\n日本語日本語\nabcdef🙂x'))) {
      expect(split(chunks, 8)).toEqual(['1234567', 'éabc', '日本', '語日', '本語', 'abcdef', '🙂x']);
    }
  });

  it('forgets what was flushed', () => {
    const splitter = createLineSplitter();
    expect(splitter.push(bytes('>>> '))).toEqual([]);
    expect(splitter.flush()).toBe('>>> ');
    expect(splitter.flush()).toBeUndefined();
    expect(splitter.push(bytes('x\n'))).toEqual(['x']);
  });

  it('keeps its lines when the caller uses the buffer again', () => {
    const splitter = createLineSplitter();
    const buffer = bytes('held');
    splitter.push(buffer);
    buffer.fill(0);
    expect(splitter.push(bytes('\n'))).toEqual(['held']);
  });

  it('gives the same lines for any bytes, however they are cut, none longer than allowed', () => {
    const input = fc
      .uint8Array({ maxLength: 60 })
      .chain((all) =>
        fc.tuple(
          fc.constant(all),
          fc.array(fc.integer({ min: 0, max: all.length }), { maxLength: 6 }),
          fc.integer({ min: 4, max: 20 }),
        ),
      );
    fc.assert(
      fc.property(input, ([all, at, limit]) => {
        const bounds = [0, ...[...at].sort((a, b) => a - b), all.length];
        const chunks = bounds.slice(1).map((end, index) => all.subarray(bounds[index], end));
        const whole = split([all], limit);
        expect(split(chunks, limit)).toEqual(whole);
        for (const line of whole) expect(line.length).toBeLessThanOrEqual(limit);
      }),
      { numRuns: Number(process.env['ESP32_OTA_FUZZ_RUNS'] ?? 2000) },
    );
  });
});
