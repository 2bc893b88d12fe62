import type { CrashReport } from './crash-report.ts';
import type { AddressIndex, SourceFrame } from './elf/address-index.ts';
import { insideOfCall, isReturnAddress } from './return-address.ts';
import { ownSourcePath } from './source-path.ts';
import { unwindStack } from './unwind-stack.ts';

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
const STACK_LINE = /^([0-9a-f]{8}):((?: +0x[0-9a-f]{8})+)\s*$/;

/** Where a crash happened and how the program came there.
 *
 * Xtensa prints its call chain itself: each address, also the first, is 3 less than the one the call returns to, and so already inside of the
 * call. The first one is replaced by the exact register. RISC-V prints registers and the stack, unless the firmware was told to print the
 * chain as well: the callers are found by the rules of `.debug_frame`; where these end, what else may be a return address is marked as a
 * guess.
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
  const memory = stackMemory(crash);
  const task = { pc: pc ?? 0, registers: riscvRegisters(crash), stackAddress: memory.address, stack: memory.words };
  const callers = unwindStack(index, task);
  const unwound = callers.map(({ returnAddress, word }) => {
    return frameOf(returnAddress, word === undefined ? 'ra' : 'stack', false, index.lookup(returnAddress - 1));
  });
  const last = callers.at(-1);
  if (last !== undefined) {
    // beyond what was unwound; a function that calls none leaves its caller in the register, and others may have saved it
    const rest = memory.words.slice(last.stackIndex);
    return [...top, ...unwound, ...guesses(index, rest, last.word === undefined ? last.returnAddress : undefined)];
  }
  const ra = registerOf(crash, 'RA');
  if (ra === undefined || !isReturnAddress(index, ra)) return [...top, ...guesses(index, memory.words, undefined)];
  const found = index.lookup(ra - 1);
  // inside of the function that crashed, it is what an earlier call left there
  const isLeftOver = sameFunction(found, top[0]?.frames ?? []);
  return [...top, frameOf(ra, 'ra', isLeftOver, found), ...guesses(index, memory.words, ra)];
}

/** Words of a stack that follow a call in the code.
 * @param known the first one of this value is where a register was saved */
function guesses(index: AddressIndex, words: readonly number[], known: number | undefined): DecodedFrame[] {
  const frames: DecodedFrame[] = [];
  let saved = known;
  for (const word of words) {
    if (frames.length === MOST_STACK_FRAMES) break;
    if (word === saved) saved = undefined;
    else if (isReturnAddress(index, word)) {
      const found = index.lookup(word - 1);
      if (found.length > 0) frames.push(frameOf(word, 'stack', true, found));
    }
  }
  return frames;
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

/** The stack dump: where it begins, and its words from there on. */
function stackMemory(crash: CrashReport): { readonly address: number; readonly words: readonly number[] } {
  const start = crash.lines.findIndex((line) => line.startsWith('Stack memory:'));
  const words: number[] = [];
  let address: number | undefined;
  for (const line of start < 0 ? [] : crash.lines.slice(start + 1)) {
    const found = STACK_LINE.exec(line);
    if (found?.[1] === undefined || found[2] === undefined) break;
    address ??= Number.parseInt(found[1], 16);
    // a line that was lost on the way would move all that follows
    if (Number.parseInt(found[1], 16) !== address + words.length * 4) break;
    words.push(
      ...found[2]
        .trim()
        .split(/ +/)
        .map((word) => Number.parseInt(word, 16)),
    );
  }
  return { address: address ?? 0, words };
}

/** Names of the registers in the order of their numbers, from `x1` on. @see ESP-IDF v5.5 riscv `panic_arch.c`, `desc` */
const RISCV_REGISTERS = [
  ...['RA', 'SP', 'GP', 'TP', 'T0', 'T1', 'T2', 'S0/FP', 'S1', 'A0', 'A1', 'A2', 'A3', 'A4', 'A5', 'A6', 'A7'],
  ...['S2', 'S3', 'S4', 'S5', 'S6', 'S7', 'S8', 'S9', 'S10', 'S11', 'T3', 'T4', 'T5', 'T6'],
];

function riscvRegisters(crash: CrashReport): ReadonlyMap<number, number> {
  return new Map(
    RISCV_REGISTERS.flatMap((name, at) => {
      const value = registerOf(crash, name);
      return value === undefined ? [] : [[at + 1, value] as const];
    }),
  );
}
