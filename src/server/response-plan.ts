import type { RequestHeaders } from './http-request.ts';
import { parseRange } from './range.ts';

/** What a path means at this moment, as HTTP sees it. */
export interface Representation {
  readonly bytes: Uint8Array;
  /** Lower-case hexadecimal; the entity tag is this in quotes. */
  readonly sha256: string;
  readonly contentType: string;
}

/** An answer, decided but not yet sent. Header names and values are in sending order. */
export interface ResponsePlan {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Empty for HEAD, 304 and 416. */
  readonly body: Uint8Array;
  /** Where `body` begins in the representation, in bytes. */
  readonly startBytes: number;
  /** Whether the connection is closed after it. */
  readonly isLast?: boolean;
}

const NO_BODY = new Uint8Array(0);

const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  206: 'Partial Content',
  302: 'Found',
  304: 'Not Modified',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  413: 'Content Too Large',
  416: 'Range Not Satisfiable',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
  505: 'HTTP Version Not Supported',
};

/** Status line and headers as they go over the wire, the empty line included. Persistence goes without saying in HTTP/1.1. */
export function headText({ status, headers }: ResponsePlan, isLast: boolean): string {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return `HTTP/1.1 ${status} ${REASONS[status] ?? 'Status'}\r\n${lines}${isLast ? 'Connection: close\r\n' : ''}\r\n`;
}

/** The answer to a GET or HEAD, with conditions and ranges evaluated in the order of the standard.
 * @see RFC 9110 §13.2.2, §14 */
export function planResponse(
  method: 'GET' | 'HEAD',
  headers: RequestHeaders,
  { bytes, sha256, contentType }: Representation,
): ResponsePlan {
  const etag = `"${sha256}"`;
  if (matchesAny(headers['if-none-match'], etag)) {
    return { status: 304, headers: [['ETag', etag]], body: NO_BODY, startBytes: 0 };
  }
  const range =
    method === 'GET' && isRangeWanted(headers, etag) ? parseRange(headers['range'], bytes.length) : undefined;
  if (range === 'unsatisfiable') return planUnsatisfiable(bytes.length);
  const { start, end } = range ?? { start: 0, end: bytes.length };
  return {
    status: range === undefined ? 200 : 206,
    headers: [
      ['Content-Type', contentType],
      ['Content-Length', String(end - start)],
      ...(range === undefined ? [] : [['Content-Range', `bytes ${start}-${end - 1}/${bytes.length}`] as const]),
      ['Accept-Ranges', 'bytes'],
      ['ETag', etag],
    ],
    body: method === 'HEAD' ? NO_BODY : bytes.subarray(start, end),
    startBytes: start,
  };
}

/** 416: `esp_https_ota` then starts over without resuming. */
export function planUnsatisfiable(totalBytes: number): ResponsePlan {
  const headers = [
    ['Content-Range', `bytes */${totalBytes}`],
    ['Content-Length', '0'],
  ] as const;
  return { status: 416, headers, body: NO_BODY, startBytes: 0 };
}

/** A short answer for people. */
export function planText(
  status: number,
  text: string,
  options: { readonly isHead?: boolean; readonly isLast?: boolean; readonly headers?: ResponsePlan['headers'] } = {},
): ResponsePlan {
  const body = new TextEncoder().encode(`${text}\n`);
  return {
    status,
    headers: [
      ['Content-Type', 'text/plain; charset=utf-8'],
      ['Content-Length', String(body.length)],
      ...(options.headers ?? []),
    ],
    body: options.isHead === true ? NO_BODY : body,
    startBytes: 0,
    isLast: options.isLast ?? false,
  };
}

/** If-None-Match compares weakly, RFC 9110 §13.1.2. */
function matchesAny(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.trim() === '*' || header.split(',').some((one) => one.trim().replace(/^W\//, '') === etag);
}

/** If-Range compares strongly; a date never matches because there is no Last-Modified, RFC 9110 §13.1.5. */
function isRangeWanted(headers: RequestHeaders, etag: string): boolean {
  const condition = headers['if-range'];
  return condition === undefined || condition.trim() === etag;
}
