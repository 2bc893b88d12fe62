import type { CrashReport } from './crash-report.ts';
import type { AddressIndex, SourceFrame } from './elf/address-index.ts';
import { insideOfCall, isReturnAddress } from './return-address.ts';
import { ownSourcePath } from './source-path.ts';

export interface DecodedFrame {
  /** As the board printed it. */
  readonly address: number;
  readonly from: 'pc' | 'backtrace' | 'ra' | 'stack';
  /** It only looks like a caller: a value that lay on the stack, or a register that may be left over from an earlier call. */
  readonly isGuess: boolean;
  /** Innermost inlined function first; empty where the ELF file has no code. */
  readonly frames: readonly SourceFrame[];
}

export interface DecodedCrash {
  /** Innermost call first. */
  readonly frames: readonly DecodedFrame[];
}

/** Deeper than real stacks, which are 8 KB. */
const MOST_STACK_FRAMES = 32;
const STACK_LINE = /^[0-9a-f]{8}:((?: +0x[0-9a-f]{8})+)\s*$/;

/** Where a crash happened and how the program came there.
 *
 * Xtensa prints its call chain itself: each address, also the first, is 3 less than the one the call returns to, and so already inside of the
 * call. The first one is replaced by the exact register. RISC-V prints registers and the stack: what of it may be a return address is marked
 * as a guess, unless the firmware was told to print the chain as well.
 * @see ESP-IDF v5.5 `esp_cpu_utils.h` (`esp_cpu_process_stack_pc`), `fp_unwind.c`, `eh_frame_parser.c`, `panic_arch.c` */
export function decodeCrash(
  crash: CrashReport,
  index: AddressIndex,
  { isRiscV }: { readonly isRiscV: boolean },
): DecodedCrash {
  return { frames: isRiscV ? riscvFrames(crash, index) : xtensaFrames(crash, index) };
}

/** The innermost place in a file of the project's own; what is no guess comes first. Its path is absolute, with forward slashes. */
export function firstOwnFrame(decoded: DecodedCrash, projectFolder: string): SourceFrame | undefined {
  const certainFirst = [...decoded.frames].sort((a, b) => Number(a.isGuess) - Number(b.isGuess));
  for (const { frames } of certainFirst) {
    for (const frame of frames) {
      const path = frame.file === undefined ? undefined : ownSourcePath(frame.file, projectFolder);
      if (path !== undefined && frame.line !== undefined) return { ...frame, file: path };
    }
  }
  return undefined;
}

function xtensaFrames(crash: CrashReport, index: AddressIndex): DecodedFrame[] {
  const pc = registerOf(crash, 'PC');
  const backtrace = crash.backtrace.map((frame) => Number.parseInt(frame.pc, 16));
  const frames: DecodedFrame[] = [];
  if (pc !== undefined) frames.push(frameOf(pc, 'pc', false, index.lookup(pc)));
  const callers = pc !== undefined && backtrace[0] === asCodeAddress(pc) - 3 ? backtrace.slice(1) : backtrace;
  frames.push(...callers.map((address) => frameOf(address, 'backtrace', false, index.lookup(address))));
  const a0 = registerOf(crash, 'A0');
  if (callers.length === 0 && a0 !== undefined) {
    const found = index.lookup(asCodeAddress(a0) - 3);
    if (found.length > 0) frames.push(frameOf(a0, 'ra', true, found));
  }
  return frames;
}

/** The two upper bits of a return address say by how much the register window moves. @see Xtensa ISA, "Windowed Register Option" */
function asCodeAddress(returnAddress: number): number {
  return returnAddress >= 0x80000000 ? (returnAddress % 0x40000000) + 0x40000000 : returnAddress;
}

function riscvFrames(crash: CrashReport, index: AddressIndex): DecodedFrame[] {
  const pc = registerOf(crash, 'MEPC');
  const backtrace = crash.backtrace.map((frame) => Number.parseInt(frame.pc, 16));
  const first = pc ?? backtrace[0];
  const top = first === undefined ? [] : [frameOf(first, 'pc', false, index.lookup(first))];
  if (backtrace.length > 1) {
    const callers = backtrace.slice(1).map((address) => {
      return frameOf(address, 'backtrace', false, index.lookup(insideOfCall(index, address)));
    });
    return [...top, ...callers];
  }
  const ra = registerOf(crash, 'RA');
  const isRaCall = ra !== undefined && isReturnAddress(index, ra);
  if (isRaCall) {
    const found = index.lookup(ra - 1);
    // inside of the function that crashed, it is what an earlier call left there
    const isLeftOver = sameFunction(found, top[0]?.frames ?? []);
    top.push(frameOf(ra, 'ra', isLeftOver, found));
  }
  const guesses: DecodedFrame[] = [];
  let isSavedRa = isRaCall;
  for (const word of stackWords(crash)) {
    if (guesses.length === MOST_STACK_FRAMES) break;
    // a function that calls none has not saved it, others have
    if (isSavedRa && word === ra) isSavedRa = false;
    else if (isReturnAddress(index, word)) {
      const found = index.lookup(word - 1);
      if (found.length > 0) guesses.push(frameOf(word, 'stack', true, found));
    }
  }
  return [...top, ...guesses];
}

function sameFunction(a: readonly SourceFrame[], b: readonly SourceFrame[]): boolean {
  const [outerA, outerB] = [a.at(-1), b.at(-1)];
  return outerA !== undefined && outerA.function === outerB?.function;
}

function frameOf(
  address: number,
  from: DecodedFrame['from'],
  isGuess: boolean,
  frames: readonly SourceFrame[],
): DecodedFrame {
  return { address, from, isGuess, frames };
}

function registerOf(crash: CrashReport, name: string): number | undefined {
  const text = crash.registers[name];
  return text === undefined ? undefined : Number.parseInt(text, 16);
}

/** The words of the stack dump, from the top of the stack on. */
function stackWords(crash: CrashReport): number[] {
  const start = crash.lines.findIndex((line) => line.startsWith('Stack memory:'));
  if (start < 0) return [];
  const words: number[] = [];
  for (const line of crash.lines.slice(start + 1)) {
    const found = STACK_LINE.exec(line);
    if (found?.[1] === undefined) break;
    words.push(
      ...found[1]
        .trim()
        .split(/ +/)
        .map((word) => Number.parseInt(word, 16)),
    );
  }
  return words;
}
