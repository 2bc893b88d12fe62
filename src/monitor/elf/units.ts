import { isOtaError, type OtaError } from '../../base/ota-error.ts';
import { abbreviationTable, type AbbreviationTable } from './abbreviations.ts';
import type { Budget } from './budget.ts';
import type { DebugSections, UnitBases } from './debug-sections.ts';
import { FORM, skipForm } from './forms.ts';
import { rangesOf, type AddressRange } from './ranges.ts';
import type { SectionCursor } from './section-cursor.ts';

/** @see DWARF 5 §7.5.4 table 7.5 */
export const AT = {
  name: 0x03,
  stmtList: 0x10,
  lowPc: 0x11,
  highPc: 0x12,
  language: 0x13,
  compDir: 0x1b,
  abstractOrigin: 0x31,
  declaration: 0x3c,
  specification: 0x47,
  ranges: 0x55,
  callColumn: 0x57,
  callFile: 0x58,
  callLine: 0x59,
  linkageName: 0x6e,
  strOffsetsBase: 0x72,
  addrBase: 0x73,
  rnglistsBase: 0x74,
  mipsLinkageName: 0x2007,
  gnuRangesBase: 0x2132,
  gnuAddrBase: 0x2133,
} as const;

const TAG_COMPILE_UNIT = 0x11;
const TAG_PARTIAL_UNIT = 0x3c;
const TAG_SKELETON_UNIT = 0x4a;
const UNIT_TYPE = { compile: 1, type: 2, partial: 3, skeleton: 4, splitCompile: 5, splitType: 6 } as const;

/** A compilation: one source file with all that it includes. */
export interface Unit extends UnitBases {
  /** Offset in `.debug_info` behind the unit's last byte. */
  readonly end: number;
  /** Offset in `.debug_info` of its first entry. */
  readonly entries: number;
  readonly abbreviations: AbbreviationTable;
  readonly rangeListsBase: number;
  /** What offsets in range lists count from, until they say something else. */
  readonly lowPc: number;
  readonly ranges: readonly AddressRange[];
  /** Offset in `.debug_line`. */
  readonly statementList: number | undefined;
  /** `DW_LANG_…` */
  readonly language: number;
  /** Where the compiler ran. */
  readonly directory: () => string | undefined;
}

/** The units of `.debug_info` in its order, with the addresses that they cover. A unit that can't be read is left out and told.
 * @see DWARF 5 §7.5.1, DWARF 4 §7.5.1 */
export function readUnits(debug: DebugSections, budget: Budget, problem: (error: OtaError) => void): Unit[] {
  const units: Unit[] = [];
  const tables = new Map<string, AbbreviationTable>();
  const tell = (error: unknown): void => {
    if (!isOtaError(error)) throw error;
    problem(error);
  };
  try {
    const info = debug.open('.debug_info');
    const abbreviations = debug.open('.debug_abbrev');
    while (!info.isAtEnd) {
      const offset = info.at;
      budget.spend(16, info);
      const { length, offsetSize } = unitLength(info);
      const end = info.at + length;
      info.take(length);
      const content = info.from(end - length, end);
      try {
        const unit = readUnit(debug, content, { offset, offsetSize }, abbreviations, tables, budget);
        if (unit !== undefined) units.push(unit);
      } catch (error) {
        tell(error);
        if (isOtaError(error, 'elf.tooComplex')) break;
      }
    }
  } catch (error) {
    tell(error);
  }
  return units;
}

/** The length field at the start of a unit, and the size of offsets that it stands for. @see DWARF 5 §7.4 */
export function unitLength(cursor: SectionCursor): { length: number; offsetSize: number } {
  const short = cursor.u32();
  if (short < 0xfffffff0) return { length: short, offsetSize: 4 };
  if (short !== 0xffffffff) throw cursor.malformed('unitLength', cursor.at - 4);
  return { length: cursor.u64(), offsetSize: 8 };
}

