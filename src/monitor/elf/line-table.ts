import type { Budget } from './budget.ts';
import type { DebugSections, UnitBases } from './debug-sections.ts';
import { FORM } from './forms.ts';
import type { SectionCursor } from './section-cursor.ts';
import { lastAtMost } from './sorted.ts';
import { skipAny, unitLength } from './units.ts';

/** @see DWARF 5 §7.22 */
const LNS = {
  copy: 1,
  advancePc: 2,
  advanceLine: 3,
  setFile: 4,
  setColumn: 5,
  negateStatement: 6,
  setBasicBlock: 7,
  constAddPc: 8,
  fixedAdvancePc: 9,
  setPrologueEnd: 10,
  setEpilogueBegin: 11,
  setIsa: 12,
} as const;
const LNE = { endSequence: 1, setAddress: 2, defineFile: 3 } as const;
const LNCT = { path: 1, directoryIndex: 2 } as const;

export interface LineRow {
  readonly file: number;
  /** From 1; 0 where the compiler named no line. */
  readonly line: number;
  /** From 1; 0 for the whole line. */
  readonly column: number;
}

/** The line table of one compilation. */
export interface LineTable {
  readonly find: (address: number) => LineRow | undefined;
  /** The path of a file as the compiler saw it: absolute, where it was told its directory. */
  readonly path: (file: number, directory: string | undefined) => string | undefined;
}

interface FileEntry {
  readonly name: () => string | undefined;
  readonly directory: number;
}

/** Instructions without gaps, in the order of their addresses. The last address is where they end. */
interface Sequence {
  readonly addresses: Uint32Array;
  /** File, line and column of each row. */
  readonly rows: Uint32Array;
}

/** Reads the table at an offset of `.debug_line`.
 * @throws {OtaError} `elf.truncated`, `elf.malformed`, `elf.tooComplex`
 * @see DWARF 5 §6.2.4, DWARF 2 to 4 §6.2.4 */
export function readLineTable(debug: DebugSections, offset: number, unit: UnitBases, budget: Budget): LineTable {
  const section = debug.open('.debug_line').from(offset);
  const { length, offsetSize } = unitLength(section);
  const end = section.at + length;
  section.take(length);
  const cursor = section.from(end - length, end);
  const version = cursor.u16();
  if (version < 2 || version > 5) throw cursor.malformed('lineVersion', cursor.at - 2);
  let { addressSize } = unit;
  if (version >= 5) {
    addressSize = cursor.u8();
    cursor.take(1);
  }
  const headerLength = cursor.unsigned(offsetSize);
  const programAt = cursor.at + headerLength;
  const minimumInstruction = cursor.u8();
  const mostOperations = version >= 4 ? cursor.u8() : 1;
  cursor.take(1);
  const lineBase = cursor.s8();
  const lineRange = cursor.u8();
  const opcodeBase = cursor.u8();
  const operandCounts = [0];
  for (let opcode = 1; opcode < opcodeBase; opcode++) operandCounts.push(cursor.u8());

  const shape = { ...unit, version: Math.max(version, 3), offsetSize, addressSize };
  const directories: (() => string | undefined)[] = [];
  const files: FileEntry[] = [];
  if (version >= 5) {
    for (const { name } of readEntries(debug, cursor, shape, budget)) directories.push(name);
    files.push(...readEntries(debug, cursor, shape, budget));
  } else {
    // numbers count from 1
    directories.push(() => undefined);
    files.push({ name: () => undefined, directory: 0 });
    for (;;) {
      budget.spend(1, cursor);
      const at = cursor.at;
      if (cursor.u8() === 0) break;
      cursor.at = at;
      cursor.skipText();
      directories.push(() => cursor.from(at).text());
    }
    for (;;) {
      budget.spend(1, cursor);
      if (cursor.u8() === 0) break;
      cursor.at -= 1;
      files.push(oldFile(cursor));
    }
  }

  const sequences = runProgram(cursor.from(programAt, end), {
    addressSize,
    minimumInstruction,
    mostOperations: Math.max(1, mostOperations),
    lineBase,
    lineRange,
    opcodeBase,
    operandCounts,
    defineFile: (at) => {
      if (version < 5) files.push(oldFile(at));
    },
    budget,
  });
  return {
    find: (address) => {
      for (const { addresses, rows } of sequences) {
        if (address < (addresses[0] ?? 0) || address >= (addresses.at(-1) ?? 0)) continue;
        const at = lastAtMost(addresses, address) * 3;
        return { file: rows[at] ?? 0, line: rows[at + 1] ?? 0, column: rows[at + 2] ?? 0 };
      }
      return undefined;
    },
    path: (file, directory) => {
      const entry = files[file];
      const name = entry?.name();
      if (entry === undefined || name === undefined || isAbsolute(name)) return name;
      const inside = directories[entry.directory]?.();
      const base = inside !== undefined && isAbsolute(inside) ? undefined : directory;
      return [base, inside, name].filter((part) => part !== undefined && part !== '').join('/');
    },
  };
}

/** Also with a drive, as compilers on Windows write it. */
function isAbsolute(path: string): boolean {
  return /^(?:[/\\]|[A-Za-z]:[/\\])/.test(path);
}

/** @see DWARF 4 §6.2.4, `file_names` */
function oldFile(cursor: SectionCursor): FileEntry {
  const at = cursor.at;
  cursor.skipText();
  const directory = cursor.uleb();
  cursor.skipLeb();
  cursor.skipLeb();
  return { name: () => cursor.from(at).text(), directory };
}

