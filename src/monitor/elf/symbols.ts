import type { ElfFile } from './elf-file.ts';
import type { SectionCursor } from './section-cursor.ts';
import { lastAtMost } from './sorted.ts';

const SYMBOL_BYTES = 16;
const STT_NOTYPE = 0;
const STT_FUNC = 2;
const STB_LOCAL = 0;
const MOST_NESTED_LABELS = 16;

/** The code symbols of a file, by address. */
export interface SymbolTable {
  readonly count: number;
  /** The name of the symbol that this address belongs to, mangled as it stands in the file.
   * @throws {OtaError} `elf.truncated` */
  readonly nameOf: (address: number) => string | undefined;
  /** Where it begins. */
  readonly startOf: (address: number) => number | undefined;
}

const NO_SYMBOLS: SymbolTable = { count: 0, nameOf: () => undefined, startOf: () => undefined };

/** @throws {OtaError} `elf.truncated`, `elf.unsupported`, `elf.malformed`
 * @see System V ABI, "Symbol Table" */
export function readSymbols(elf: ElfFile): SymbolTable {
  const table = elf.sections.find(({ name }) => name === '.symtab');
  if (table === undefined) return NO_SYMBOLS;
  const names = elf.open(elf.sections[table.link]?.name ?? '');
  const cursor = elf.open('.symtab');
  const total = Math.floor(cursor.end / SYMBOL_BYTES);
  const view = new DataView(cursor.bytes.buffer, cursor.bytes.byteOffset, cursor.bytes.byteLength);
  const isCodeSection = elf.sections.map(({ flags }) => (flags & 4) !== 0);
  const found: number[] = [];
  for (let index = 0; index < total; index++) {
    const at = index * SYMBOL_BYTES;
    const type = view.getUint8(at + 12) & 15;
    if (type !== STT_FUNC && type !== STT_NOTYPE) continue;
    if (isCodeSection[view.getUint16(at + 14, true)] !== true) continue;
    // `$x`, `.L…`: marks of the assembler, not functions
    if (type === STT_NOTYPE && isAssemblerMark(names, view.getUint32(at, true))) continue;
    found.push(at);
  }
  const address = (at: number): number => view.getUint32(at + 4, true);
  // of several names for one place the last is taken: functions after labels, what the linker knows after what is local
  const rank = (at: number): number =>
    ((view.getUint8(at + 12) & 15) === STT_FUNC ? 2 : 0) + (view.getUint8(at + 12) >>> 4 === STB_LOCAL ? 0 : 1);
  found.sort((a, b) => address(a) - address(b) || rank(a) - rank(b));
  const starts = Uint32Array.from(found, address);
  const find = (wanted: number): number | undefined => {
    const nearest = lastAtMost(starts, wanted);
    // one that says how far it reaches counts before a label inside of it
    for (let index = nearest; index >= 0 && index > nearest - MOST_NESTED_LABELS; index--) {
      const at = found[index] ?? 0;
      if (wanted < address(at) + view.getUint32(at + 8, true)) return at;
    }
    return found[nearest];
  };
  return {
    count: found.length,
    nameOf: (wanted) => {
      const at = find(wanted);
      return at === undefined ? undefined : names.from(view.getUint32(at, true)).text();
    },
    startOf: (wanted) => {
      const at = find(wanted);
      return at === undefined ? undefined : address(at);
    },
  };
}

function isAssemblerMark(names: SectionCursor, offset: number): boolean {
  const first = names.bytes[offset];
  return first === undefined || first === 0 || first === 0x24 || first === 0x2e;
}
