import { isOtaError } from '../../base/ota-error.ts';
import { Budget } from './budget.ts';
import type { ElfFile } from './elf-file.ts';
import type { SectionCursor } from './section-cursor.ts';
import { lastAtMost } from './sorted.ts';
import { unitLength } from './units.ts';

/** How a function's caller is found from the registers and the stack. */
export interface CallFrame {
  /** The stack pointer of the caller: this register, this much further. */
  readonly stack: { readonly register: number; readonly offset: number };
  /** Registers that were saved: where, counted from the caller's stack pointer. Undefined: lost. */
  readonly saved: ReadonlyMap<number, number | undefined>;
  readonly returnRegister: number;
}

/** The rules at an address, or undefined where there are none that can be followed. Never throws. */
export type CallFrames = (address: number) => CallFrame | undefined;

const CIE_ID = 0xffffffff;
const MOST_REMEMBERED = 16;
const STEPS_PER_BYTE = 4;

/** @see DWARF 5 §7.24 */
const CFA = {
  setLoc: 0x01,
  advanceLoc1: 0x02,
  advanceLoc2: 0x03,
  advanceLoc4: 0x04,
  offsetExtended: 0x05,
  restoreExtended: 0x06,
  undefined: 0x07,
  sameValue: 0x08,
  rememberState: 0x0a,
  restoreState: 0x0b,
  defCfa: 0x0c,
  defCfaRegister: 0x0d,
  defCfaOffset: 0x0e,
  offsetExtendedSf: 0x11,
  defCfaSf: 0x12,
  defCfaOffsetSf: 0x13,
  gnuArgsSize: 0x2e,
} as const;

interface CommonInformation {
  readonly codeFactor: number;
  readonly dataFactor: number;
  readonly returnRegister: number;
  readonly instructions: SectionCursor;
}

interface State {
  register: number;
  offset: number;
  saved: Map<number, number | undefined>;
}

/** Reads `.debug_frame`: where each function's rules are at once, the rules when they are asked for.
 * @see DWARF 5 §6.4 */
export function readCallFrames(elf: ElfFile): CallFrames {
  const entries: { low: number; high: number; cie: number; from: number; end: number }[] = [];
  let section: SectionCursor;
  try {
    section = elf.open('.debug_frame');
  } catch (error) {
    if (isOtaError(error)) return () => undefined;
    throw error;
  }
  const frames = section;
  quietly(() => {
    while (!section.isAtEnd) {
      const { length, offsetSize } = unitLength(section);
      const end = section.at + length;
      section.take(length);
      if (offsetSize !== 4) continue;
      const cursor = section.from(end - length, end);
      const cie = cursor.u32();
      if (cie === CIE_ID) continue;
      const low = cursor.u32();
      const high = low + cursor.u32();
      if (elf.isCode(low) && high > low) entries.push({ low, high, cie, from: cursor.at, end });
    }
  });
  entries.sort((a, b) => a.low - b.low);
  const lows = Uint32Array.from(entries, ({ low }) => low);

  return (address) => {
    const entry = entries[lastAtMost(lows, address)];
    if (entry === undefined || address >= entry.high) return undefined;
    return quietly(() => {
      const common = readCommon(frames, entry.cie);
      const budget = new Budget(frames.bytes.length * STEPS_PER_BYTE + 1000);
      const initial: State = { register: 0, offset: 0, saved: new Map() };
      const before = run(common.instructions, common, initial, initial, entry.low, address, budget);
      const start: State = { ...before, saved: new Map(before.saved) };
      const { register, offset, saved } = run(
        frames.from(entry.from, entry.end),
        common,
        start,
        before,
        entry.low,
        address,
        budget,
      );
      return { stack: { register, offset }, saved, returnRegister: common.returnRegister };
    });
  };
}

/** The value, or undefined where the contents make none. */
function quietly<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch (error) {
    if (isOtaError(error)) return undefined;
    throw error;
  }
}

