const END = 0xc0;
const ESCAPE = 0xdb;
const ESCAPED_END = 0xdc;
const ESCAPED_ESCAPE = 0xdd;

/** Longer frames than any loader sends are noise. */
const MAXIMUM_FRAME_BYTES = 64 * 1024;

/** One frame as it goes on the line, with a delimiter at both ends.
 * @see RFC 1055; esptool documentation, "Serial Protocol", Low Level Protocol */
export function slipEncode(payload: Uint8Array): Uint8Array {
  let escapes = 0;
  for (const byte of payload) if (byte === END || byte === ESCAPE) escapes++;
  const frame = new Uint8Array(payload.length + escapes + 2);
  frame[0] = END;
  if (escapes === 0) {
    frame.set(payload, 1);
  } else {
    let at = 1;
    for (const byte of payload) {
      if (byte === END || byte === ESCAPE) {
        frame[at++] = ESCAPE;
        frame[at++] = byte === END ? ESCAPED_END : ESCAPED_ESCAPE;
      } else {
        frame[at++] = byte;
      }
    }
  }
  frame[frame.length - 1] = END;
  return frame;
}

/** A delimiter alone: brings a receiver that lost one back into step. */
export const SLIP_END = Uint8Array.of(END);

/** Undoes the escapes; undefined for an escape that is none. */
function unescape(raw: Uint8Array): Uint8Array | undefined {
  let from = raw.indexOf(ESCAPE);
  if (from < 0) return raw;
  // a copy: `slice` of a Buffer would be a view of what is not ours
  const payload = new Uint8Array(raw);
  let to = from;
  while (from < raw.length) {
    const byte = raw[from++];
    if (byte === ESCAPE) {
      const next = raw[from++];
      if (next !== ESCAPED_END && next !== ESCAPED_ESCAPE) return undefined;
      payload[to++] = next === ESCAPED_END ? END : ESCAPE;
    } else {
      payload[to++] = byte ?? 0;
    }
  }
  return payload.subarray(0, to);
}

/** Takes a line apart at its delimiters: what stands between two of them is a frame, whether one closed it or opened the next, so that a lost
 * delimiter costs one frame and no more. Text outside of frames comes out as a frame, too. */
export class SlipDecoder {
  readonly #onFrame: (payload: Uint8Array) => void;
  #parts: Uint8Array[] = [];
  #lengthBytes = 0;

  /** The payload given to `onFrame` is never empty. It may be a view of the bytes that were pushed. */
  constructor(onFrame: (payload: Uint8Array) => void) {
    this.#onFrame = onFrame;
  }

  push(bytes: Uint8Array): void {
    let from = 0;
    for (;;) {
      const end = bytes.indexOf(END, from);
      if (end < 0) break;
      this.#keep(bytes.subarray(from, end));
      this.#finish();
      from = end + 1;
    }
    this.#keep(bytes.subarray(from));
  }

  /** What came since the last delimiter, and forgets it. */
  takeRest(): Uint8Array {
    return this.#take();
  }

  #keep(part: Uint8Array): void {
    if (part.length === 0) return;
    if (this.#lengthBytes + part.length > MAXIMUM_FRAME_BYTES) this.#take();
    if (part.length > MAXIMUM_FRAME_BYTES) return;
    this.#parts.push(part);
    this.#lengthBytes += part.length;
  }

  #finish(): void {
    if (this.#lengthBytes === 0) return;
    const payload = unescape(this.#take());
    if (payload !== undefined && payload.length > 0) this.#onFrame(payload);
  }

  #take(): Uint8Array {
    const [first] = this.#parts;
    let whole: Uint8Array = new Uint8Array(0);
    if (this.#parts.length === 1 && first !== undefined) {
      whole = first;
    } else if (this.#parts.length > 1) {
      whole = Buffer.concat(this.#parts, this.#lengthBytes);
    }
    this.#parts = [];
    this.#lengthBytes = 0;
    return whole;
  }
}
