import type { AddressIndex } from './elf/address-index.ts';
import { readCallFrames } from './elf/call-frames.ts';
import { isReturnAddress } from './return-address.ts';

/** What a panic printed of a task. */
export interface StoppedTask {
  readonly pc: number;
  /** By their numbers: `x1` is the return address, `x2` the stack pointer. */
  readonly registers: ReadonlyMap<number, number>;
  /** Address of the first word of the dump. */
  readonly stackAddress: number;
  readonly stack: readonly number[];
}

export interface Caller {
  /** What the callee returns to. */
  readonly returnAddress: number;
  /** Index of the word of the stack that it was read from; undefined when it was still in its register. */
  readonly word?: number;
  /** The caller's stack pointer, as an index of the dump. */
  readonly stackIndex: number;
}

const STACK_POINTER = 2;
const MOST_CALLERS = 64;

/** The chain of calls that led to where a RISC-V task stopped, by the rules that the compiler left in `.debug_frame`; as far as they and the
 * printed part of the stack reach.
 * @see RISC-V ELF psABI, "DWARF Register Numbers" */
export function unwindStack(index: AddressIndex, task: StoppedTask): readonly Caller[] {
  const frames = readCallFrames(index.elf);
  const callers: Caller[] = [];
  let registers = new Map(task.registers);
  let address = task.pc;
  while (callers.length < MOST_CALLERS) {
    const rules = frames(address);
    const base = rules === undefined ? undefined : registers.get(rules.stack.register);
    const before = registers.get(STACK_POINTER);
    if (rules === undefined || base === undefined || before === undefined) break;
    const stackPointer = base + rules.stack.offset;
    const wordAt = (offset: number): number => (stackPointer + offset - task.stackAddress) / 4;
    const next = new Map(registers);
    for (const [register, offset] of rules.saved) {
      const value = offset === undefined ? undefined : task.stack[wordAt(offset)];
      if (value === undefined) next.delete(register);
      else next.set(register, value);
    }
    next.set(STACK_POINTER, stackPointer);
    const returnAddress = next.get(rules.returnRegister);
    const savedAt = rules.saved.get(rules.returnRegister);
    // only the function that stopped may still have it in its register, and each caller's frame lies above
    const isFirst = callers.length === 0;
    const isProgress = stackPointer > before || (isFirst && stackPointer === before);
    if (returnAddress === undefined || !isProgress || (savedAt === undefined && !isFirst)) break;
    if (!isReturnAddress(index, returnAddress)) break;
    callers.push({
      returnAddress,
      stackIndex: wordAt(0),
      ...(savedAt === undefined ? {} : { word: wordAt(savedAt) }),
    });
    // a caller's rules are those inside of its call
    address = returnAddress - 1;
    registers = next;
  }
  return callers;
}
