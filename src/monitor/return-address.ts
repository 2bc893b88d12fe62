import type { AddressIndex } from './elf/address-index.ts';
import { loadedBytes, type ElfFile } from './elf/elf-file.ts';

/** Instructions before the address are looked at from the start of its function on, at most so many bytes. */
const MOST_FUNCTION_BYTES = 0x10000;

/** Whether the instruction before this address is a call that links through `ra`, so that the address can be one that a RISC-V function
 * returns to. Instructions have 2 or 4 bytes: where they begin is known from the start of the function, as far as there is a symbol for it.
 * @see The RISC-V Instruction Set Manual, Volume I: `jal`, `jalr`, `c.jal` (RV32), `c.jalr` */
export function isReturnAddress({ elf, functionStart }: AddressIndex, address: number): boolean {
  if (address % 2 !== 0 || address < 4 || !endsWithCall(elf, address)) return false;
  const start = functionStart(address - 1);
  if (start === undefined || address - start > MOST_FUNCTION_BYTES) return true;
  const code = loadedBytes(elf, start, address - start);
  if (code === undefined) return true;
  let at = 0;
  let before = 0;
  while (at < code.length) {
    before = at;
    at += isLong(code, at) ? 4 : 2;
  }
  return at === code.length && (isLong(code, before) ? isCall(code, before) : isCompressedCall(halfword(code, before)));
}

/** An address of the call that a printed RISC-V caller stands for: unwinding by frame pointers prints return addresses, by `.eh_frame` what
 * lies 2 before them.
 * @see ESP-IDF v5.5 `fp_unwind.c`, `eh_frame_parser.c` */
export function insideOfCall(index: AddressIndex, address: number): number {
  return isReturnAddress(index, address) ? address - 1 : address;
}

/** Whether the last 2 or 4 bytes could be a call, wherever the instructions begin. */
function endsWithCall(elf: ElfFile, address: number): boolean {
  const bytes = loadedBytes(elf, address - 4, 4) ?? loadedBytes(elf, address - 2, 2);
  if (bytes === undefined) return false;
  return isCompressedCall(halfword(bytes, bytes.length - 2)) || (bytes.length === 4 && isCall(bytes, 0));
}

function isCall(bytes: Uint8Array, at: number): boolean {
  const low = halfword(bytes, at);
  const linksToRa = ((low >>> 7) & 0x1f) === 1;
  const isJal = (low & 0x7f) === 0x6f;
  const isJalr = (low & 0x7f) === 0x67 && ((low >>> 12) & 7) === 0;
  return linksToRa && (isJal || isJalr);
}

function isLong(bytes: Uint8Array, at: number): boolean {
  return (halfword(bytes, at) & 3) === 3;
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
