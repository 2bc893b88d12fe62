import { promisify } from 'node:util';
import { constants, createInflate, deflate } from 'node:zlib';

const deflateAsync = promisify(deflate);

/** A last block that holds nothing but the end of the stream is refused by the stub: whatever is larger than that has bytes of the image, too. */
const SMALLEST_LAST_BLOCK = 64;

/** Of what is unpacked at once; zlib takes no smaller ones. */
const SMALLEST_CHUNK = 64;
const LARGEST_CHUNK = 256 * 1024;

export interface Block {
  readonly bytes: Uint8Array;
  /** Of the image, once this block is unpacked; counted from the start of the stream. */
  readonly unpackedEnd: number;
}

export interface CompressedRun {
  readonly blocks: readonly Block[];
  readonly compressedBytes: number;
}

const ahead = new WeakMap<Uint8Array, Promise<Uint8Array>>();

function pack(bytes: Uint8Array): Promise<Uint8Array> {
  return deflateAsync(bytes, { level: constants.Z_BEST_COMPRESSION, memLevel: 9 });
}

/** Begins to compress an image that is likely to be written whole, while there is something else to wait for. */
export function compressAhead(bytes: Uint8Array): void {
  if (ahead.has(bytes)) return;
  const packed = pack(bytes);
  packed.catch(() => undefined);
  ahead.set(bytes, packed);
}

/** A piece of an image as one zlib stream of the best level, in blocks. The work is done on threads of their own. */
export async function compressRun(bytes: Uint8Array, blockBytes: number): Promise<CompressedRun> {
  const packed = await (ahead.get(bytes) ?? pack(bytes));
  const parts: Uint8Array[] = [];
  for (let at = 0; at < packed.length;) {
    const rest = packed.length - at;
    const isTailTiny = rest > blockBytes && rest < blockBytes + SMALLEST_LAST_BLOCK;
    const size = Math.min(rest, isTailTiny ? blockBytes - SMALLEST_LAST_BLOCK : blockBytes);
    parts.push(packed.subarray(at, at + size));
    at += size;
  }
  const ends = await unpackedEnds(parts, bytes.length);
  return {
    blocks: parts.map((part, index) => ({ bytes: part, unpackedEnd: ends[index] ?? bytes.length })),
    compressedBytes: packed.length,
  };
}

/** How far each block reaches when unpacked, from which its time at the chip and the place to take up again follow (esptool-js 0.7 defect: it
 * unpacks a byte at a time, and while the line waits). */
async function unpackedEnds(parts: readonly Uint8Array[], lengthBytes: number): Promise<number[]> {
  const inflate = createInflate({ chunkSize: Math.min(LARGEST_CHUNK, Math.max(SMALLEST_CHUNK, lengthBytes)) });
  let total = 0;
  inflate.on('data', (chunk: Buffer) => {
    total += chunk.length;
  });
  const ends: number[] = [];
  const pushed = (part: Uint8Array): Promise<void> =>
    new Promise((resolve, reject) => {
      inflate.once('error', reject);
      inflate.write(part, () => {
        inflate.off('error', reject);
        resolve();
      });
    });
  for (const part of parts) {
    await pushed(part);
    ends.push(total);
  }
  inflate.destroy();
  return ends;
}
