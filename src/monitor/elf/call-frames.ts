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
  /** How `.eh_frame` writes addresses: `DW_EH_PE_…`. */
  readonly encoding: number;
  /** Each function's entry has a length of more information in front of its rules. */
  readonly hasMore: boolean;
}

/** The rules of one function. */
interface FunctionRules {
  readonly low: number;
  readonly high: number;
  readonly common: CommonInformation;
  readonly rules: SectionCursor;
}

interface State {
  register: number;
  offset: number;
  saved: Map<number, number | undefined>;
}

/** Reads `.debug_frame` and `.eh_frame` (what is compiled with exceptions has only this one): where each function's rules are at once, the
 * rules when they are asked for.
 * @see DWARF 5 §6.4; Linux Standard Base 5.0, "Exception Frames" */
export function readCallFrames(elf: ElfFile): CallFrames {
  const entries = ['.debug_frame', '.eh_frame'].flatMap((name) => readEntries(elf, name));
  entries.sort((a, b) => a.low - b.low);
  const lows = Uint32Array.from(entries, ({ low }) => low);

  return (address) => {
    const entry = entries[lastAtMost(lows, address)];
    if (entry === undefined || address >= entry.high) return undefined;
    return quietly(() => {
      const { common, low } = entry;
      const rules = entry.rules.from(entry.rules.at, entry.rules.end);
      const budget = new Budget(rules.bytes.length * STEPS_PER_BYTE + 1000);
      const empty: State = { register: 0, offset: 0, saved: new Map() };
      const first = common.instructions.from(common.instructions.at, common.instructions.end);
      const initial = run(first, common, empty, empty, low, address, budget);
      const start: State = { ...initial, saved: new Map(initial.saved) };
      const { register, offset, saved } = run(rules, common, start, initial, low, address, budget);
      return { stack: { register, offset }, saved, returnRegister: common.returnRegister };
    });
  };
}

function readEntries(elf: ElfFile, name: string): FunctionRules[] {
  const entries: FunctionRules[] = [];
  const isEh = name === '.eh_frame';
  const base = elf.sections.find((section) => section.name === name)?.address ?? 0;
  const commons = new Map<number, CommonInformation>();
  quietly(() => {
    const section = elf.open(name);
    const commonAt = (offset: number): CommonInformation => {
      let common = commons.get(offset);
      if (common === undefined) {
        common = readCommon(section, offset, isEh);
        commons.set(offset, common);
      }
      return common;
    };
    while (!section.isAtEnd) {
      const { length, offsetSize } = unitLength(section);
      const end = section.at + length;
      section.take(length);
      // an empty one is the last of a linked file
      if (offsetSize !== 4 || length === 0) continue;
      const cursor = section.from(end - length, end);
      const at = cursor.at;
      const id = cursor.u32();
      if (id === (isEh ? 0 : CIE_ID)) continue;
      quietly(() => {
        const common = commonAt(isEh ? at - id : id);
        const low = isEh ? encodedAddress(cursor, common.encoding, base) : cursor.u32();
        const high = low + (isEh ? encodedAddress(cursor, common.encoding & 0x0f, 0) : cursor.u32());
        if (common.hasMore) cursor.take(cursor.uleb());
        if (elf.isCode(low) && high > low) entries.push({ low, high, common, rules: cursor });
      });
    }
  });
  return entries;
}

/** @see Linux Standard Base 5.0, "DWARF Exception Header Encoding" */
function encodedAddress(cursor: SectionCursor, encoding: number, base: number): number {
  const from = base + cursor.at;
  const format = encoding & 0x0f;
  let value: number;
  if (format === 0x00 || format === 0x03 || format === 0x0b) value = cursor.u32();
  else if (format === 0x02) value = cursor.u16();
  else if (format === 0x0a) value = (cursor.u16() << 16) >> 16;
  else throw cursor.malformed('pointerEncoding');
  const application = encoding & 0xf0;
  if (application !== 0 && application !== 0x10) throw cursor.malformed('pointerEncoding');
  return (application === 0x10 ? from + value : value) >>> 0;
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

function readCommon(section: SectionCursor, offset: number, isEh: boolean): CommonInformation {
  const header = section.from(offset);
  const { length } = unitLength(header);
  const end = header.at + length;
  header.take(length);
  const cursor = section.from(end - length, end);
  if (cursor.u32() !== (isEh ? 0 : CIE_ID)) throw cursor.malformed('commonInformation', offset);
  const version = cursor.u8();
  const augmentation = cursor.text();
  // what another augmentation adds is not known
  if (augmentation !== '' && !/^z[RPLSB]*$/.test(augmentation)) throw cursor.malformed('augmentation');
  if (version >= 4) cursor.take(2);
  const codeFactor = cursor.uleb();
  const dataFactor = cursor.sleb();
  const returnRegister = version === 1 ? cursor.u8() : cursor.uleb();
  let encoding = 0;
  if (augmentation !== '') {
    const more = cursor.uleb();
    const from = cursor.at;
    for (const letter of augmentation) {
      if (letter === 'R') encoding = cursor.u8();
      else if (letter === 'L') cursor.u8();
      else if (letter === 'P') encodedAddress(cursor, cursor.u8() & 0x0f, 0);
    }
    cursor.at = from;
    cursor.take(more);
  }
  const hasMore = augmentation !== '';
  return { codeFactor, dataFactor, returnRegister, instructions: cursor, encoding, hasMore };
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
