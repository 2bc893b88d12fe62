import { isOtaError, type OtaError } from '../../base/ota-error.ts';
import { readAranges } from './arange-table.ts';
import { Budget } from './budget.ts';
import { debugSections } from './debug-sections.ts';
import { demangle } from './demangle.ts';
import type { ElfFile } from './elf-file.ts';
import { functionName } from './function-name.ts';
import { readFunctions, type FunctionEntry, type FunctionTable } from './functions.ts';
import { readLineTable, type LineTable } from './line-table.ts';
import { readSymbols, type SymbolTable } from './symbols.ts';
import type { AddressRange } from './ranges.ts';
import { lastAtMost } from './sorted.ts';
import { readUnits, type Unit } from './units.ts';

/** A place in the source. */
export interface SourceFrame {
  /** As the source has it, in C++ with its classes and parameters; `??` where nothing is known. */
  readonly function: string;
  /** Path as the compiler saw it, joined to the directory it ran in where it is relative; `.` and `..` stay in it. */
  readonly file?: string;
  /** From 1. */
  readonly line?: number;
  /** From 1. */
  readonly column?: number;
  /** The compiler put this function's code into that of the next frame. */
  readonly isInlined: boolean;
}

export interface AddressIndex {
  readonly elf: ElfFile;
  /** Where the instruction at this address comes from: the innermost inlined function first, the function that it became part of
   * last; empty for an address where no code of this file is. Never throws: what can't be read is left out, and told in `problems`. */
  readonly lookup: (address: number) => readonly SourceFrame[];
  /** Where the function that this address is in begins, as far as there is a symbol for it. */
  readonly functionStart: (address: number) => number | undefined;
  /** Units with code, and code symbols. */
  readonly unitCount: number;
  readonly symbolCount: number;
  /** What could not be read so far, at most {@link MOST_PROBLEMS}. */
  readonly problems: readonly OtaError[];
}

export const MOST_PROBLEMS = 20;
/** Units whose tables are kept. One crash touches some ten. */
const MOST_KEPT_UNITS = 256;
/** Steps per byte of the file, for one reading; real files need less than one. */
const STEPS_PER_BYTE = 8;
const LEAST_STEPS = 100_000;

/** The versions of C++. @see DWARF 5 §7.12 */
const MANGLED_LANGUAGES: ReadonlySet<number> = new Set([0x04, 0x1a, 0x21, 0x2b]);

interface UnitTables {
  readonly functions: FunctionTable | undefined;
  readonly lines: LineTable | undefined;
}

/** Prepares for looking up addresses: reads the symbols and where each compilation has its code. The rest is read, and kept, when an
 * address in it is looked up. */
