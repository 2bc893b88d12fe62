const LF = 0x0a;
const CR = 0x0d;

/** Bytes of a serial line to lines of text. */
export interface LineSplitter {
  /** The lines that these bytes complete, without their line ends. A line ends at LF, CR LF or CR; the split of the bytes into chunks does not
   * matter. UTF-8; malformed bytes become U+FFFD. */
  push(bytes: Uint8Array): readonly string[];
  /** What has come of the next line so far, and forgets it; undefined when that is nothing. */
  flush(): string | undefined;
}

/** @param longestLineBytes a longer line comes in pieces of this length (a character is never cut); 4096 by default, at least 4 */
export function createLineSplitter({ longestLineBytes = 4096 } = {}): LineSplitter {
  const limit = Math.max(4, longestLineBytes);
  const held = Buffer.alloc(limit);
  let heldBytes = 0;
  let isAfterCr = false;

  /** Takes the bytes of a line that are there, and gives whole pieces as long as there are too many. */
  function hold(bytes: Buffer, lines: string[]): void {
    let from = 0;
    while (heldBytes + bytes.length - from > limit) {
      const taken = limit - heldBytes;
      bytes.copy(held, heldBytes, from, from + taken);
      from += taken;
      const cut = startOfLastCharacter(held);
      lines.push(held.toString('utf8', 0, cut));
      held.copyWithin(0, cut);
      heldBytes = limit - cut;
    }
    bytes.copy(held, heldBytes, from);
    heldBytes += bytes.length - from;
  }

  return {
    push(bytes) {
      const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const lines: string[] = [];
      let start = 0;
      for (let at = 0; at < chunk.length; at++) {
        const byte = chunk[at];
        if (byte !== LF && byte !== CR) continue;
        if (byte === LF && at === start && heldBytes === 0 && isAfterCr) {
          // the second half of a CR LF
          isAfterCr = false;
          start = at + 1;
          continue;
        }
        if (heldBytes === 0 && at - start <= limit) {
          lines.push(chunk.toString('utf8', start, at));
        } else {
          hold(chunk.subarray(start, at), lines);
          lines.push(held.toString('utf8', 0, heldBytes));
          heldBytes = 0;
        }
        isAfterCr = byte === CR;
        start = at + 1;
      }
      if (start < chunk.length) {
        hold(chunk.subarray(start), lines);
        isAfterCr = false;
      }
      return lines;
    },
    flush() {
      if (heldBytes === 0) return undefined;
      const text = held.toString('utf8', 0, heldBytes);
      heldBytes = 0;
      return text;
    },
  };
}

/** Where to cut a full buffer: behind its last byte, or before a UTF-8 character that goes on after it. */
function startOfLastCharacter(bytes: Buffer): number {
  for (let back = 1; back <= 3; back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) break;
    if (byte >= 0xc0)
      return byte >= 0xf0 || (byte >= 0xe0 && back < 3) || back < 2 ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}
