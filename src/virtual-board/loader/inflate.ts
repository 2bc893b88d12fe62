import { buildCode, decodeSymbol, FIXED_DISTANCES, FIXED_LENGTHS, NEEDS_MORE, type Code } from './huffman-code.ts';

/** What became of the input: all of it was used and more is needed, the stream came to its end, or it is broken. */
export type InflateStatus = 'needsMore' | 'done' | 'failed';

const WINDOW_BYTES = 32768;
const LENGTH_BASE = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
];
const LENGTH_EXTRA = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCE_BASE = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
  8193, 12289, 16385, 24577,
];
const DISTANCE_EXTRA = [
  0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
];
const CODE_LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** The decompressor of the chip: a zlib stream handed over in pieces, output through one window of 32 KiB which the caller empties each time it is
 * full. The Adler-32 at the end is left unread, as the chip leaves it whenever a stream comes in more than one piece.
 * @see RFC 1950, RFC 1951; esp-flasher-stub v1.1 src/command_handler.c, `s_flash_defl_data_post_process` */
export class Inflate {
  readonly #window = new Uint8Array(WINDOW_BYTES);
  readonly #flush: (output: Uint8Array) => void;
  #written = 0;
  #total = 0;
  #input = new Uint8Array(0);
  /** In bits, from the beginning of `#input`. */
  #at = 0;
  #stage: 'header' | 'block' | 'stored' | 'codes' | 'done' | 'failed' = 'header';
  #isLast = false;
  #storedLeft = 0;
  #lengths: Code = FIXED_LENGTHS;
  #distances: Code = FIXED_DISTANCES;

  /** `flush` gets each full window, and what is in it when the stream ends; a view that is only good during the call. */
  constructor(flush: (output: Uint8Array) => void) {
    this.#flush = flush;
  }

  push(bytes: Uint8Array): InflateStatus {
    const keepFrom = this.#at >>> 3;
    const rest = this.#input.subarray(keepFrom);
    const input = new Uint8Array(rest.length + bytes.length);
    input.set(rest);
    input.set(bytes, rest.length);
    this.#input = input;
    this.#at -= keepFrom * 8;
    while (this.#step());
    if (this.#stage === 'done' || this.#stage === 'failed') return this.#stage;
    return 'needsMore';
  }

  /** One header, one block header, or as much of a block's body as there is; false when nothing more can be done. A step that lacks input
   * leaves the position where it was. */
  #step(): boolean {
    switch (this.#stage) {
      case 'header':
        return this.#readHeader();
      case 'block':
        return this.#readBlockHeader();
      case 'stored':
        return this.#copyStored();
      case 'codes':
        return this.#decodeCodes();
      default:
        return false;
    }
  }

  #bits(at: number, count: number): number {
    const input = this.#input;
    if (at + count > input.length * 8) return NEEDS_MORE;
    const byte = at >>> 3;
    const word = (input[byte] ?? 0) | ((input[byte + 1] ?? 0) << 8) | ((input[byte + 2] ?? 0) << 16);
    return (word >>> (at & 7)) & ((1 << count) - 1);
  }