export function createAddressIndex(elf: ElfFile): AddressIndex {
  const problems: OtaError[] = [];
  const budget = (): Budget => new Budget(elf.bytes.length * STEPS_PER_BYTE + LEAST_STEPS);

  /** The value, or undefined with the problem told. */
  function attempt<Value>(read: () => Value): Value | undefined {
    try {
      return read();
    } catch (error) {
      if (!isOtaError(error)) throw error;
      if (problems.length < MOST_PROBLEMS) problems.push(error);
      return undefined;
    }
  }

  const debug = debugSections(elf);
  const units = readUnits(debug, budget(), (error) => {
    if (problems.length < MOST_PROBLEMS) problems.push(error);
  });
  const symbols = attempt(() => readSymbols(elf));
  const aranges = units.some(({ ranges }) => ranges.length === 0)
    ? attempt(() => readAranges(debug, budget()))
    : undefined;
  const rangesOf = (unit: Unit): readonly AddressRange[] =>
    unit.ranges.length > 0 ? unit.ranges : (aranges?.get(unit.offset) ?? []);
  const findUnit = unitFinder(units, rangesOf, elf);
  const kept = new Map<Unit, UnitTables>();

  function tablesOf(unit: Unit): UnitTables {
    const known = kept.get(unit);
    if (known !== undefined) {
      kept.delete(unit);
      kept.set(unit, known);
      return known;
    }
    const { statementList } = unit;
    const tables: UnitTables = {
      functions: attempt(() => readFunctions(debug, unit, budget())),
      lines:
        statementList === undefined ? undefined : attempt(() => readLineTable(debug, statementList, unit, budget())),
    };
    kept.set(unit, tables);
    const oldest = kept.size > MOST_KEPT_UNITS ? kept.keys().next().value : undefined;
    if (oldest !== undefined) kept.delete(oldest);
    return tables;
  }

  function symbolAt(address: number): string | undefined {
    const name = symbols === undefined ? undefined : attempt(() => symbols.nameOf(address));
    return name === undefined || name === '' ? undefined : (demangle(name) ?? name);
  }

  function nameOf(entry: FunctionEntry, address: number): string | undefined {
    const named = attempt(() => functionName(debug, units, entry.offset, budget()));
    const { name = '', linkageName = '' } = named ?? {};
    if (linkageName !== '') return demangle(linkageName) ?? (name === '' ? linkageName : name);
    // what is local to a C++ file has a mangled name among the symbols only
    const symbol = MANGLED_LANGUAGES.has(named?.language ?? 0) && !entry.isInlined ? symbolAt(address) : undefined;
    return symbol ?? (name === '' ? symbolAt(address) : name);
  }

  function framesOf(unit: Unit, address: number): SourceFrame[] {
    const { functions, lines } = tablesOf(unit);
    const directory = attempt(() => unit.directory());
    const place = (row: { file: number; line: number; column: number } | undefined): Partial<SourceFrame> => {
      const file =
        row === undefined || lines === undefined ? undefined : attempt(() => lines.path(row.file, directory));
      return {
        ...(file === undefined ? {} : { file }),
        ...(row === undefined || row.line === 0 ? {} : { line: row.line }),
        ...(row === undefined || row.column === 0 ? {} : { column: row.column }),
      };
    };
    const row = lines?.find(address);
    const chain = functions?.find(address) ?? [];
    if (chain.length === 0) {
      if (row === undefined) return [];
      return [{ function: symbolAt(address) ?? '??', ...place(row), isInlined: false }];
    }
    let at = row;
    return chain.map((entry) => {
      const frame = {
        function: nameOf(entry, address) ?? '??',
        ...place(at),
        isInlined: entry.isInlined,
      };
      at = { file: entry.callFile, line: entry.callLine, column: entry.callColumn };
      return frame;
    });
  }

  return {
    elf,
    lookup: (address) => {
      if (!elf.isCode(address)) return [];
      const unit = findUnit(address);
      const frames = unit === undefined ? [] : framesOf(unit, address);
      if (frames.length > 0) return frames;
      const symbol = symbolAt(address);
      return symbol === undefined ? [] : [{ function: symbol, isInlined: false }];
    },
    functionStart: (address) => (elf.isCode(address) ? symbols?.startOf(address) : undefined),
    unitCount: units.filter((unit) => rangesOf(unit).some(({ low }) => elf.isCode(low))).length,
    symbolCount: (symbols satisfies SymbolTable | undefined)?.count ?? 0,
    problems,
  };
}

/** Finds the unit that an address belongs to, the one with the smallest range around it. Ranges outside of the code are those of functions
 * that the linker dropped: their addresses became 0, or what else marks them. */
function unitFinder(
  units: readonly Unit[],
  rangesOf: (unit: Unit) => readonly AddressRange[],
  elf: ElfFile,
): (address: number) => Unit | undefined {
  const entries = units
    .flatMap((unit) => rangesOf(unit).map(({ low, high }) => ({ low, high, unit })))
    .filter(({ low, high }) => elf.isCode(low) && high <= 2 ** 32)
    .sort((a, b) => a.low - b.low);
  const lows = Uint32Array.from(entries, ({ low }) => low);
  // how far the ranges up to each one reach: nothing before matters where that is too short
  let reach = 0;
  const reaches = Float64Array.from(entries, ({ high }) => (reach = Math.max(reach, high)));
  return (address) => {
    let best: (typeof entries)[number] | undefined;
    for (let index = lastAtMost(lows, address); index >= 0 && (reaches[index] ?? 0) > address; index--) {
      const entry = entries[index];
      if (entry === undefined || address >= entry.high) continue;
      if (best === undefined || entry.high - entry.low < best.high - best.low) best = entry;
    }
    return best?.unit;
  };
}
