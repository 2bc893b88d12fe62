import { ESP_FAIL, ESP_OK, espErr } from './esp-err.ts';
import { isAtLeast } from './idf-version.ts';
import { openLink, type Network, type TlsOptions } from './connect.ts';
import { parseFirmwareUrl, type FirmwareUrl } from './http-url.ts';
import { ResponseParser } from './http-response.ts';
import { ENOTCONN, type Link } from './link.ts';

export interface HttpClientOptions {
  readonly timeoutMs: number;
  readonly hasBasicAuth: boolean;
}

/** What reading the body gave: bytes (none: the end, complete or not), a timeout with nothing read, or an error. */
export type BodyRead =
  | { readonly kind: 'data'; readonly bytes: Uint8Array }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'failed'; readonly errno: number };

const TAG = 'HTTP_CLIENT';
const MAX_REDIRECTS = 10;

/** `esp_http_client` on a real socket: the same request bytes, an incremental response parser, reuse, redirects and authentication by its rules.
 * @see ESP-IDF v5.5 components/esp_http_client/esp_http_client.c */
export class HttpClient {
  readonly #network: Network;
  readonly #tls: TlsOptions;
  readonly #options: HttpClientOptions;
  /** Order matters: it is the order on the wire. */
  readonly #headers = new Map<string, string>();
  #url: FirmwareUrl;
  #method: 'GET' | 'HEAD' = 'GET';
  #link: Link | undefined;
  #parser = new ResponseParser(false);

  private constructor(url: FirmwareUrl, network: Network, tls: TlsOptions, options: HttpClientOptions) {
    this.#url = url;
    this.#network = network;
    this.#tls = tls;
    this.#options = options;
    this.#headers.set('User-Agent', 'ESP32 HTTP Client/1.0');
    this.#headers.set('Host', this.#hostHeader());
  }

  /** `esp_http_client_init`; undefined (and a line on the console) for a URL it cannot parse. */
  static create(url: string, network: Network, tls: TlsOptions, options: HttpClientOptions): HttpClient | undefined {
    const parsed = parseFirmwareUrl(url);
    if (parsed === undefined) {
      network.log('E', TAG, `Error parse url ${url}`);
      return undefined;
    }
    return new HttpClient(parsed, network, tls, options);
  }

  get status(): number {
    return this.#parser.head?.status ?? -1;
  }

  /** −1 when it is not known. */
  get contentLengthBytes(): number {
    const length = this.#parser.contentLengthBytes;
    return length === 0 ? -1 : length;
  }

  /** The total of `Content-Range: bytes a-b/total`; −1 without one. */
  get contentRangeTotalBytes(): number {
    const match = /\/(\d{1,15})\s*$/.exec(this.header('content-range') ?? '');
    return match === null ? -1 : Number(match[1]);
  }

  get isComplete(): boolean {
    return this.#parser.isComplete && this.#parser.bufferedBytes === 0;
  }

  get isPersistent(): boolean {
    return this.#link?.isOpen === true && this.#parser.isKeptAlive;
  }

  header(name: string): string | undefined {
    return this.#parser.head?.headers.get(name);
  }

  setMethod(method: 'GET' | 'HEAD'): void {
    this.#method = method;
  }

  /** Changes a header in its place, adds it at the end, or takes it away. */
  setHeader(name: string, value: string | undefined): void {
    if (value === undefined) this.#headers.delete(name);
    else this.#headers.set(name, value);
  }

