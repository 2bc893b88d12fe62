import { describe, expect, it } from 'vitest';
import type { RequestHeaders } from '../../../src/server/http-request.ts';
import { planResponse, planText } from '../../../src/server/response-plan.ts';

const BYTES = Uint8Array.from({ length: 100 }, (_, index) => index);
const SHA256 = 'ab'.repeat(32);
const ETAG = `"${SHA256}"`;

function plan(headers: RequestHeaders, method: 'GET' | 'HEAD' = 'GET') {
  const made = planResponse(method, headers, { bytes: BYTES, sha256: SHA256, contentType: 'application/octet-stream' });
  return { ...made, headers: Object.fromEntries(made.headers) };
}

describe('the answer to a request', () => {
  it('has the whole with its length and digest', () => {
    expect(plan({})).toEqual({
      status: 200,
      headers: {
        'Content-Type': 'application/octet-stream',
        'Content-Length': '100',
        'Accept-Ranges': 'bytes',
        ETag: ETAG,
      },
      body: BYTES,
      startBytes: 0,
    });
  });

  it('has a part with its place in the whole', () => {
    const { status, headers, body, startBytes } = plan({ range: 'bytes=90-100' });
    expect([status, startBytes, headers['Content-Range'], headers['Content-Length']]).toEqual([
      206,
      90,
      'bytes 90-99/100',
      '10',
    ]);
    expect(body).toEqual(BYTES.subarray(90));
  });

  it('says how long the whole is when a range lies behind it', () => {
    const { status, headers, body } = plan({ range: 'bytes=100-' });
    expect([status, headers['Content-Range'], headers['Content-Length'], body.length]).toEqual([
      416,
      'bytes */100',
      '0',
      0,
    ]);
  });

  it('has the header of a GET and no body for a HEAD, whatever its range', () => {
    const { status, headers, body } = plan({ range: 'bytes=5-6' }, 'HEAD');
    expect([status, headers['Content-Length'], body.length]).toEqual([200, '100', 0]);
  });

  it.each([ETAG, `W/${ETAG}`, `"other", ${ETAG}`, '*'])('is 304 when the client has it already (%s)', (header) => {
    const { status, headers, body } = plan({ 'if-none-match': header, range: 'bytes=0-1' });
    expect([status, headers, body.length]).toEqual([304, { ETag: ETAG }, 0]);
  });

  it('is the whole when the client has something else', () => {
    expect(plan({ 'if-none-match': '"other"' }).status).toBe(200);
  });

  it.each([
    [ETAG, 206],
    [`W/${ETAG}`, 200],
    ['"other"', 200],
    ['Tue, 15 Nov 1994 12:45:26 GMT', 200],
  ])('keeps to a range on the condition If-Range: %s → %i', (condition, status) => {
    expect(plan({ 'if-range': condition, range: 'bytes=0-1' }).status).toBe(status);
  });

  it('is a line of text for people', () => {
    expect(new TextDecoder().decode(planText(404, 'Not found').body)).toBe('Not found\n');
    const head = planText(404, 'Not found', { isHead: true });
    expect([head.body.length, Object.fromEntries(head.headers)['Content-Length']]).toEqual([0, '10']);
  });
});
