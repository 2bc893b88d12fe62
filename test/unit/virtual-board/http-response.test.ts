import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ResponseParser } from '../../../src/virtual-board/http-response.ts';
import { parseFirmwareUrl } from '../../../src/virtual-board/http-url.ts';

const RUNS = Number(process.env['ESP32_OTA_FUZZ_RUNS'] ?? 2000);

function bodyOf(parser: ResponseParser): string {
  return Buffer.from(parser.take(1_000_000)).toString('latin1');
}

function takeAll(parser: ResponseParser): string {
  let all = '';
  while (parser.bufferedBytes > 0) all += bodyOf(parser);
  return all;
}

const RESPONSES: [name: string, text: string, body: string, isComplete: boolean, isKeptAlive: boolean][] = [
  ['Content-Length', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello', 'hello', true, true],
  ['what follows is not ours', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP', 'hello', true, true],
  ['nothing', 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n', '', true, true],
  ['until close', 'HTTP/1.0 200 ok\r\nContent-type: text/plain\r\n\r\nhello', 'hello', false, false],
  [
    'chunks with extension and trailer',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nhel\r\n2\r\nlo\r\n0\r\nX: y\r\n\r\n',
    'hello',
    true,
    true,
  ],
  ['a 100 in front', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok', 'ok', true, true],
  ['Connection: close', 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok', 'ok', true, false],
];

describe('ResponseParser', () => {
  it.each(RESPONSES)('reads %s, cut anywhere', (_name, text, body, isComplete, isKeptAlive) => {
    for (let cut = 0; cut <= text.length; cut++) {
      const parser = new ResponseParser(false);
      parser.feed(Buffer.from(text.slice(0, cut), 'latin1'));
      parser.feed(Buffer.from(text.slice(cut), 'latin1'));
      expect(takeAll(parser)).toBe(body);
      expect(parser.isComplete).toBe(isComplete);
      expect(parser.isKeptAlive).toBe(isKeptAlive);
      parser.end();
      expect(parser.isComplete).toBe(true);
    }
  });

  it('knows that HEAD has no body', () => {
    const parser = new ResponseParser(true);
    parser.feed(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n'));
    expect([parser.isComplete, parser.contentLengthBytes]).toEqual([true, 500]);
  });

  it('is not complete when the end comes early', () => {
    const parser = new ResponseParser(false);
    parser.feed(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nabc'));
    parser.end();
    expect(parser.isComplete).toBe(false);
  });

  it.each(['SSH-2.0-x\r\n\r\n', 'HTTP/2 200\r\n\r\n', 'H'.repeat(70_000)])(
    'says that it is not HTTP: %.12s',
    (text) => {
      const parser = new ResponseParser(false);
      parser.feed(Buffer.from(text));
      expect(parser.isBroken).toBe(true);
    },
  );

  it('takes any bytes in any pieces', () => {
    const pieces = fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 40 }),
        fc.constantFrom(...RESPONSES.map(([, text]) => Buffer.from(text)), Buffer.from('\r\n\r\n')),
      ),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(pieces, fc.boolean(), (chunks, isHead) => {
        const parser = new ResponseParser(isHead);
        for (const chunk of chunks) parser.feed(chunk);
        parser.end();
        expect(takeAll(parser).length).toBeLessThanOrEqual(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
      }),
      { numRuns: RUNS },
    );
  });
});

describe('parseFirmwareUrl', () => {
  it.each([
    ['https://10.0.0.2:8070/fw.bin', { scheme: 'https', host: '10.0.0.2', port: 8070, path: '/fw.bin' }],
    ['HTTPS://Host.local', { scheme: 'https', host: 'Host.local', port: 443, path: '/' }],
    ['http://h/a%20b?x=1#part', { scheme: 'http', host: 'h', port: 80, path: '/a%20b?x=1' }],
    ['https://[fe80::1]:1/x', { scheme: 'https', host: 'fe80::1', port: 1, path: '/x' }],
    ['https://u:p@h/x', { user: 'u', password: 'p', host: 'h' }],
  ])('reads %s', (text, expected) => {
    expect(parseFirmwareUrl(text)).toMatchObject(expected);
  });

  it.each(['', 'ftp://h/x', 'https://', 'https://h:99999/', '/relative'])('refuses "%s"', (text) => {
    expect(parseFirmwareUrl(text)).toBeUndefined();
  });
});
