import type { Budget } from './budget.ts';
import type { DebugSections } from './debug-sections.ts';
import type { AddressRange } from './ranges.ts';
import { unitLength } from './units.ts';

/** What `.debug_aranges` says about where each unit has its code: by the unit's offset in `.debug_info`. Units of DWARF 2 do not say it
 * themselves.
 * @throws {OtaError} `elf.truncated`, `elf.malformed`, `elf.tooComplex`
 * @see DWARF 5 §6.1.2 */
export function readAranges(debug: DebugSections, budget: Budget): Map<number, AddressRange[]> {
  const found = new Map<number, AddressRange[]>();
  const section = debug.open('.debug_aranges');
  while (!section.isAtEnd) {
    const start = section.at;
    const { length, offsetSize } = unitLength(section);
    const end = section.at + length;
    section.take(length);
    const cursor = section.from(end - length, end);
    cursor.take(2);
    const unit = cursor.unsigned(offsetSize);
    const addressSize = cursor.u8();
    cursor.take(1);
    if (addressSize !== 4 && addressSize !== 8) throw cursor.malformed('addressSize');
    // pairs begin at a multiple of their size, counted from the start of the set
    const pairBytes = addressSize * 2;
    cursor.at = start + Math.ceil((cursor.at - start) / pairBytes) * pairBytes;
    const ranges = found.get(unit) ?? [];
    found.set(unit, ranges);
    while (cursor.end - cursor.at >= pairBytes) {
      budget.spend(4, cursor);
      const low = cursor.unsigned(addressSize);
      const bytes = cursor.unsigned(addressSize);
      // the last pair is zero, and so is one whose function the linker dropped
      if (bytes > 0) ranges.push({ low, high: low + bytes });
    }
    budget.spend(16, cursor);
  }
  return found;
}
