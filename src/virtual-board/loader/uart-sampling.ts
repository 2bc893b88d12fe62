const FRAME_BITS = 10;
/** Below this difference every bit is still sampled inside itself. */
const TOLERANCE = 0.03;

/** What a UART hears at one rate of bytes that were sent at another (8N1, one after the other): each falling edge begins a byte, which is sampled in
 * the middle of the bits the receiver expects. The same bytes within 3 %. */
export function heardAt(bytes: Uint8Array, sentBaud: number, heardBaud: number): Uint8Array {
  const bitTime = sentBaud / heardBaud;
  if (Math.abs(bitTime - 1) <= TOLERANCE) return bytes;
  const totalBits = bytes.length * FRAME_BITS;
  const level = (bit: number): number => {
    if (bit < 0 || bit >= totalBits) return 1;
    const position = bit % FRAME_BITS;
    if (position === 0) return 0;
    if (position === FRAME_BITS - 1) return 1;
    return ((bytes[(bit - position) / FRAME_BITS] ?? 0) >>> (position - 1)) & 1;
  };
  const heard: number[] = [];
  let at = 0;
  while (at < totalBits) {
    if (level(at) !== 0 || level(at - 1) !== 1 || level(Math.floor(at + bitTime / 2)) !== 0) {
      at++;
      continue;
    }
    let byte = 0;
    for (let bit = 0; bit < 8; bit++) byte |= level(Math.floor(at + (bit + 1.5) * bitTime)) << bit;
    heard.push(byte);
    at = Math.max(at + 1, Math.ceil(at + 9.5 * bitTime));
  }
  return Uint8Array.from(heard);
}
