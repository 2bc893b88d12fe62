/** A canonical Huffman code as a table over the next bits of the input: `length << 16 | symbol`, 0 for bit patterns that stand for nothing. */
export interface Code {
  readonly table: Int32Array;
  readonly longestBits: number;
}

/** The input ended inside a symbol. */
export const NEEDS_MORE = -1;
/** The bits stand for no symbol. */
export const BAD_SYMBOL = -2;

function reversed(value: number, bits: number): number {
  let result = 0;
  for (let bit = 0; bit < bits; bit++) result |= ((value >>> bit) & 1) << (bits - 1 - bit);
  return result;
}

/** The code with these lengths (0 for a symbol that does not occur), or undefined when they ask for more codes than there are.
 * @see RFC 1951 section 3.2.2 */
export function buildCode(lengths: Uint8Array): Code | undefined {
  const counts = new Uint16Array(16);
  for (const length of lengths) if (length > 0) counts[length] = (counts[length] ?? 0) + 1;
  let longestBits = 1;
  const next = new Uint32Array(17);
  for (let bits = 1; bits <= 15; bits++) {
    next[bits + 1] = ((next[bits] ?? 0) + (counts[bits] ?? 0)) << 1;
    if ((counts[bits] ?? 0) > 0) longestBits = bits;
    if ((next[bits] ?? 0) + (counts[bits] ?? 0) > 1 << bits) return undefined;
  }
  const table = new Int32Array(1 << longestBits);
  lengths.forEach((length, symbol) => {
    if (length === 0) return;
    const code = next[length] ?? 0;
    next[length] = code + 1;
    for (let at = reversed(code, length); at < table.length; at += 1 << length) table[at] = (length << 16) | symbol;
  });
  return { table, longestBits };
}

/** The symbol at a bit position, as `length << 16 | symbol`; {@link NEEDS_MORE} or {@link BAD_SYMBOL}. */
export function decodeSymbol(code: Code, input: Uint8Array, at: number): number {
  const byte = at >>> 3;
  const word = (input[byte] ?? 0) | ((input[byte + 1] ?? 0) << 8) | ((input[byte + 2] ?? 0) << 16);
  const entry = code.table[(word >>> (at & 7)) & ((1 << code.longestBits) - 1)] ?? 0;
  const left = input.length * 8 - at;
  if (entry === 0) return left < code.longestBits ? NEEDS_MORE : BAD_SYMBOL;
  return entry >>> 16 > left ? NEEDS_MORE : entry;
}

function fixed(lengths: readonly (readonly [count: number, length: number])[]): Code {
  const code = buildCode(Uint8Array.from(lengths.flatMap(([count, length]) => Array<number>(count).fill(length))));
  return code ?? { table: new Int32Array(2), longestBits: 1 };
}

/** @see RFC 1951 section 3.2.6 */
export const FIXED_LENGTHS = fixed([
  [144, 8],
  [112, 9],
  [24, 7],
  [8, 8],
]);
export const FIXED_DISTANCES = fixed([[32, 5]]);