function readCommon(section: SectionCursor, offset: number): CommonInformation {
  const header = section.from(offset);
  const { length } = unitLength(header);
  const end = header.at + length;
  header.take(length);
  const cursor = section.from(end - length, end);
  if (cursor.u32() !== CIE_ID) throw cursor.malformed('commonInformation', offset);
  const version = cursor.u8();
  // what an augmentation adds is not known
  if (cursor.text() !== '') throw cursor.malformed('augmentation');
  if (version >= 4) cursor.take(2);
  const codeFactor = cursor.uleb();
  const dataFactor = cursor.sleb();
  const returnRegister = version === 1 ? cursor.u8() : cursor.uleb();
  return { codeFactor, dataFactor, returnRegister, instructions: cursor };
}

/** Carries out the rules up to an address. */
function run(
  cursor: SectionCursor,
  { codeFactor, dataFactor }: CommonInformation,
  state: State,
  initial: State,
  start: number,
  address: number,
  budget: Budget,
): State {
  const remembered: State[] = [];
  let current = state;
  let location = start;
  const restore = (register: number): void => {
    if (initial.saved.has(register)) current.saved.set(register, initial.saved.get(register));
    else current.saved.delete(register);
  };
  while (!cursor.isAtEnd) {
    budget.spend(1, cursor);
    const opcode = cursor.u8();
    const low = opcode & 0x3f;
    switch (opcode >>> 6) {
      case 1:
        location += low * codeFactor;
        if (location > address) return current;
        continue;
      case 2:
        current.saved.set(low, cursor.uleb() * dataFactor);
        continue;
      case 3:
        restore(low);
        continue;
      default:
    }
    switch (opcode) {
      case 0:
        break;
      case CFA.setLoc:
        location = cursor.u32();
        break;
      case CFA.advanceLoc1:
        location += cursor.u8() * codeFactor;
        break;
      case CFA.advanceLoc2:
        location += cursor.u16() * codeFactor;
        break;
      case CFA.advanceLoc4:
        location += cursor.u32() * codeFactor;
        break;
      case CFA.offsetExtended: {
        const register = cursor.uleb();
        current.saved.set(register, cursor.uleb() * dataFactor);
        break;
      }
      case CFA.offsetExtendedSf: {
        const register = cursor.uleb();
        current.saved.set(register, cursor.sleb() * dataFactor);
        break;
      }
      case CFA.restoreExtended:
        restore(cursor.uleb());
        break;
      case CFA.undefined:
        current.saved.set(cursor.uleb(), undefined);
        break;
      case CFA.sameValue:
        current.saved.delete(cursor.uleb());
        break;
      case CFA.rememberState:
        if (remembered.length === MOST_REMEMBERED) throw cursor.malformed('rememberedStates');
        budget.spend(current.saved.size, cursor);
        remembered.push({ ...current, saved: new Map(current.saved) });
        break;
      case CFA.restoreState: {
        const last = remembered.pop();
        if (last === undefined) throw cursor.malformed('rememberedStates');
        current = last;
        break;
      }
      case CFA.defCfa:
        current = { ...current, register: cursor.uleb(), offset: cursor.uleb() };
        break;
      case CFA.defCfaSf:
        current = { ...current, register: cursor.uleb(), offset: cursor.sleb() * dataFactor };
        break;
      case CFA.defCfaRegister:
        current = { ...current, register: cursor.uleb() };
        break;
      case CFA.defCfaOffset:
        current = { ...current, offset: cursor.uleb() };
        break;
      case CFA.defCfaOffsetSf:
        current = { ...current, offset: cursor.sleb() * dataFactor };
        break;
      case CFA.gnuArgsSize:
        cursor.skipLeb();
        break;
      default:
        // expressions: what they compute is not known
        throw cursor.malformed('callFrameInstruction');
    }
    if (location > address) return current;
  }
  return current;
}
