import type { Budget } from './budget.ts';
import type { DebugSections } from './debug-sections.ts';
import { AT, skipAny, type Unit } from './units.ts';

/** An inlined function refers to its abstract one, that to its declaration: real chains have two or three steps. */
const MOST_STEPS = 16;

export interface FunctionName {
  readonly name?: string;
  /** As the linker sees it, mangled in C++; the same as `name` in languages without mangling, where it is not given. */
  readonly linkageName?: string;
  /** The unit's language: that of the entry the name was found at. */
  readonly language: number;
}

/** The name of a function's entry, or of the one that it stands for: also in another unit, as link-time optimisation makes them.
 * @param units in the order of `.debug_info`
 * @throws {OtaError} `elf.truncated`, `elf.malformed`, `elf.tooComplex` */
export function functionName(
  debug: DebugSections,
  units: readonly Unit[],
  entry: number,
  budget: Budget,
): FunctionName {
  let name: string | undefined;
  let linkageName: string | undefined;
  let language = 0;
  let offset = entry;
  for (let steps = MOST_STEPS; steps > 0 && linkageName === undefined; steps--) {
    const unit = unitAt(units, offset);
    if (unit === undefined) break;
    const cursor = debug.open('.debug_info').from(offset, unit.end);
    const code = cursor.uleb();
    if (code === 0) break;
    const { names, forms, constants } = unit.abbreviations.get(code, budget);
    budget.spend(names.length, cursor);
    language = unit.language;
    let next = Number.NaN;
    for (let index = 0; index < names.length; index++) {
      const form = forms[index] ?? 0;
      switch (names[index]) {
        case AT.name: {
          const text = debug.text(cursor, form, unit);
          name ??= text;
          break;
        }
        case AT.linkageName:
        case AT.mipsLinkageName:
          linkageName = debug.text(cursor, form, unit);
          break;
        case AT.abstractOrigin:
        case AT.specification:
          next = debug.number(cursor, form, constants[index] ?? 0, unit);
          break;
        default:
          skipAny(cursor, form, unit);
      }
    }
    if (Number.isNaN(next)) break;
    offset = next;
  }
  return {
    ...(name === undefined ? {} : { name }),
    ...(linkageName === undefined ? {} : { linkageName }),
    language,
  };
}

/** The unit that an offset of `.debug_info` lies in. */
function unitAt(units: readonly Unit[], offset: number): Unit | undefined {
  let low = 0;
  let high = units.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((units[middle]?.offset ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  const unit = units[low - 1];
  return unit !== undefined && offset >= unit.entries && offset < unit.end ? unit : undefined;
}