function readUnit(
  debug: DebugSections,
  cursor: SectionCursor,
  place: { readonly offset: number; readonly offsetSize: number },
  abbreviationSection: SectionCursor,
  tables: Map<string, AbbreviationTable>,
  budget: Budget,
): Unit | undefined {
  const { offset, offsetSize } = place;
  const version = cursor.u16();
  if (version < 2 || version > 5) throw cursor.malformed('unitVersion', cursor.at - 2);
  let type: number = UNIT_TYPE.compile;
  let addressSize = 4;
  if (version >= 5) {
    type = cursor.u8();
    addressSize = cursor.u8();
  }
  const abbreviationOffset = cursor.unsigned(offsetSize);
  if (version < 5) addressSize = cursor.u8();
  if (type === UNIT_TYPE.type || type === UNIT_TYPE.splitType) return undefined;
  if (type === UNIT_TYPE.skeleton || type === UNIT_TYPE.splitCompile) cursor.take(8);
  if (addressSize !== 4 && addressSize !== 8) throw cursor.malformed('addressSize');

  const shape = { version, offsetSize, addressSize };
  const key = `${abbreviationOffset}/${version}/${offsetSize}/${addressSize}`;
  let table = tables.get(key);
  if (table === undefined) {
    table = abbreviationTable(abbreviationSection, abbreviationOffset, shape);
    tables.set(key, table);
  }
  const entries = cursor.at;
  const code = cursor.uleb();
  if (code === 0) return undefined;
  const abbreviation = table.get(code, budget);
  const { tag, names, forms, constants } = abbreviation;
  if (tag !== TAG_COMPILE_UNIT && tag !== TAG_PARTIAL_UNIT && tag !== TAG_SKELETON_UNIT)
    throw cursor.malformed('unitTag');

  // where the values are whose meaning depends on others of this entry
  const later = new Map<number, { at: number; form: number; constant: number }>();
  const early = { offset, ...shape, addressBase: 0, textOffsetsBase: 0 };
  const plain = new Map<number, number>();
  for (let index = 0; index < names.length; index++) {
    const name = names[index] ?? 0;
    const form = forms[index] ?? 0;
    const constant = constants[index] ?? 0;
    if (name === AT.lowPc || name === AT.highPc || name === AT.ranges || name === AT.compDir) {
      later.set(name, { at: cursor.at, form, constant });
    }
    if (PLAIN.has(name)) plain.set(name, debug.number(cursor, form, constant, early));
    else skipAny(cursor, form, early);
  }
  const headerBytes = offsetSize === 4 ? 8 : 16;
  const bases = {
    ...early,
    addressBase: plain.get(AT.addrBase) ?? plain.get(AT.gnuAddrBase) ?? (version >= 5 ? headerBytes : 0),
    textOffsetsBase: plain.get(AT.strOffsetsBase) ?? (version >= 5 ? headerBytes : 0),
    rangeListsBase: plain.get(AT.rnglistsBase) ?? headerBytes + 4,
  };
  const value = (name: number): number | undefined => {
    const found = later.get(name);
    if (found === undefined) return undefined;
    return debug.number(cursor.from(found.at, cursor.end), found.form, found.constant, bases);
  };
  const lowPc = value(AT.lowPc);
  const high = later.get(AT.highPc);
  const list = later.get(AT.ranges);
  const source = { ...bases, lowPc: lowPc ?? 0 };
  let ranges: readonly AddressRange[] = [];
  if (list !== undefined) ranges = rangesOf(debug, source, value(AT.ranges) ?? 0, list.form, budget);
  else if (lowPc !== undefined && high !== undefined) {
    ranges = [{ low: lowPc, high: highOf(lowPc, value(AT.highPc) ?? 0, high.form) }];
  }
  const directory = later.get(AT.compDir);
  return {
    ...source,
    end: cursor.end,
    entries,
    abbreviations: table,
    ranges,
    statementList: plain.get(AT.stmtList),
    language: plain.get(AT.language) ?? 0,
    directory: () =>
      directory === undefined ? undefined : debug.text(cursor.from(directory.at, cursor.end), directory.form, bases),
  };
}

const PLAIN: ReadonlySet<number> = new Set([
  AT.stmtList,
  AT.language,
  AT.strOffsetsBase,
  AT.addrBase,
  AT.rnglistsBase,
  AT.gnuAddrBase,
]);

/** `DW_AT_high_pc` is an address, or else a length. @see DWARF 5 §2.17.2 */
export function highOf(low: number, value: number, form: number): number {
  const isAddress =
    form === FORM.addr ||
    form === FORM.addrx ||
    (form >= FORM.addrx1 && form <= FORM.addrx4) ||
    form === FORM.gnuAddrIndex;
  return isAddress ? value : low + value;
}

/** Moves over a value of any form. */
export function skipAny(cursor: SectionCursor, form: number, unit: UnitBases): void {
  if (form !== FORM.indirect) {
    skipForm(cursor, form, unit);
    return;
  }
  skipForm(cursor, cursor.uleb(), unit);
}
