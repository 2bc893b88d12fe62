import type { Budget } from './budget.ts';
import type { DebugSections } from './debug-sections.ts';
import { rangesOf } from './ranges.ts';
import type { SectionCursor } from './section-cursor.ts';
import { AT, highOf, skipAny, type Unit } from './units.ts';

/** @see DWARF 5 §7.5.3 table 7.3 */
const TAG = {
  classType: 0x02,
  entryPoint: 0x03,
  enumerationType: 0x04,
  structureType: 0x13,
  subroutineType: 0x15,
  unionType: 0x17,
  inlinedSubroutine: 0x1d,
  subprogram: 0x2e,
  interfaceType: 0x38,
} as const;
const AT_SIBLING = 0x01;
const NO_FUNCTION = -1;

/** A function that has code of its own, or one that was inlined into another. */
export interface FunctionEntry {
  /** Offset of its entry in `.debug_info`; its name is found from there. */
  readonly offset: number;
  /** Index of the function around it, -1 for none. */
  readonly caller: number;
  readonly isInlined: boolean;
  /** Where it was called from, for an inlined one; 0 where the compiler did not say. */
  readonly callFile: number;
  readonly callLine: number;
  readonly callColumn: number;
}

export interface FunctionTable {
  /** The function at an address and those that it was inlined into, the innermost first; empty when there is none. */
  readonly find: (address: number) => readonly FunctionEntry[];
}

/** The functions of a unit that have addresses.
 * @throws {OtaError} `elf.truncated`, `elf.malformed`, `elf.tooComplex` */
export function readFunctions(debug: DebugSections, unit: Unit, budget: Budget): FunctionTable {
  const functions: FunctionEntry[] = [];
  const lows: number[] = [];
  const highs: number[] = [];
  const owners: number[] = [];
  // the function around each level of entries
  const around: number[] = [];
  let current = NO_FUNCTION;
  const cursor = debug.open('.debug_info').from(unit.entries, unit.end);
  while (!cursor.isAtEnd) {
    const offset = cursor.at;
    const code = cursor.uleb();
    budget.spend(1, cursor);
    if (code === 0) {
      current = around.pop() ?? NO_FUNCTION;
      if (around.length === 0) break;
      continue;
    }
    const abbreviation = unit.abbreviations.get(code, budget);
    const { tag, hasChildren, names, forms, constants } = abbreviation;
    let entered = current;
    if (tag === TAG.subprogram || tag === TAG.inlinedSubroutine || tag === TAG.entryPoint) {
      budget.spend(names.length, cursor);
      const found = {
        offset,
        caller: current,
        isInlined: tag === TAG.inlinedSubroutine,
        callFile: 0,
        callLine: 0,
        callColumn: 0,
      };
      let low = Number.NaN;
      let high = Number.NaN;
      let highForm = 0;
      let list = Number.NaN;
      let listForm = 0;
      for (let index = 0; index < names.length; index++) {
        const form = forms[index] ?? 0;
        const constant = constants[index] ?? 0;
        switch (names[index]) {
          case AT.lowPc:
            low = debug.number(cursor, form, constant, unit);
            break;
          case AT.highPc:
            high = debug.number(cursor, form, constant, unit);
            highForm = form;
            break;
          case AT.ranges:
            list = debug.number(cursor, form, constant, unit);
            listForm = form;
            break;
          case AT.callFile:
            found.callFile = debug.number(cursor, form, constant, unit);
            break;
          case AT.callLine:
            found.callLine = debug.number(cursor, form, constant, unit);
            break;
          case AT.callColumn:
            found.callColumn = debug.number(cursor, form, constant, unit);
            break;
          default:
            skipAny(cursor, form, unit);
        }
      }
      entered = functions.length;
      functions.push(found);
      if (!Number.isNaN(list)) {
        for (const range of rangesOf(debug, unit, list, listForm, budget)) {
          lows.push(range.low);
          highs.push(range.high);
          owners.push(entered);
        }
      } else if (!Number.isNaN(low) && !Number.isNaN(high)) {
        lows.push(low);
        highs.push(highOf(low, high, highForm));
        owners.push(entered);
      }
    } else if (abbreviation.fixedBytes >= 0 && !(hasChildren && abbreviation.hasSibling)) {
      cursor.take(abbreviation.fixedBytes);
    } else {
      budget.spend(names.length, cursor);
      const sibling = skipEntry(debug, cursor, unit, names, forms, constants);
      // types have no functions with addresses inside of them
      if (hasChildren && TYPES.has(tag) && sibling > cursor.at && sibling <= unit.end) {
        cursor.at = sibling;
        continue;
      }
    }
    if (hasChildren) {
      around.push(current);
      current = entered;
    } else if (around.length === 0) break;
  }

  return {
    find: (address) => {
      let best = NO_FUNCTION;
      let bestSize = Number.POSITIVE_INFINITY;
      for (let index = 0; index < lows.length; index++) {
        const low = lows[index] ?? 0;
        const high = highs[index] ?? 0;
        // what is inside of another is smaller, and stands behind it
        if (address >= low && address < high && high - low <= bestSize) {
          best = owners[index] ?? NO_FUNCTION;
          bestSize = high - low;
        }
      }
      const chain: FunctionEntry[] = [];
      for (let entry = functions[best]; entry !== undefined; entry = functions[entry.caller]) {
        chain.push(entry);
        if (!entry.isInlined) break;
      }
      return chain;
    },
  };
}

const TYPES: ReadonlySet<number> = new Set([
  TAG.classType,
  TAG.enumerationType,
  TAG.structureType,
  TAG.subroutineType,
  TAG.unionType,
  TAG.interfaceType,
]);

/** Moves over the attributes of an entry. Gives where its sibling begins, 0 when it does not say. */
function skipEntry(
  debug: DebugSections,
  cursor: SectionCursor,
  unit: Unit,
  names: readonly number[],
  forms: readonly number[],
  constants: readonly number[],
): number {
  let sibling = 0;
  for (let index = 0; index < names.length; index++) {
    const form = forms[index] ?? 0;
    if (names[index] === AT_SIBLING) sibling = debug.number(cursor, form, constants[index] ?? 0, unit);
    else skipAny(cursor, form, unit);
  }
  return sibling;
}
