/** Names in lower case; a header that came several times has its values joined with commas. */
export type RequestHeaders = Readonly<Record<string, string | undefined>>;

/** The head of a request. Bytes above 127 are Latin-1 characters. */
export interface HttpRequest {
  readonly method: string;
  /** As sent, not decoded. */
  readonly target: string;
  readonly version: '1.0' | '1.1';
  readonly headers: RequestHeaders;
  /** Whether the connection ends with the answer: HTTP/1.0, or the client says so. */
  readonly isLast: boolean;
  /** Body bytes that follow the head; undefined when their number is not told (chunked). */
  readonly bodyBytes: number | undefined;
}

const TOKEN = /^[!#$%&'*+.^_`|~\dA-Za-z-]{1,64}$/;
/** Control characters and what lies outside Latin-1. */
const FORBIDDEN = /[^\t\r\n\x20-\x7e\x80-\xff]/;

/** Reads a request's head, without the empty line after it; line ends may lack their CR.
 * @returns the status to refuse it with (400, 505) when it is not one
 * @see RFC 9112 §3, §5, §6.3 */
export function parseRequestHead(head: string): HttpRequest | 400 | 505 {
  if (FORBIDDEN.test(head)) return 400;
  const lines = head.split('\n');
  const [method = '', target = '', protocol = '', ...more] = lineOf(lines[0]).split(' ');
  if (!TOKEN.test(method) || target === '' || target.includes('\t') || more.length > 0) return 400;
  const version = protocol === 'HTTP/1.1' ? '1.1' : protocol === 'HTTP/1.0' ? '1.0' : undefined;
  if (version === undefined) return /^HTTP\/\d\.\d$/.test(protocol) ? 505 : 400;
  const headers: Record<string, string | undefined> = Object.create(null) as Record<string, undefined>;
  for (let index = 1; index < lines.length; index++) {
    const line = lineOf(lines[index]);
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).toLowerCase();
    if (!TOKEN.test(name) || line.includes('\r')) return 400;
    const before = headers[name];
    const text = line.slice(colon + 1).trim();
    if (before !== undefined && (name === 'host' || name === 'content-length')) return 400;
    headers[name] = before === undefined ? text : `${before}, ${text}`;
  }
  if (version === '1.1' && headers['host'] === undefined) return 400;
  const length = headers['content-length'];
  if (length !== undefined && !/^\d{1,15}$/.test(length)) return 400;
  return {
    method,
    target,
    version,
    headers,
    isLast: version === '1.0' || /(?:^|,)\s*close\s*(?:,|$)/i.test(headers['connection'] ?? ''),
    bodyBytes: headers['transfer-encoding'] === undefined ? Number(length ?? 0) : undefined,
  };
}

function lineOf(text = ''): string {
  return text.endsWith('\r') ? text.slice(0, -1) : text;
}
