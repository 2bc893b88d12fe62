import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseLogLine, withoutColours } from '../../../src/monitor/log-line.ts';

describe('a log line', () => {
  it('has level, timestamp, tag and message', () => {
    const raw = 'I (1234) boot: chip revision: v3.0';
    expect(parseLogLine(raw)).toEqual({
      level: 'I',
      timestamp: '1234',
      tag: 'boot',
      message: 'chip revision: v3.0',
      raw,
    });
  });

  it('may have the time of the day, colours, or no timestamp', () => {
    expect(parseLogLine('E (10:20:30.456) esp-tls: x')).toMatchObject({
      level: 'E',
      timestamp: '10:20:30.456',
      tag: 'esp-tls',
    });
    expect(parseLogLine('\u001b[0;33mW (7) a b: c\u001b[0m\r')).toMatchObject({ level: 'W', tag: 'a b', message: 'c' });
    expect(parseLogLine('D wifi_init: rx ba')).toMatchObject({ level: 'D', tag: 'wifi_init', message: 'rx ba' });
    expect(parseLogLine('D wifi_init: rx ba')).not.toHaveProperty('timestamp');
  });

  it('keeps leading blanks of the message and drops trailing ones', () => {
    expect(parseLogLine('I (1) boot:  0 nvs   ').message).toBe(' 0 nvs');
  });

  it('may lack the blank behind the tag, as the Wi-Fi library writes it', () => {
    expect(parseLogLine('I (560) wifi:mode : sta')).toMatchObject({ tag: 'wifi', message: 'mode : sta' });
  });

  it('is found behind the noise of a reset', () => {
    expect(parseLogLine('\u0000\ufffd\u0007I (31) boot: x')).toMatchObject({ level: 'I', tag: 'boot' });
  });

  for (const text of [
    '',
    'I',
    'I do think: so it is',
    'I (12',
    'I (12) no colon',
    'I (1) : x',
    'Info (1) a: b',
    'X (1) a: b',
    'I  (1) a: b',
  ]) {
    it(`is not: ${JSON.stringify(text)}`, () => {
      expect(parseLogLine(text)).toEqual({ message: text, raw: text });
    });
  }

  it('loses every escape sequence that only dresses it', () => {
    expect(withoutColours('\u001b[1;31mE\u001b[22m (1) a: \u001b[4mb\u001b[0m')).toBe('E (1) a: b');
    expect(withoutColours('\u001b[2Kx')).toBe('x');
    expect(withoutColours('\u001b[mx')).toBe('x');
  });

  it('gives a value for any text, and never text that was not there', () => {
    const line = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string().map((text) => `\u001b[0;32mI (1) ${text}\u001b[0m`),
    );
    fc.assert(
      fc.property(line, (text) => {
        const { message, raw, tag } = parseLogLine(text);
        expect(raw).toBe(text);
        const plain = withoutColours(text);
        expect(plain.includes(message)).toBe(true);
        if (tag !== undefined) expect(plain.includes(`${tag}:`)).toBe(true);
      }),
      { numRuns: Number(process.env['ESP32_OTA_FUZZ_RUNS'] ?? 2000) },
    );
  });
});
