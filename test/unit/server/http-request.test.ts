import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRequestHead } from '../../../src/server/http-request.ts';

describe('the head of a request', () => {
  it('of ESP-IDF is read', () => {
    const head = [
      'GET /app.bin?x=1 HTTP/1.1',
      'User-Agent: ESP32 HTTP Client/1.0',
      'Host: [fd00::7]:8070',
      'Range:bytes=0-16383 ',
      'Content-Length: 0',
    ].join('\r\n');
    expect(parseRequestHead(head)).toEqual({
      method: 'GET',
      target: '/app.bin?x=1',
      version: '1.1',
      headers: {
        'user-agent': 'ESP32 HTTP Client/1.0',
        host: '[fd00::7]:8070',
        range: 'bytes=0-16383',
        'content-length': '0',
      },
      isLast: false,
      bodyBytes: 0,
    });
  });

  it('may have lines that end without CR, and names in any case', () => {
    expect(parseRequestHead('HEAD / HTTP/1.0\nX-eSP32-Version: 1\nx-esp32-version: 2')).toMatchObject({
      version: '1.0',
      isLast: true,
      headers: { 'x-esp32-version': '1, 2' },
    });
  });

  it.each([
    ['close', true],
    ['keep-alive, Close', true],
    ['keep-alive', false],
    ['closed', false],
  ])('says with Connection: %s whether it is the last: %s', (value, isLast) => {
    expect(parseRequestHead(`GET / HTTP/1.1\r\nHost: x\r\nConnection: ${value}`)).toMatchObject({ isLast });
  });

  it('tells the length of the body, or that it is not told', () => {
    expect(parseRequestHead('GET / HTTP/1.0\r\nContent-Length: 17')).toMatchObject({ bodyBytes: 17 });
    expect(parseRequestHead('GET / HTTP/1.0\r\nTransfer-Encoding: chunked')).toMatchObject({ bodyBytes: undefined });
  });

  it('is not led astray by the names of an object', () => {
    const read = parseRequestHead('GET / HTTP/1.0\r\n__proto__: a\r\nconstructor: b');
    if (typeof read === 'number') throw new Error(String(read));
    expect(Object.keys(read.headers)).toEqual(['__proto__', 'constructor']);
    expect('toString' in read.headers).toBe(false);
  });

  it.each([
    '',
    'GET',
    'GET /',
    'GET  / HTTP/1.1',
    'GET / x HTTP/1.1\r\nHost: x',
    'GET / HTTP/1.1',
    'G(T / HTTP/1.0',
    'GET / HTTP/1',
    'GET / http/1.0',
    'GET / HTTP/1.0\r\nno colon',
    'GET / HTTP/1.0\r\n: no name',
    'GET / HTTP/1.0\r\nname : x',
    'GET / HTTP/1.0\r\nA: x\r\n folded',
    'GET / HTTP/1.0\r\nA: x\0',
    'GET / HTTP/1.0\r\nA: x\ry',
    'GET / HTTP/1.0\r\nContent-Length: -1',
    'GET / HTTP/1.0\r\nContent-Length: 1\r\nContent-Length: 1',
    'GET / HTTP/1.1\r\nHost: a\r\nHost: b',
  ])('%j is refused', (head) => {
    expect(parseRequestHead(head)).toBe(400);
  });

  it.each(['GET / HTTP/2.0', 'GET / HTTP/0.9'])('%s is of another version', (head) => {
    expect(parseRequestHead(head)).toBe(505);
  });

  it('is read or refused whatever it is', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc
        .tuple(fc.string(), fc.array(fc.tuple(fc.string(), fc.string())))
        .map(([target, headers]) =>
          [`GET ${target} HTTP/1.0`, ...headers.map(([name, value]) => `${name}: ${value}`)].join('\r\n'),
        ),
    );
    fc.assert(
      fc.property(text, (head) => {
        const read = parseRequestHead(head);
        if (typeof read === 'number') expect([400, 505]).toContain(read);
        else for (const value of Object.values(read.headers)) expect(value).not.toMatch(/[\0-\x08\r\n]/);
      }),
      { numRuns: Number(process.env['ESP32_OTA_FUZZ_RUNS'] ?? 2000) },
    );
  });
});
