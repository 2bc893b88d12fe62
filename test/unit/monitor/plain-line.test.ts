import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainLine } from '../../../src/monitor/plain-line.ts';

describe('a line for a file', () => {
  it('has neither colours nor anything else that acts on a terminal', () => {
    expect(plainLine('\u001b[0;32mI (1) a: x\u001b[0m')).toBe('I (1) a: x');
    expect(plainLine('a\tb °\u0007')).toBe('a\tb °');
    expect(plainLine('\u001b]52;c;ZWNobyBoaQ==\u0007x')).toBe('x');
    expect(plainLine('\u009d0;title\u009cx')).toBe('x');
    expect(plainLine('\u001b]0;not ended')).toBe('');
    expect(plainLine('\u001b[2J\u001b[H\u001b7x\u001b8\u0000')).toBe('x');
  });

  it('has no control character for any input', () => {
    const piece = fc.constantFrom('\u001b', '[', ']', 'm', '1', '?', 'a', '\u009b', '\u0007', '\r', '\t', '7', '\\');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        expect(plainLine(pieces.join(''))).toMatch(/^[\t -~\u00a0-\uffff]*$/);
      }),
      { numRuns: Number(process.env['ESP32_OTA_FUZZ_RUNS'] ?? 2000) },
    );
  });
});
