import { OtaError } from '../../base/ota-error.ts';

const TEXT = new TextDecoder();
/** Longest name or path that is read. */
const MOST_TEXT_BYTES = 4096;

/** Reads little-endian values of one section in sequence. Every read is bounds-checked and names the section and the offset.
 * @throws {OtaError} `elf.truncated`, from every method that reads. */
export class SectionCursor {
  readonly section: string;
  readonly bytes: Uint8Array;
  readonly end: number;
  at: number;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, section: string, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.section = section;
    this.end = Math.min(end, bytes.length);
    this.at = at;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The same section from another place on. */
  from(at: number, end = this.bytes.length): SectionCursor {
    return new SectionCursor(this.bytes, this.section, at, end);
  }

  get isAtEnd(): boolean {
    return this.at >= this.end;
  }

  /** Moves on by `count` bytes and gives where they begin. */
  take(count: number): number {
    const { at } = this;
    const next = at + count;
    // the comparison is false for what is no number, too
    if (!(count >= 0 && at >= 0 && next <= this.end)) {
      throw new OtaError('elf.truncated', { section: this.section, offset: at, neededBytes: count });
    }
    this.at = next;
    return at;
  }

  u8(): number {
    return this.#view.getUint8(this.take(1));
  }

  s8(): number {
    return this.#view.getInt8(this.take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.take(2), true);
  }

  u24(): number {
    const at = this.take(3);
    return this.#view.getUint16(at, true) + this.#view.getUint8(at + 2) * 0x10000;
  }

  u32(): number {
    return this.#view.getUint32(this.take(4), true);
  }

  /** A 64-bit value; above 2^53 it is the nearest number. */
  u64(): number {
    const at = this.take(8);
    return this.#view.getUint32(at, true) + this.#view.getUint32(at + 4, true) * 2 ** 32;
  }

  /** A value of 4 or 8 bytes; of 1 and 2 also. */
  unsigned(bytes: number): number {
    if (bytes === 4) return this.u32();
    if (bytes === 8) return this.u64();
    if (bytes === 2) return this.u16();
    if (bytes === 1) return this.u8();
    throw this.malformed('valueSize');
  }

  /** @see DWARF 5 §7.6 */
  uleb(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
      if (scale > 2 ** 70) throw this.malformed('leb128');
    }
  }

  sleb(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      scale *= 128;
      if (byte < 0x80) return (byte & 0x40) === 0 ? value : value - scale;
      if (scale > 2 ** 70) throw this.malformed('leb128');
    }
  }

  skipLeb(): void {
    for (let left = 10; left > 0; left--) if (this.u8() < 0x80) return;
    throw this.malformed('leb128');
  }

  /** NUL-terminated text; malformed UTF-8 becomes U+FFFD, what is longer than 4 KB is cut. */
  text(): string {
    const from = this.at;
    this.skipText();
    return TEXT.decode(this.bytes.subarray(from, Math.min(this.at - 1, from + MOST_TEXT_BYTES)));
  }

  skipText(): void {
    const length = this.at < this.end ? this.bytes.subarray(this.at, this.end).indexOf(0) : -1;
    if (this.at < 0 || length < 0) {
      throw new OtaError('elf.truncated', { section: this.section, offset: this.at, neededBytes: 1 });
    }
    this.at += length + 1;
  }

  malformed(reason: string, offset = this.at): OtaError<'elf.malformed'> {
    return new OtaError('elf.malformed', { section: this.section, offset, reason });
  }
}
