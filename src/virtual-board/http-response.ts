/** The head of a response. */
export interface ResponseHead {
  readonly status: number;
  readonly httpMinor: number;
  /** By lower-case name; of several equal ones the last. */
  readonly headers: ReadonlyMap<string, string>;
}

type Stage = 'head' | 'length' | 'chunkSize' | 'chunkData' | 'chunkEnd' | 'trailer' | 'untilClose' | 'done' | 'broken';

const MAX_HEAD_BYTES = 64 * 1024;
const CRLF = Buffer.from('\r\n');

/** Reads one HTTP/1 response incrementally: bytes may be cut anywhere. Content-Length, chunked, or until the connection ends.
 * @see ESP-IDF v5.5 components/http_parser, components/esp_http_client/esp_http_client.c */
export class ResponseParser {
  readonly #isHead: boolean;
  #stage: Stage = 'head';
  #rest: Buffer = Buffer.alloc(0);
  #left = 0;
  #head: ResponseHead | undefined;
  #body: Uint8Array[] = [];
  #bodyBytes = 0;

  /** `isHead`: the request was HEAD, so no body follows whatever the headers say. */
  constructor(isHead: boolean) {
    this.#isHead = isHead;
  }

  get head(): ResponseHead | undefined {
    return this.#head;
  }

  get isComplete(): boolean {
    return this.#stage === 'done';
  }

  /** What was sent is not HTTP. */
  get isBroken(): boolean {
    return this.#stage === 'broken';
  }

  /** `Content-Length`, or −1 when the length is not known (chunked, until close). A length of 0 is treated as unknown by the client. */
  get contentLengthBytes(): number {
    const text = this.#head?.headers.get('content-length');
    if (text === undefined || this.isChunked) return -1;
    return /^\d{1,15}$/.test(text) ? Number(text) : -1;
  }

  get isChunked(): boolean {
    return /(^|,)\s*chunked\s*$/i.test(this.#head?.headers.get('transfer-encoding') ?? '');
  }

  /** Whether the connection can carry another request after this response. */
  get isKeptAlive(): boolean {
    if (this.#head === undefined || (this.#stage === 'untilClose' && !this.#isHead)) return false;
    const connection = this.#head.headers.get('connection')?.toLowerCase() ?? '';
    return this.#head.httpMinor >= 1 ? !connection.includes('close') : connection.includes('keep-alive');
  }

  get bufferedBytes(): number {
    return this.#bodyBytes;
  }

  /** The connection ended: where the end is the only delimiter, that completes the body. */
  end(): void {
    if (this.#stage === 'untilClose') this.#stage = 'done';
  }

  feed(bytes: Uint8Array): void {
    let chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (this.#rest.length > 0) {
      chunk = Buffer.concat([this.#rest, chunk]);
      this.#rest = Buffer.alloc(0);
    }
    while (chunk.length > 0) {
      const next = this.#step(chunk);
      if (next === undefined) {
        this.#rest = chunk;
        if (this.#rest.length > MAX_HEAD_BYTES) this.#stage = 'broken';
        return;
      }
      chunk = next;
    }
  }

  /** Takes at most so many body bytes that have arrived. */
  take(maxBytes: number): Uint8Array {
    const first = this.#body[0];
    if (first === undefined) return new Uint8Array(0);
    const taken = first.subarray(0, maxBytes);
    if (taken.length === first.length) this.#body.shift();
    else this.#body[0] = first.subarray(maxBytes);
    this.#bodyBytes -= taken.length;
    return taken;
  }

  /** What is left of the chunk after one step; undefined when more bytes are needed. */
  #step(chunk: Buffer): Buffer | undefined {
    switch (this.#stage) {
      case 'head':
        return this.#readHead(chunk);
      case 'length':
      case 'chunkData': {
        const part = chunk.subarray(0, this.#left);
        this.#keep(part);
        this.#left -= part.length;
        if (this.#left === 0) this.#stage = this.#stage === 'length' ? 'done' : 'chunkEnd';
        return chunk.subarray(part.length);
      }
      case 'untilClose':
        this.#keep(chunk);
        return chunk.subarray(chunk.length);
      case 'chunkSize':
      case 'chunkEnd':
      case 'trailer':
        return this.#readLine(chunk);
      case 'done':
      case 'broken':
        return chunk.subarray(chunk.length);
    }
  }

  #readLine(chunk: Buffer): Buffer | undefined {
    const end = chunk.indexOf(CRLF);
    if (end < 0) return undefined;
    const line = chunk.toString('latin1', 0, end);
    if (this.#stage === 'chunkEnd') this.#stage = line === '' ? 'chunkSize' : 'broken';
    else if (this.#stage === 'trailer') this.#stage = line === '' ? 'done' : 'trailer';
    else {
      const size = /^([0-9a-f]{1,8})\s*(;.*)?$/i.exec(line);
      this.#left = size === null ? -1 : parseInt(size[1] ?? '', 16);
      this.#stage = this.#left < 0 ? 'broken' : this.#left === 0 ? 'trailer' : 'chunkData';
    }
    return chunk.subarray(end + 2);
  }

  #readHead(chunk: Buffer): Buffer | undefined {
    const end = chunk.indexOf('\r\n\r\n');
    if (end < 0) return /^(H|$)/.test(chunk.toString('latin1', 0, 1)) ? undefined : this.#break(chunk);
    const [first = '', ...lines] = chunk.toString('latin1', 0, end).split('\r\n');
    const status = /^HTTP\/1\.(\d) (\d{3})(?: .*)?$/.exec(first);
    if (status === null) return this.#break(chunk);
    const headers = new Map<string, string>();
    for (const line of lines) {
      const colon = line.indexOf(':');
      if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
    }
    const rest = chunk.subarray(end + 4);
    // 100 Continue and its like announce another head
    if (status[2]?.startsWith('1') === true) return rest;
    this.#head = { status: Number(status[2]), httpMinor: Number(status[1]), headers };
    this.#stage = this.#bodyStage();
    return rest;
  }

  #bodyStage(): Stage {
    const status = this.#head?.status ?? 0;
    if (this.#isHead || status === 204 || status === 304) return 'done';
    if (this.isChunked) return 'chunkSize';
    this.#left = this.contentLengthBytes;
    if (this.#left < 0) return 'untilClose';
    return this.#left === 0 ? 'done' : 'length';
  }

  #break(chunk: Buffer): Buffer {
    this.#stage = 'broken';
    return chunk.subarray(chunk.length);
  }

  #keep(part: Uint8Array): void {
    if (part.length === 0) return;
    this.#body.push(part);
    this.#bodyBytes += part.length;
  }
}
