import { OtaError } from './ota-error.ts';

/** Reads unsigned little-endian values at explicit offsets. Every read is bounds-checked; a read past the end names its offset.
 * @throws {OtaError} `bytes.truncated` from every method. */
export class ByteReader {
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get length(): number {
    return this.bytes.length;
  }

  u8(offset: number): number {
    this.#check(offset, 1);
    return this.#view.getUint8(offset);
  }

  u16(offset: number): number {
    this.#check(offset, 2);
    return this.#view.getUint16(offset, true);
  }

  u32(offset: number): number {
    this.#check(offset, 4);
    return this.#view.getUint32(offset, true);
  }

  /** A view of the bytes, not a copy. */
  slice(offset: number, length: number): Uint8Array {
    this.#check(offset, length);
    return this.bytes.subarray(offset, offset + length);
  }

  /** UTF-8 text of a fixed field, up to its first NUL or its whole length; malformed bytes become U+FFFD. */
  text(offset: number, length: number): string {
    const field = this.slice(offset, length);
    const end = field.indexOf(0);
    return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
  }

  #check(offset: number, needed: number): void {
    if (!Number.isSafeInteger(offset) || offset < 0 || needed < 0 || offset + needed > this.bytes.length) {
      throw new OtaError('bytes.truncated', {
        offsetBytes: offset,
        neededBytes: needed,
        availableBytes: Math.max(0, this.bytes.length - offset),
      });
    }
  }
}