  /** `esp_http_client_open`: connects unless connected, and sends the request. */
  async open(): Promise<number> {
    if (this.#link?.isOpen !== true) {
      this.close();
      const { scheme, host, port } = this.#url;
      this.#link = await openLink(
        { host, port, isTls: scheme === 'https' },
        this.#tls,
        this.#options.timeoutMs,
        this.#network,
      );
      if (this.#link === undefined) {
        this.#network.log('E', TAG, 'Connection failed, sock < 0');
        return espErr('ESP_ERR_HTTP_CONNECT');
      }
    }
    this.#send(this.#link);
    return ESP_OK;
  }

  #send(link: Link): void {
    // up to 5.3 every request announces its (empty) body
    if (!isAtLeast(this.#network.idf, 5, 4)) this.#headers.set('Content-Length', '0');
    this.#parser = new ResponseParser(this.#method === 'HEAD');
    const lines = [...this.#headers].map(([name, value]) => `${name}: ${value}\r\n`);
    link.write(Buffer.from(`${this.#method} ${this.#url.path} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1'));
  }

  /** `esp_http_client_fetch_headers`: ESP_OK, or the error. */
  async fetchHeaders(): Promise<number> {
    while (this.#parser.head === undefined) {
      const result = (await this.#link?.read(512, this.#options.timeoutMs)) ?? { kind: 'closed' as const };
      if (result.kind === 'data') {
        this.#parser.feed(result.bytes);
        if (this.#parser.isBroken) return ESP_FAIL;
        continue;
      }
      if (result.kind === 'timeout') {
        this.#network.log('W', TAG, 'Connection timed out before data was ready!');
        return -espErr('ESP_ERR_HTTP_EAGAIN');
      }
      return ESP_FAIL;
    }
    return ESP_OK;
  }

  /** `esp_http_client_read`: waits until so many bytes are there, or nothing more comes. */
  async read(bytes: number): Promise<BodyRead> {
    const parts: Uint8Array[] = [];
    let length = 0;
    for (;;) {
      while (length < bytes && this.#parser.bufferedBytes > 0) {
        const part = this.#parser.take(bytes - length);
        parts.push(part);
        length += part.length;
      }
      if (length === bytes || this.#parser.isComplete || this.#parser.isBroken || this.#link === undefined) break;
      const result = await this.#link.read(Math.max(512, bytes - length), this.#options.timeoutMs);
      if (result.kind === 'data') {
        this.#parser.feed(result.bytes);
        continue;
      }
      if (result.kind === 'closed') {
        this.#parser.end();
        break;
      }
      if (length > 0) break;
      return result.kind === 'timeout' ? result : { kind: 'failed', errno: result.errno };
    }
    if (length === 0 && this.#parser.isBroken) return { kind: 'failed', errno: ENOTCONN };
    return { kind: 'data', bytes: parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts) };
  }

  /** `esp_http_client_set_redirection`: ESP_OK when there is a usable Location. */
  redirect(): number {
    const location = this.header('location');
    if (location === undefined) return espErr('ESP_ERR_INVALID_ARG');
    const { idf, log } = this.#network;
    const isStrict = isAtLeast(idf, 6, 1) || (idf.major === 5 && isAtLeast(idf, 5, 5, 5));
    if (isStrict && this.#url.scheme === 'https' && !/^https:\/\//i.test(location)) {
      log('E', TAG, `HTTPS origin can only redirect to https:// targets (got ${location})`);
      return espErr('ESP_ERR_HTTP_REDIRECT_DOWNGRADE');
    }
    const next = location.startsWith('/') ? { ...this.#url, path: location } : parseFirmwareUrl(location);
    if (next === undefined) {
      log('E', TAG, `Error parse url ${location}`);
      return espErr('ESP_ERR_INVALID_ARG');
    }
    const previous = this.#url;
    this.#url = next;
    if (next.host !== previous.host) {
      // the port is lost here: Host names the bare new host
      this.#headers.set('Host', next.host);
      this.close();
    }
    if (next.port !== previous.port || next.scheme !== previous.scheme) this.close();
    return ESP_OK;
  }

  /** `esp_http_client_add_auth`: ESP_OK when another try makes sense. */
  authenticate(): number {
    const { log } = this.#network;
    const challenge = this.header('www-authenticate');
    if (challenge === undefined) {
      log('W', TAG, 'This request requires authentication, but does not provide header information for that');
      return espErr('ESP_ERR_NOT_SUPPORTED');
    }
    const { user, password } = this.#url;
    if (!/^basic\b/i.test(challenge) || !this.#options.hasBasicAuth || user === undefined) {
      log('E', TAG, `This authentication method is not supported: ${challenge}`);
      return espErr('ESP_ERR_NOT_SUPPORTED');
    }
    this.#headers.set('Authorization', `Basic ${Buffer.from(`${user}:${password ?? ''}`).toString('base64')}`);
    return ESP_OK;
  }

  /** Reads and forgets the rest of a body, so that the connection can be used again. */
  async drain(): Promise<void> {
    for (;;) {
      const result = await this.read(256);
      if (result.kind !== 'data' || result.bytes.length === 0) break;
    }
    if (!this.isPersistent) this.close();
  }

  /** `esp_http_client_perform` without a body to keep: follows up to ten redirects. */
  async perform(): Promise<number> {
    for (let redirects = 0; ; redirects++) {
      let err = await this.open();
      if (err !== ESP_OK) return err;
      err = await this.fetchHeaders();
      if (err !== ESP_OK) {
        this.close();
        return espErr('ESP_ERR_HTTP_FETCH_HEADER');
      }
      await this.drain();
      if (![301, 302, 303, 307, 308].includes(this.status)) return ESP_OK;
      if (redirects >= MAX_REDIRECTS) {
        this.#network.log('E', TAG, `Error, reach max_redirection_count count=${redirects}`);
        return espErr('ESP_ERR_HTTP_MAX_REDIRECT');
      }
      err = this.redirect();
      if (err !== ESP_OK) return err;
    }
  }

  /** The radio is gone in the middle of everything. */
  dropLink(): void {
    this.#link?.drop();
  }

  close(): void {
    this.#link?.dispose();
    this.#link = undefined;
  }

  /** @see ESP-IDF v5.5 esp_http_client.c, `_get_host_header`: never a port before 4.3, brackets from 5.5 on */
  #hostHeader(): string {
    const { host, port } = this.#url;
    const { idf } = this.#network;
    const name = host.includes(':') && isAtLeast(idf, 5, 5) ? `[${host}]` : host;
    return port === 80 || port === 443 || !isAtLeast(idf, 4, 3) ? name : `${name}:${port}`;
  }
}
