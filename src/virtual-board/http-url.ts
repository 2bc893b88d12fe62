/** A URL in the parts `esp_http_client` keeps. The path is never decoded. */
export interface FirmwareUrl {
  readonly scheme: 'http' | 'https';
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
  readonly port: number;
  /** Path and query, as they stand in the request line. */
  readonly path: string;
  readonly user: string | undefined;
  readonly password: string | undefined;
}

const URL_PATTERN = /^(https?):\/\/(?:([^@/?#]*)@)?(\[[0-9A-Fa-f:.%]+\]|[^:/?#[\]]+)(?::(\d{1,5}))?([^?#]*)(\?[^#]*)?/i;

/** Undefined for what `http_parser_parse_url` would not take either. */
export function parseFirmwareUrl(text: string): FirmwareUrl | undefined {
  const match = URL_PATTERN.exec(text);
  if (match === null) return undefined;
  const scheme = match[1]?.toLowerCase() === 'https' ? 'https' : 'http';
  const [user, password] = (match[2] ?? '').split(':');
  const port = match[4] === undefined ? (scheme === 'https' ? 443 : 80) : Number(match[4]);
  if (port > 65535) return undefined;
  return {
    scheme,
    host: (match[3] ?? '').replace(/^\[|\]$/g, ''),
    port,
    path: (match[5] === undefined || match[5] === '' ? '/' : match[5]) + (match[6] ?? ''),
    user: user === undefined || user === '' ? undefined : user,
    password: password === undefined || password === '' ? undefined : password,
  };
}
