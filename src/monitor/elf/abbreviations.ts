import type { Budget } from './budget.ts';
import { fixedSize, FORM, type UnitShape } from './forms.ts';
import type { SectionCursor } from './section-cursor.ts';

const DW_AT_SIBLING = 0x01;
/** A real entry has some thirty attributes at most. */
const MOST_ATTRIBUTES = 512;

/** The shape of an entry of `.debug_info`. */
export interface Abbreviation {
  readonly tag: number;
  readonly hasChildren: boolean;
  /** Attribute names and forms, in turn. */
  readonly names: readonly number[];
  readonly forms: readonly number[];
  /** Values of `DW_FORM_implicit_const`, by index; other places are empty. */
  readonly constants: readonly number[];
  /** Bytes of all the attributes together, -1 when that differs from entry to entry. */
  readonly fixedBytes: number;
  readonly hasSibling: boolean;
}

/** The abbreviations of one unit, read as far as they were asked for: most units are never looked into beyond their first entry. */
export interface AbbreviationTable {
  /** @throws {OtaError} `elf.malformed`, `elf.truncated`, `elf.tooComplex` */
  readonly get: (code: number, budget: Budget) => Abbreviation;
}

/** @see DWARF 5 §7.5.3 */
export function abbreviationTable(section: SectionCursor, offset: number, unit: UnitShape): AbbreviationTable {
  const cursor = section.from(offset);
  const known = new Map<number, Abbreviation>();
  let isComplete = false;
  return {
    get: (wanted, budget) => {
      let found = known.get(wanted);
      while (found === undefined && !isComplete) {
        const code = cursor.uleb();
        if (code === 0) isComplete = true;
        else {
          const abbreviation = readAbbreviation(cursor, unit, budget);
          // the first of several with one code counts, as in GNU's reader
          if (!known.has(code)) known.set(code, abbreviation);
          if (code === wanted) found = abbreviation;
        }
      }
      if (found === undefined) throw cursor.malformed('abbreviation');
      return found;
    },
  };
}

function readAbbreviation(cursor: SectionCursor, unit: UnitShape, budget: Budget): Abbreviation {
  const tag = cursor.uleb();
  const hasChildren = cursor.u8() !== 0;
  const names: number[] = [];
  const forms: number[] = [];
  const constants: number[] = [];
  let fixedBytes = 0;
  for (;;) {
    const name = cursor.uleb();
    const form = cursor.uleb();
    const constant = form === FORM.implicitConst ? cursor.sleb() : 0;
    budget.spend(1, cursor);
    if (name === 0 && form === 0) break;
    if (names.length === MOST_ATTRIBUTES) throw cursor.malformed('attributes');
    names.push(name);
    forms.push(form);
    constants.push(constant);
    const bytes = fixedSize(form, unit);
    fixedBytes = bytes < 0 || fixedBytes < 0 ? -1 : fixedBytes + bytes;
  }
  return { tag, hasChildren, names, forms, constants, fixedBytes, hasSibling: names.includes(DW_AT_SIBLING) };
}
