import { ByteReader } from '../base/byte-reader.ts';
import { isMapped, type ChipProfile } from './chip-profile.ts';
import { HEADER_BYTES, readHeader } from './image-in-flash.ts';

/** Where a simulated application reads through a null pointer, and the way there. */
export interface CrashSite {
  /** Address of the load. */
  readonly pc: number;
  /** Where each caller goes on after its call, the innermost first. */
  readonly returnAddresses: readonly number[];
}

const MOST_SEGMENTS = 16;
/** How far from the start of the code the way is looked for. */
const MOST_CODE_BYTES = 0x4000;
const MOST_CALLERS = 8;

interface Instruction {
  readonly address: number;
  readonly length: number;
  readonly isLoad: boolean;
  readonly callTarget?: number;
}

/** Derives a crash from the image itself, as nothing of it is executed. The application crashes at the first load instruction of its
 * flash-mapped code, in the function that begins there. Its caller is what holds the first call of that function behind it; the function
 * that this one is in begins where the next call leads, and so on. The images of the examples are laid out so that this leads from
 * `main_task` through `app_main()` to a line of theirs; in others it ends somewhere in their first code.
 * @param image from its header on, at least up to its code
 * @see The RISC-V Instruction Set Manual, Volume I; Xtensa ISA Reference Manual, chapter 6: `L32I`, `CALL8` */
export function crashSite(image: Uint8Array, profile: ChipProfile): CrashSite | undefined {
  const code = flashMappedCode(image, profile);
  if (code === undefined) return undefined;
  const instructions = disassemble(code.bytes, code.address, profile.isRiscV);
  const load = instructions.find(({ isLoad }) => isLoad);
  const pc = load?.address ?? code.address;
  const returnAddresses: number[] = [];
  let called = { from: code.address, to: code.address };
  for (const { address, length, callTarget } of instructions) {
    if (callTarget === undefined || address < pc || returnAddresses.length === MOST_CALLERS) continue;
    // the first call leads to the function that crashes, each further one to the function that the one before is in
    const isFirst = returnAddresses.length === 0;
    const leadsThere = isFirst ? callTarget === code.address : callTarget > called.from && callTarget <= called.to;
    if (!leadsThere) continue;
    called = { from: isFirst ? pc : called.to, to: address };
    returnAddresses.push(address + length);
  }
  return { pc, returnAddresses };
}

/** Of the segments that are mapped from flash, the first has the read-only data, the second the code. */
function flashMappedCode(image: Uint8Array, profile: ChipProfile): { bytes: Uint8Array; address: number } | undefined {
  const header = readHeader(image);
  if (header === undefined) return undefined;
  const reader = new ByteReader(image);
  const mapped: { bytes: Uint8Array; address: number }[] = [];
  let at = HEADER_BYTES;
  for (let left = Math.min(header.segmentCount, MOST_SEGMENTS); left > 0 && at + 8 <= image.length; left--) {
    const [address, length] = [reader.u32(at), reader.u32(at + 4)];
    const bytes = image.subarray(at + 8, Math.min(at + 8 + length, at + 8 + MOST_CODE_BYTES, image.length));
    if (isMapped(profile, address) && bytes.length > 0) mapped.push({ bytes, address });
    at += 8 + length;
  }
  return mapped[1] ?? mapped[0];
}

function disassemble(bytes: Uint8Array, start: number, isRiscV: boolean): Instruction[] {
  const instructions: Instruction[] = [];
  const byte = (at: number): number => bytes[at] ?? 0;
  let at = 0;
  while (at + 4 <= bytes.length) {
    const address = start + at;
    const word = byte(at) + byte(at + 1) * 0x100 + byte(at + 2) * 0x10000;
    const instruction = isRiscV
      ? riscvInstruction(address, word + byte(at + 3) * 0x1000000)
      : xtensaInstruction(address, word);
    instructions.push(instruction);
    at += instruction.length;
  }
  return instructions;
}

function riscvInstruction(address: number, word: number): Instruction {
  if ((word & 3) !== 3) return { address, length: 2, isLoad: false };
  const isCall = (word & 0xfff) === 0x0ef;
  if (!isCall) return { address, length: 4, isLoad: (word & 0x7f) === 0x03 };
  const by =
    ((word >> 31) << 20) |
    (((word >>> 12) & 0xff) << 12) |
    (((word >>> 20) & 1) << 11) |
    (((word >>> 21) & 0x3ff) << 1);
  return { address, length: 4, isLoad: false, callTarget: address + by };
}

function xtensaInstruction(address: number, word: number): Instruction {
  if ((word & 0x8) !== 0) return { address, length: 2, isLoad: false };
  const isCall = (word & 0x3f) === 0x25;
  if (!isCall) return { address, length: 3, isLoad: (word & 0xf00f) === 0x2002 };
  // 18 bits with a sign, in words
  const by = ((word << 8) >> 14) * 4;
  return { address, length: 3, isLoad: false, callTarget: address - (address % 4) + 4 + by };
}
