import type { SectionCursor } from './section-cursor.ts';

/** What the size of a value depends on. */
export interface UnitShape {
  readonly version: number;
  /** 4, or 8 in 64-bit DWARF. */
  readonly offsetSize: number;
  readonly addressSize: number;
}

/** @see DWARF 5 §7.5.6 table 7.6, and the GNU extensions of DWARF 4 */
export const FORM = {
  addr: 0x01,
  block2: 0x03,
  block4: 0x04,
  data2: 0x05,
  data4: 0x06,
  data8: 0x07,
  string: 0x08,
  block: 0x09,
  block1: 0x0a,
  data1: 0x0b,
  flag: 0x0c,
  sdata: 0x0d,
  strp: 0x0e,
  udata: 0x0f,
  refAddr: 0x10,
  ref1: 0x11,
  ref2: 0x12,
  ref4: 0x13,
  ref8: 0x14,
  refUdata: 0x15,
  indirect: 0x16,
  secOffset: 0x17,
  exprloc: 0x18,
  flagPresent: 0x19,
  strx: 0x1a,
  addrx: 0x1b,
  refSup4: 0x1c,
  strpSup: 0x1d,
  data16: 0x1e,
  lineStrp: 0x1f,
  refSig8: 0x20,
  implicitConst: 0x21,
  loclistx: 0x22,
  rnglistx: 0x23,
  refSup8: 0x24,
  strx1: 0x25,
  strx2: 0x26,
  strx3: 0x27,
  strx4: 0x28,
  addrx1: 0x29,
  addrx2: 0x2a,
  addrx3: 0x2b,
  addrx4: 0x2c,
  gnuAddrIndex: 0x1f01,
  gnuStrIndex: 0x1f02,
  gnuRefAlt: 0x1f20,
  gnuStrpAlt: 0x1f21,
} as const;

/** Bytes of a value of this form where they are always the same; -1 where they are told by the value. */
export function fixedSize(form: number, unit: UnitShape): number {
  switch (form) {
    case FORM.flagPresent:
    case FORM.implicitConst:
      return 0;
    case FORM.data1:
    case FORM.flag:
    case FORM.ref1:
    case FORM.strx1:
    case FORM.addrx1:
      return 1;
    case FORM.data2:
    case FORM.ref2:
    case FORM.strx2:
    case FORM.addrx2:
      return 2;
    case FORM.strx3:
    case FORM.addrx3:
      return 3;
    case FORM.data4:
    case FORM.ref4:
    case FORM.strx4:
    case FORM.addrx4:
    case FORM.refSup4:
      return 4;
    case FORM.data8:
    case FORM.ref8:
    case FORM.refSig8:
    case FORM.refSup8:
      return 8;
    case FORM.data16:
      return 16;
    case FORM.addr:
      return unit.addressSize;
    case FORM.strp:
    case FORM.lineStrp:
    case FORM.secOffset:
    case FORM.strpSup:
    case FORM.gnuRefAlt:
    case FORM.gnuStrpAlt:
      return unit.offsetSize;
    case FORM.refAddr:
      return unit.version <= 2 ? unit.addressSize : unit.offsetSize;
    default:
      return -1;
  }
}

/** Moves over a value. `DW_FORM_indirect` must have been resolved before.
 * @throws {OtaError} `elf.truncated`, `elf.malformed` */
export function skipForm(cursor: SectionCursor, form: number, unit: UnitShape): void {
  const size = fixedSize(form, unit);
  if (size >= 0) {
    cursor.take(size);
    return;
  }
  switch (form) {
    case FORM.string:
      cursor.skipText();
      return;
    case FORM.block1:
      cursor.take(cursor.u8());
      return;
    case FORM.block2:
      cursor.take(cursor.u16());
      return;
    case FORM.block4:
      cursor.take(cursor.u32());
      return;
    case FORM.block:
    case FORM.exprloc:
      cursor.take(cursor.uleb());
      return;
    case FORM.sdata:
    case FORM.udata:
    case FORM.refUdata:
    case FORM.strx:
    case FORM.addrx:
    case FORM.loclistx:
    case FORM.rnglistx:
    case FORM.gnuAddrIndex:
    case FORM.gnuStrIndex:
      cursor.skipLeb();
      return;
    default:
      throw cursor.malformed('form');
  }
}
