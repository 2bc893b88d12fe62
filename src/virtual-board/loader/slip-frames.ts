const END = 0xc0;
const ESCAPE = 0xdb;
const ESCAPED_END = 0xdc;
const ESCAPED_ESCAPE = 0xdd;

/** One frame as it goes on the line, with a delimiter at both ends.
 * @see RFC 1055; esptool documentation, "Serial Protocol", Low Level Protocol */
export function slipFrame(payload: Uint8Array): Uint8Array {
  let escapes = 0;
  for (const byte of payload) if (byte === END || byte === ESCAPE) escapes++;
  const frame = new Uint8Array(payload.length + escapes + 2);
  let at = 0;
  frame[at++] = END;
  for (const byte of payload) {
    if (byte === END || byte === ESCAPE) {
      frame[at++] = ESCAPE;
      frame[at++] = byte === END ? ESCAPED_END : ESCAPED_ESCAPE;
    } else {
      frame[at++] = byte;
    }
  }
  frame[at] = END;
  return frame;
}

export interface FrameSink {
  /** Asked at the delimiter that opens a frame: when no buffer is free, that byte is lost and with it the frame. */
  canReceive(): boolean;
  onFrame(frame: Uint8Array): void;
}

/** What two delimiters in a row are: the end of one frame and the beginning of the next, or a frame without content, which is over. */
export type EmptyFrame = 'begins' | 'ends';

/** Takes a line apart into frames, a byte at a time as the chip's interrupt does. With empty frames that end, as in the stub, a lost delimiter leaves it
 * outside of every frame that follows, until a spare delimiter comes.
 * @see esp-flasher-stub v1.1 src/slip.c, `slip_recv_byte` */
export class SlipReceiver {
  readonly #capacityBytes: number;
  readonly #sink: FrameSink;
  readonly #emptyFrame: EmptyFrame;
  #buffer: Uint8Array;
  #length = 0;
  #state: 'outside' | 'inside' | 'escaping' = 'outside';

  /** A frame longer than the capacity is thrown away. */
  constructor(capacityBytes: number, sink: FrameSink, emptyFrame: EmptyFrame) {
    this.#capacityBytes = capacityBytes;
    this.#sink = sink;
    this.#emptyFrame = emptyFrame;
    this.#buffer = new Uint8Array(Math.min(capacityBytes, 1024));
  }

  push(bytes: Uint8Array): void {
    for (const byte of bytes) this.#take(byte);
  }

  #take(byte: number): void {
    if (this.#state === 'outside') {
      if (byte !== END || !this.#sink.canReceive()) return;
      this.#length = 0;
      this.#state = 'inside';
    } else if (this.#state === 'escaping') {
      this.#state = 'inside';
      if (byte === ESCAPED_END) this.#put(END);
      else if (byte === ESCAPED_ESCAPE) this.#put(ESCAPE);
      else this.#state = 'outside';
    } else if (byte === END) {
      if (this.#length === 0 && this.#emptyFrame === 'begins') return;
      this.#state = 'outside';
      if (this.#length > 0) this.#sink.onFrame(this.#buffer.slice(0, this.#length));
    } else if (byte === ESCAPE) {
      this.#state = 'escaping';
    } else {
      this.#put(byte);
    }
  }

  #put(byte: number): void {
    if (this.#length === this.#capacityBytes) {
      this.#state = 'outside';
      return;
    }
    if (this.#length === this.#buffer.length) {
      const larger = new Uint8Array(Math.min(this.#capacityBytes, this.#buffer.length * 2));
      larger.set(this.#buffer);
      this.#buffer = larger;
    }
    this.#buffer[this.#length++] = byte;
  }
}
