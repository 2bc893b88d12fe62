import type { ElfFile } from './elf-file.ts';
import { FORM, skipForm, type UnitShape } from './forms.ts';
import type { SectionCursor } from './section-cursor.ts';

/** Where the indirect values of a unit lie. Offsets into their sections. */
export interface UnitBases extends UnitShape {
  readonly addressBase: number;
  readonly textOffsetsBase: number;
  /** Of the unit in `.debug_info`: what references within the unit count from. */
  readonly offset: number;
}

/** The sections of one file that hold debug information. */
export interface DebugSections {
  readonly open: ElfFile['open'];
  /** A number: a constant, an address, an absolute offset into `.debug_info` for references, 1 or 0 for flags; NaN for what is none.
   * The cursor moves on over the value.
   * @throws {OtaError} `elf.truncated`, `elf.malformed` */
  readonly number: (cursor: SectionCursor, form: number, constant: number, unit: UnitBases) => number;
  /** A text, or undefined for what is none. The cursor moves on over the value.
   * @throws {OtaError} `elf.truncated`, `elf.malformed` */
  readonly text: (cursor: SectionCursor, form: number, unit: UnitBases) => string | undefined;
}

export function debugSections(elf: ElfFile): DebugSections {
  const { open } = elf;

  function indexed(index: number, section: string, base: number, size: number): number {
    return open(section)
      .from(base + index * size)
      .unsigned(size);
  }

  function number(cursor: SectionCursor, form: number, constant: number, unit: UnitBases): number {
    switch (form) {
      case FORM.data1:
      case FORM.flag:
        return cursor.u8();
      case FORM.data2:
        return cursor.u16();
      case FORM.data4:
        return cursor.u32();
      case FORM.data8:
        return cursor.u64();
      case FORM.udata:
      case FORM.rnglistx:
      case FORM.loclistx:
        return cursor.uleb();
      case FORM.sdata:
        return cursor.sleb();
      case FORM.secOffset:
        return cursor.unsigned(unit.offsetSize);
      case FORM.flagPresent:
        return 1;
      case FORM.implicitConst:
        return constant;
      case FORM.addr:
        return cursor.unsigned(unit.addressSize);
      case FORM.addrx:
      case FORM.gnuAddrIndex:
        return indexed(cursor.uleb(), '.debug_addr', unit.addressBase, unit.addressSize);
      case FORM.addrx1:
        return indexed(cursor.u8(), '.debug_addr', unit.addressBase, unit.addressSize);
      case FORM.addrx2:
        return indexed(cursor.u16(), '.debug_addr', unit.addressBase, unit.addressSize);
      case FORM.addrx3:
        return indexed(cursor.u24(), '.debug_addr', unit.addressBase, unit.addressSize);
      case FORM.addrx4:
        return indexed(cursor.u32(), '.debug_addr', unit.addressBase, unit.addressSize);
      case FORM.ref1:
        return unit.offset + cursor.u8();
      case FORM.ref2:
        return unit.offset + cursor.u16();
      case FORM.ref4:
        return unit.offset + cursor.u32();
      case FORM.ref8:
        return unit.offset + cursor.u64();
      case FORM.refUdata:
        return unit.offset + cursor.uleb();
      case FORM.refAddr:
        return cursor.unsigned(unit.version <= 2 ? unit.addressSize : unit.offsetSize);
      case FORM.indirect:
        return number(cursor, directForm(cursor), constant, unit);
      default:
        skipForm(cursor, form, unit);
        return Number.NaN;
    }
  }

  function text(cursor: SectionCursor, form: number, unit: UnitBases): string | undefined {
    const offsetAt = (index: number): string => {
      const offset = indexed(index, '.debug_str_offsets', unit.textOffsetsBase, unit.offsetSize);
      return open('.debug_str').from(offset).text();
    };
    switch (form) {
      case FORM.string:
        return cursor.text();
      case FORM.strp:
        return open('.debug_str').from(cursor.unsigned(unit.offsetSize)).text();
      case FORM.lineStrp:
        return open('.debug_line_str').from(cursor.unsigned(unit.offsetSize)).text();
      case FORM.strx:
      case FORM.gnuStrIndex:
        return offsetAt(cursor.uleb());
      case FORM.strx1:
        return offsetAt(cursor.u8());
      case FORM.strx2:
        return offsetAt(cursor.u16());
      case FORM.strx3:
        return offsetAt(cursor.u24());
      case FORM.strx4:
        return offsetAt(cursor.u32());
      case FORM.indirect:
        return text(cursor, directForm(cursor), unit);
      default:
        skipForm(cursor, form, unit);
        return undefined;
    }
  }

  return { open, number, text };
}

/** The form that stands before a value of `DW_FORM_indirect`; never that form again.
 * @throws {OtaError} `elf.malformed` */
export function directForm(cursor: SectionCursor): number {
  const form = cursor.uleb();
  if (form === FORM.indirect || form === FORM.implicitConst) throw cursor.malformed('form');
  return form;
}
