import type { LoaderKnobs } from './loader-knobs.ts';

/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/** Bit errors and lost bytes of one direction of a line. */
export class LineDamage {
  readonly #salt: number;
  #knobs: LoaderKnobs = {};
  #random: () => number;

  /** The salt keeps two directions of one seed apart. */
  constructor(salt: number) {
    this.#salt = salt;
    this.#random = seededRandom(salt);
  }

  turn(knobs: LoaderKnobs): void {
    this.#knobs = knobs;
    this.#random = seededRandom((knobs.noiseSeed ?? 1) * 2 + this.#salt);
  }

  /** The bytes themselves when the line is good, otherwise a copy. */
  pass(bytes: Uint8Array): Uint8Array {
    const { bitErrorRate = 0, lostByteRate = 0 } = this.#knobs;
    if (bitErrorRate <= 0 && lostByteRate <= 0) return bytes;
    const byteErrorRate = 1 - (1 - bitErrorRate) ** 8;
    const passed: number[] = [];
    for (const byte of bytes) {
      if (lostByteRate > 0 && this.#random() < lostByteRate) continue;
      const isHit = byteErrorRate > 0 && this.#random() < byteErrorRate;
      passed.push(isHit ? byte ^ (1 << Math.floor(this.#random() * 8)) : byte);
    }
    return Uint8Array.from(passed);
  }
}
