/** What the bytes that a server sends say before the TLS library has acted on them. */
export type RecordNews =
  | { readonly kind: 'certificates'; readonly chain: readonly Uint8Array[] }
  | { readonly kind: 'alert'; readonly isFatal: boolean; readonly description: number }
  | { readonly kind: 'notTls' }
  | { readonly kind: 'tooLarge'; readonly lengthBytes: number };

const CHANGE_CIPHER_SPEC = 20;
const ALERT = 21;
const HANDSHAKE = 22;
const APPLICATION_DATA = 23;
const CERTIFICATE = 11;
/** Explicit nonce and tag of AES-GCM in TLS 1.2, tag and content type in 1.3: what a record may be longer than its content. */
const CIPHER_OVERHEAD_BYTES = 24;

function certificatesOf(message: Uint8Array): readonly Uint8Array[] {
  const chain: Uint8Array[] = [];
  const u24 = (at: number): number =>
    ((message[at] ?? 0) << 16) | ((message[at + 1] ?? 0) << 8) | (message[at + 2] ?? 0);
  for (let at = 3; at + 3 <= message.length;) {
    const length = u24(at);
    chain.push(message.subarray(at + 3, at + 3 + length));
    at += 3 + length;
  }
  return chain;
}

/** Follows the records of a server's side of a TLS connection. In TLS 1.2 the certificate message is not encrypted, so the client can be made to
 * judge it, and to answer with an alert, at the moment mbedTLS would.
 * @see RFC 5246 6.2.1, 7.4.2; RFC 8446 5.1 */
export class RecordInspector {
  readonly #maxContentBytes: number;
  #header: number[] = [];
  #bodyLeft = 0;
  #type = 0;
  #body: Uint8Array[] = [];
  #handshake: Uint8Array = new Uint8Array(0);
  #isEncrypted = false;
  /** What came is no TLS that this client reads on. */
  #isOver = false;

  constructor(maxContentBytes: number) {
    this.#maxContentBytes = maxContentBytes;
  }

  /** True once the server's handshake is out of sight. */
  get isEncrypted(): boolean {
    return this.#isEncrypted;
  }

  /** What these bytes complete, in order. Bytes may be cut anywhere. */
  feed(chunk: Uint8Array): readonly RecordNews[] {
    const news: RecordNews[] = [];
    for (let at = 0; at < chunk.length && !this.#isOver;) {
      if (this.#bodyLeft === 0) {
        this.#header.push(chunk[at] ?? 0);
        at++;
        const problem = this.#readHeader();
        if (problem !== undefined) {
          this.#isOver = true;
          news.push(problem);
        }
        continue;
      }
      const part = chunk.subarray(at, at + this.#bodyLeft);
      at += part.length;
      this.#bodyLeft -= part.length;
      if (!this.#isEncrypted) this.#body.push(part.slice());
      if (this.#bodyLeft === 0) {
        news.push(...this.#readBody());
      }
    }
    return news;
  }

  #readHeader(): RecordNews | undefined {
    const [type = 0, major, , high = 0, low = 0] = this.#header;
    if (this.#header.length === 1 && (type < CHANGE_CIPHER_SPEC || type > APPLICATION_DATA)) return { kind: 'notTls' };
    if (this.#header.length === 2 && major !== 3) return { kind: 'notTls' };
    if (this.#header.length < 5) return undefined;
    this.#type = type;
    this.#bodyLeft = high * 256 + low;
    this.#header = [];
    if (type === APPLICATION_DATA) this.#isEncrypted = true;
    const allowed = this.#maxContentBytes + (this.#isEncrypted ? CIPHER_OVERHEAD_BYTES : 0);
    return this.#bodyLeft > allowed ? { kind: 'tooLarge', lengthBytes: this.#bodyLeft } : undefined;
  }

  #readBody(): readonly RecordNews[] {
    const body = Buffer.concat(this.#body);
    this.#body = [];
    if (this.#isEncrypted) return [];
    if (this.#type === CHANGE_CIPHER_SPEC) {
      this.#isEncrypted = true;
      return [];
    }
    if (this.#type === ALERT) return [{ kind: 'alert', isFatal: body[0] === 2, description: body[1] ?? 0 }];
    if (this.#type !== HANDSHAKE) return [];
    this.#handshake = Buffer.concat([this.#handshake, body]);
    return this.#readHandshake();
  }

  #readHandshake(): readonly RecordNews[] {
    const news: RecordNews[] = [];
    while (this.#handshake.length >= 4) {
      const [type, a = 0, b = 0, c = 0] = this.#handshake;
      const length = (a << 16) | (b << 8) | c;
      if (length > this.#maxContentBytes) {
        this.#isOver = true;
        return [...news, { kind: 'tooLarge', lengthBytes: length }];
      }
      if (this.#handshake.length < 4 + length) break;
      const message = this.#handshake.subarray(4, 4 + length);
      if (type === CERTIFICATE) news.push({ kind: 'certificates', chain: certificatesOf(message) });
      this.#handshake = this.#handshake.subarray(4 + length);
    }
    return news;
  }
}