/** Directories or files of version 5: what each entry consists of is described before them. */
function readEntries(debug: DebugSections, cursor: SectionCursor, unit: UnitBases, budget: Budget): FileEntry[] {
  const formats = Array.from({ length: cursor.u8() }, () => ({ content: cursor.uleb(), form: cursor.uleb() }));
  const count = cursor.uleb();
  const entries: FileEntry[] = [];
  for (let left = count; left > 0; left--) {
    budget.spend(1 + formats.length, cursor);
    const from = cursor.at;
    let name = (): string | undefined => undefined;
    let directory = 0;
    for (const { content, form } of formats) {
      const at = cursor.at;
      if (content === LNCT.path) {
        skipAny(cursor, form, unit);
        name = () => debug.text(cursor.from(at), form, unit);
      } else if (content === LNCT.directoryIndex && form !== FORM.implicitConst) {
        directory = debug.number(cursor, form, 0, unit);
      } else skipAny(cursor, form, unit);
    }
    if (cursor.at === from) throw cursor.malformed('emptyEntries');
    entries.push({ name, directory });
  }
  return entries;
}

interface Program {
  readonly addressSize: number;
  readonly minimumInstruction: number;
  readonly mostOperations: number;
  readonly lineBase: number;
  readonly lineRange: number;
  readonly opcodeBase: number;
  readonly operandCounts: readonly number[];
  readonly defineFile: (cursor: SectionCursor) => void;
  readonly budget: Budget;
}

function runProgram(cursor: SectionCursor, program: Program): Sequence[] {
  const { minimumInstruction, mostOperations, lineBase, lineRange, opcodeBase, operandCounts, budget } = program;
  const sequences: Sequence[] = [];
  let addresses: number[] = [];
  let rows: number[] = [];
  let address = 0;
  let operation = 0;
  let file = 1;
  let line = 1;
  let column = 0;
  const advance = (operations: number): void => {
    if (mostOperations === 1) address = (address + minimumInstruction * operations) >>> 0;
    else {
      address = (address + minimumInstruction * Math.floor((operation + operations) / mostOperations)) >>> 0;
      operation = (operation + operations) % mostOperations;
    }
  };
  const emit = (): void => {
    addresses.push(address);
    rows.push(file, line, column);
  };
  const perLine = (operations: number): number => {
    if (lineRange === 0) throw cursor.malformed('lineRange');
    return Math.floor(operations / lineRange);
  };
  while (!cursor.isAtEnd) {
    budget.spend(1, cursor);
    const opcode = cursor.u8();
    if (opcode >= opcodeBase) {
      const adjusted = opcode - opcodeBase;
      advance(perLine(adjusted));
      line = (line + lineBase + (adjusted % lineRange)) >>> 0;
      emit();
      continue;
    }
    switch (opcode) {
      case 0: {
        const length = cursor.uleb();
        const start = cursor.at;
        cursor.take(length);
        const extended = cursor.from(start, start + length);
        const kind = length === 0 ? 0 : extended.u8();
        if (kind === LNE.endSequence) {
          emit();
          const sequence = sequenceOf(addresses, rows);
          if (sequence !== undefined) sequences.push(sequence);
          addresses = [];
          rows = [];
          [address, operation, file, line, column] = [0, 0, 1, 1, 0];
        } else if (kind === LNE.setAddress) {
          // the size of an address is what the length leaves
          address = extended.unsigned(length - 1) >>> 0;
          operation = 0;
        } else if (kind === LNE.defineFile) program.defineFile(extended);
        break;
      }
      case LNS.copy:
        emit();
        break;
      case LNS.advancePc:
        advance(cursor.uleb());
        break;
      case LNS.advanceLine:
        line = (line + cursor.sleb()) >>> 0;
        break;
      case LNS.setFile:
        file = cursor.uleb();
        break;
      case LNS.setColumn:
        column = cursor.uleb();
        break;
      case LNS.negateStatement:
      case LNS.setBasicBlock:
      case LNS.setPrologueEnd:
      case LNS.setEpilogueBegin:
        break;
      case LNS.constAddPc:
        advance(perLine(255 - opcodeBase));
        break;
      case LNS.fixedAdvancePc:
        address = (address + cursor.u16()) >>> 0;
        operation = 0;
        break;
      default:
        for (let left = operandCounts[opcode] ?? 0; left > 0; left--) cursor.skipLeb();
    }
  }
  return sequences.sort((a, b) => (a.addresses[0] ?? 0) - (b.addresses[0] ?? 0));
}

function sequenceOf(addresses: readonly number[], rows: readonly number[]): Sequence | undefined {
  const last = addresses.at(-1) ?? 0;
  if (addresses.length < 2 || last <= (addresses[0] ?? 0)) return undefined;
  const isSorted = addresses.every((address, index) => index === 0 || address >= (addresses[index - 1] ?? 0));
  if (isSorted) return { addresses: Uint32Array.from(addresses), rows: Uint32Array.from(rows) };
  const order = addresses.map((_, index) => index).sort((a, b) => (addresses[a] ?? 0) - (addresses[b] ?? 0) || a - b);
  return {
    addresses: Uint32Array.from(order, (index) => addresses[index] ?? 0),
    rows: Uint32Array.from(order.flatMap((index) => rows.slice(index * 3, index * 3 + 3))),
  };
}