  #readHeader(): boolean {
    const method = this.#bits(this.#at, 8);
    const flags = this.#bits(this.#at + 8, 8);
    if (flags === NEEDS_MORE) return false;
    const isRight =
      (method * 256 + flags) % 31 === 0 && (flags & 0x20) === 0 && (method & 0x0f) === 8 && method >>> 4 <= 7;
    this.#at += 16;
    this.#stage = isRight ? 'block' : 'failed';
    return isRight;
  }

  #readBlockHeader(): boolean {
    const head = this.#bits(this.#at, 3);
    if (head === NEEDS_MORE) return false;
    const kind = head >>> 1;
    if (kind === 0) return this.#readStoredHeader(head);
    if (kind === 1) {
      this.#lengths = FIXED_LENGTHS;
      this.#distances = FIXED_DISTANCES;
      this.#at += 3;
    } else if (kind === 2) {
      const status = this.#readCodes(this.#at + 3);
      if (status !== 'ok') {
        if (status === 'failed') this.#stage = 'failed';
        return false;
      }
    } else {
      this.#stage = 'failed';
      return false;
    }
    this.#isLast = (head & 1) === 1;
    this.#stage = 'codes';
    return true;
  }

  #readStoredHeader(head: number): boolean {
    const at = ((this.#at + 3 + 7) >>> 3) * 8;
    const length = this.#bits(at, 16);
    const complement = this.#bits(at + 16, 16);
    if (complement === NEEDS_MORE) return false;
    this.#at = at + 32;
    if ((length ^ complement) !== 0xffff) {
      this.#stage = 'failed';
      return false;
    }
    this.#isLast = (head & 1) === 1;
    this.#storedLeft = length;
    this.#stage = 'stored';
    return true;
  }

  /** The code lengths of a dynamic block; read again from its beginning when the input ends inside (they fit 300 bytes). */
  #readCodes(from: number): 'ok' | 'needsMore' | 'failed' {
    const counts = this.#bits(from, 14);
    if (counts === NEEDS_MORE) return 'needsMore';
    const lengthCount = (counts & 31) + 257;
    const distanceCount = ((counts >>> 5) & 31) + 1;
    let at = from + 14;
    const meta = new Uint8Array(19);
    for (const symbol of CODE_LENGTH_ORDER.slice(0, (counts >>> 10) + 4)) {
      const length = this.#bits(at, 3);
      if (length === NEEDS_MORE) return 'needsMore';
      meta[symbol] = length;
      at += 3;
    }
    const metaCode = buildCode(meta);
    if (metaCode === undefined) return 'failed';
    const all = new Uint8Array(lengthCount + distanceCount);
    for (let index = 0; index < all.length;) {
      const found = decodeSymbol(metaCode, this.#input, at);
      if (found < 0) return found === NEEDS_MORE ? 'needsMore' : 'failed';
      at += found >>> 16;
      const symbol = found & 0xffff;
      if (symbol < 16) {
        all[index++] = symbol;
        continue;
      }
      const extraBits = symbol === 16 ? 2 : symbol === 17 ? 3 : 7;
      const extra = this.#bits(at, extraBits);
      if (extra === NEEDS_MORE) return 'needsMore';
      at += extraBits;
      const times = extra + (symbol === 18 ? 11 : 3);
      if (index + times > all.length || (symbol === 16 && index === 0)) return 'failed';
      all.fill(symbol === 16 ? (all[index - 1] ?? 0) : 0, index, index + times);
      index += times;
    }
    const lengths = buildCode(all.subarray(0, lengthCount));
    const distances = buildCode(all.subarray(lengthCount));
    if (lengths === undefined || distances === undefined) return 'failed';
    this.#lengths = lengths;
    this.#distances = distances;
    this.#at = at;
    return 'ok';
  }

  #copyStored(): boolean {
    const from = this.#at >>> 3;
    const length = Math.min(this.#storedLeft, this.#input.length - from);
    for (let index = 0; index < length; index++) this.#put(this.#input[from + index] ?? 0);
    this.#at += length * 8;
    this.#storedLeft -= length;
    return this.#storedLeft === 0 && this.#endBlock();
  }

  #decodeCodes(): boolean {
    for (;;) {
      const found = decodeSymbol(this.#lengths, this.#input, this.#at);
      if (found === NEEDS_MORE) return false;
      const symbol = found & 0xffff;
      if (found < 0 || symbol > 285) return this.#fail();
      const after = this.#at + (found >>> 16);
      if (symbol < 256) {
        this.#at = after;
        this.#put(symbol);
      } else if (symbol === 256) {
        this.#at = after;
        return this.#endBlock();
      } else {
        const copied = this.#copyMatch(symbol - 257, after);
        if (copied !== 'ok') return copied === 'failed' && this.#fail();
      }
    }
  }

  #copyMatch(lengthSymbol: number, from: number): 'ok' | 'needsMore' | 'failed' {
    const lengthBits = LENGTH_EXTRA[lengthSymbol] ?? 0;
    const lengthExtra = this.#bits(from, lengthBits);
    if (lengthExtra === NEEDS_MORE) return 'needsMore';
    let at = from + lengthBits;
    const found = decodeSymbol(this.#distances, this.#input, at);
    if (found === NEEDS_MORE) return 'needsMore';
    const symbol = found & 0xffff;
    if (found < 0 || symbol > 29) return 'failed';
    at += found >>> 16;
    const distanceBits = DISTANCE_EXTRA[symbol] ?? 0;
    const distanceExtra = this.#bits(at, distanceBits);
    if (distanceExtra === NEEDS_MORE) return 'needsMore';
    const distance = (DISTANCE_BASE[symbol] ?? 0) + distanceExtra;
    if (distance > this.#total) return 'failed';
    this.#at = at + distanceBits;
    for (let left = (LENGTH_BASE[lengthSymbol] ?? 0) + lengthExtra; left > 0; left--) {
      this.#put(this.#window[(this.#written - distance) & (WINDOW_BYTES - 1)] ?? 0);
    }
    return 'ok';
  }

  #put(byte: number): void {
    this.#window[this.#written++] = byte;
    this.#total++;
    if (this.#written === WINDOW_BYTES) {
      this.#flush(this.#window);
      this.#written = 0;
    }
  }

  #endBlock(): boolean {
    if (!this.#isLast) {
      this.#stage = 'block';
      return true;
    }
    this.#stage = 'done';
    if (this.#written > 0) this.#flush(this.#window.subarray(0, this.#written));
    return false;
  }

  #fail(): false {
    this.#stage = 'failed';
    return false;
  }
}
