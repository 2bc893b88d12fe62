import type { ChipProfile } from './chip-profile.ts';
import { isAtLeast, type IdfVersion } from './idf-version.ts';

const XTENSA_REGISTERS = [
  'PC      : 0x400d6a3c  PS      : 0x00060730  A0      : 0x800d68f0  A1      : 0x3ffb5f10  ',
  'A2      : 0x00000000  A3      : 0x3ffb5f30  A4      : 0x00000001  A5      : 0x3ffb2a10  ',
  'A6      : 0x00000003  A7      : 0x00060023  A8      : 0x800d6a34  A9      : 0x3ffb5ef0  ',
  'A10     : 0x00000000  A11     : 0x3f403d6c  A12     : 0x3ffb5f40  A13     : 0x00000000  ',
  'A14     : 0x3ffb43c4  A15     : 0x00000000  SAR     : 0x00000018  EXCCAUSE: 0x0000001c  ',
  'EXCVADDR: 0x00000000  LBEG    : 0x400014fd  LEND    : 0x4000150d  LCOUNT  : 0xfffffffe  ',
];

const RISCV_REGISTERS = [
  'MEPC    : 0x42007a9e  RA      : 0x42007a9a  SP      : 0x3fc91080  GP      : 0x3fc8cc00  ',
  'TP      : 0x3fc91180  T0      : 0x40384874  T1      : 0x80000000  T2      : 0x00000000  ',
  'S0/FP   : 0x3fc8e1a8  S1      : 0x3fc91280  A0      : 0x00000000  A1      : 0x00000000  ',
  'A2      : 0x3fc9128c  A3      : 0x00000000  A4      : 0x00000001  A5      : 0x00000000  ',
  'A6      : 0x00000000  A7      : 0x00000000  S2      : 0x00000000  S3      : 0x00000000  ',
  'S4      : 0x00000000  S5      : 0x00000000  S6      : 0x00000000  S7      : 0x00000000  ',
  'S8      : 0x00000000  S9      : 0x00000000  S10     : 0x00000000  S11     : 0x00000000  ',
  'T3      : 0x00000000  T4      : 0x00000000  T5      : 0x00000000  T6      : 0x00000000  ',
  'MSTATUS : 0x00001881  MTVEC   : 0x40380001  MCAUSE  : 0x00000005  MTVAL   : 0x00000000  ',
  'MHARTID : 0x00000000  ',
];

/** What the panic handler prints for a read through a null pointer, up to `Rebooting...`.
 * @see ESP-IDF v5.5 docs, "Fatal Errors"; components/esp_system/port/arch/{xtensa,riscv}/panic_arch.c */
export function panicLines(profile: ChipProfile, elfSha256: string, idf: IdfVersion): readonly string[] {
  const reason = profile.isRiscV ? 'Load access fault' : 'LoadProhibited';
  const details = profile.isRiscV
    ? ['', 'Stack memory:', `3fc91080:${' 0x00000000'.repeat(8)}`, `3fc910a0:${' 0xa5a5a5a5'.repeat(8)}`]
    : ['', '', 'Backtrace: 0x400d6a39:0x3ffb5f10 0x400d68ed:0x3ffb5f30 0x400e1d47:0x3ffb5f60 0x40085e3d:0x3ffb5f80'];
  return [
    `Guru Meditation Error: Core  0 panic'ed (${reason}). Exception was unhandled.`,
    '',
    'Core  0 register dump:',
    ...(profile.isRiscV ? RISCV_REGISTERS : XTENSA_REGISTERS),
    ...details,
    '',
    '',
    `ELF file SHA256: ${elfSha256.slice(0, isAtLeast(idf, 5, 2) ? 9 : 16)}`,
    '',
    'Rebooting...',
  ];
}
