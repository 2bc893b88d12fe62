import { loadedBytes, type ElfFile } from './elf/elf-file.ts';

/** Whether the instruction before this address is a call that links through `ra`, so that the address can be one that a RISC-V function
 * returns to.
 * @see The RISC-V Instruction Set Manual, Volume I: `jal`, `jalr`, `c.jal` (RV32), `c.jalr` */
export function isReturnAddress(elf: ElfFile, address: number): boolean {
  if (address % 2 !== 0 || address < 4) return false;
  const before = loadedBytes(elf, address - 4, 4);
  if (before === undefined) {
    const two = loadedBytes(elf, address - 2, 2);
    return two !== undefined && isCompressedCall(halfword(two, 0));
  }
  const word = halfword(before, 0) + halfword(before, 2) * 0x10000;
  const opcode = word & 0x7f;
  const linksToRa = ((word >>> 7) & 0x1f) === 1;
  const isJal = opcode === 0x6f;
  const isJalr = opcode === 0x67 && ((word >>> 12) & 7) === 0;
  return (linksToRa && (isJal || isJalr)) || isCompressedCall(halfword(before, 2));
}

/** An address of the call that a printed RISC-V caller stands for: unwinding by frame pointers prints return addresses, by `.eh_frame` what
 * lies 2 before them.
 * @see ESP-IDF v5.5 `fp_unwind.c`, `eh_frame_parser.c` */
export function insideOfCall(elf: ElfFile, address: number): number {
  return isReturnAddress(elf, address) && !isReturnAddress(elf, address + 2) ? address - 1 : address;
}

function isCompressedCall(half: number): boolean {
  const isJal = (half & 0xe003) === 0x2001;
  // with no register it is ebreak
  const isJalr = (half & 0xf07f) === 0x9002 && (half & 0x0f80) !== 0;
  return isJal || isJalr;
}

function halfword(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) + (bytes[at + 1] ?? 0) * 0x100;
}
