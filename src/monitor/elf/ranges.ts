import type { Budget } from './budget.ts';
import type { DebugSections, UnitBases } from './debug-sections.ts';
import { FORM } from './forms.ts';
import type { SectionCursor } from './section-cursor.ts';

/** Addresses from `low` up to and without `high`. */
export interface AddressRange {
  readonly low: number;
  readonly high: number;
}

export interface RangeSource extends UnitBases {
  readonly rangeListsBase: number;
  readonly lowPc: number;
}

/** @see DWARF 5 §7.25 table 7.30 */
const RLE = {
  endOfList: 0,
  baseAddressx: 1,
  startxEndx: 2,
  startxLength: 3,
  offsetPair: 4,
  baseAddress: 5,
  startEnd: 6,
  startLength: 7,
} as const;

/** The list that a `DW_AT_ranges` of this value names; empty ranges are left out.
 * @throws {OtaError} `elf.truncated`, `elf.malformed`, `elf.tooComplex` */
export function rangesOf(
  debug: DebugSections,
  unit: RangeSource,
  value: number,
  form: number,
  budget: Budget,
): AddressRange[] {
  if (unit.version < 5) return rangeList(debug.open('.debug_ranges').from(value), unit, budget);
  const section = debug.open('.debug_rnglists');
  if (form !== FORM.rnglistx) return rangeList5(debug, section.from(value), unit, budget);
  const base = unit.rangeListsBase;
  const offset = section.from(base + value * unit.offsetSize).unsigned(unit.offsetSize);
  return rangeList5(debug, section.from(base + offset), unit, budget);
}

/** @see DWARF 4 §2.17.3 */
function rangeList(cursor: SectionCursor, { lowPc, addressSize }: RangeSource, budget: Budget): AddressRange[] {
  const ranges: AddressRange[] = [];
  const newBase = addressSize === 4 ? 0xffffffff : 2 ** 64;
  let base = lowPc;
  for (;;) {
    budget.spend(4, cursor);
    const low = cursor.unsigned(addressSize);
    const high = cursor.unsigned(addressSize);
    if (low === 0 && high === 0) return ranges;
    if (low === newBase) base = high;
    else if (low < high) ranges.push({ low: base + low, high: base + high });
  }
}

/** @see DWARF 5 §2.17.3 */
function rangeList5(debug: DebugSections, cursor: SectionCursor, unit: RangeSource, budget: Budget): AddressRange[] {
  const ranges: AddressRange[] = [];
  const indexed = (): number => debug.number(cursor, FORM.addrx, 0, unit);
  const address = (): number => cursor.unsigned(unit.addressSize);
  let base = unit.lowPc;
  const add = (low: number, high: number): void => {
    if (low < high) ranges.push({ low, high });
  };
  for (;;) {
    budget.spend(4, cursor);
    const kind = cursor.u8();
    switch (kind) {
      case RLE.endOfList:
        return ranges;
      case RLE.baseAddressx:
        base = indexed();
        break;
      case RLE.startxEndx:
        add(indexed(), indexed());
        break;
      case RLE.startxLength: {
        const low = indexed();
        add(low, low + cursor.uleb());
        break;
      }
      case RLE.offsetPair: {
        const low = base + cursor.uleb();
        add(low, base + cursor.uleb());
        break;
      }
      case RLE.baseAddress:
        base = address();
        break;
      case RLE.startEnd: {
        const low = address();
        add(low, address());
        break;
      }
      case RLE.startLength: {
        const low = address();
        add(low, low + cursor.uleb());
        break;
      }
      default:
        throw cursor.malformed('rangeKind', cursor.at - 1);
    }
  }
}
