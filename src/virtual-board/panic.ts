import type { ChipProfile } from './chip-profile.ts';
import { crashSite, type CrashSite } from './crash-site.ts';
import { isAtLeast, type IdfVersion } from './idf-version.ts';

const RISCV_STACK = 0x3fc91080;
const XTENSA_STACK = 0x3ffb5f10;
const FRAME_BYTES = 32;
/** Where an image has no code that could be at fault. */
const NOWHERE: CrashSite = { pc: 0, returnAddresses: [] };

const hex8 = (value: number): string => `0x${(value >>> 0).toString(16).padStart(8, '0')}`;

function xtensaRegisters({ pc, returnAddresses: [caller = 0] }: CrashSite): readonly string[] {
  // the two upper bits of a return address say that the call moved the register window by 8
  const a0 = caller === 0 ? 0 : (caller % 0x40000000) + 0x80000000;
  return [
    `PC      : ${hex8(pc)}  PS      : 0x00060730  A0      : ${hex8(a0)}  A1      : 0x3ffb5f10  `,
    'A2      : 0x00000000  A3      : 0x3ffb5f30  A4      : 0x00000001  A5      : 0x3ffb2a10  ',
    'A6      : 0x00000003  A7      : 0x00060023  A8      : 0x3ffb2a34  A9      : 0x3ffb5ef0  ',
    'A10     : 0x00000000  A11     : 0x3f403d6c  A12     : 0x3ffb5f40  A13     : 0x00000000  ',
    'A14     : 0x3ffb43c4  A15     : 0x00000000  SAR     : 0x00000018  EXCCAUSE: 0x0000001c  ',
    'EXCVADDR: 0x00000000  LBEG    : 0x400014fd  LEND    : 0x4000150d  LCOUNT  : 0xfffffffe  ',
  ];
}

function riscvRegisters({ pc, returnAddresses: [caller = 0] }: CrashSite): readonly string[] {
  return [
    `MEPC    : ${hex8(pc)}  RA      : ${hex8(caller)}  SP      : 0x3fc91080  GP      : 0x3fc8cc00  `,
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
}

/** One frame of 32 bytes for each caller, its return address in the last word, then stack that was never used. */
function stackMemory({ returnAddresses }: CrashSite): readonly string[] {
  const line = (index: number, words: string): string => `${(RISCV_STACK + index * FRAME_BYTES).toString(16)}:${words}`;
  const frames = returnAddresses.map((address, index) => line(index, `${' 0x00000000'.repeat(7)} ${hex8(address)}`));
  return ['', 'Stack memory:', ...frames, line(frames.length, ' 0xa5a5a5a5'.repeat(8))];
}

/** The chip itself takes 3 from every address, also from the first. @see ESP-IDF v5.5 `esp_cpu_utils.h`, `esp_cpu_process_stack_pc` */
function backtrace({ pc, returnAddresses }: CrashSite): readonly string[] {
  const entries = [pc, ...returnAddresses].map((address, index) => {
    return ` ${hex8(address - 3)}:${hex8(XTENSA_STACK + index * FRAME_BYTES)}`;
  });
  return ['', '', `Backtrace:${entries.join('')}`];
}

/** What the panic handler prints for a read through a null pointer, up to `Rebooting...`.
 * @param image the running one, from its header on
 * @see ESP-IDF v5.5 docs, "Fatal Errors"; components/esp_system/port/arch/{xtensa,riscv}/panic_arch.c */
export function panicLines(
  profile: ChipProfile,
  image: Uint8Array,
  elfSha256: string,
  idf: IdfVersion,
): readonly string[] {
  const site = crashSite(image, profile) ?? NOWHERE;
  const reason = profile.isRiscV ? 'Load access fault' : 'LoadProhibited';
  return [
    `Guru Meditation Error: Core  0 panic'ed (${reason}). Exception was unhandled.`,
    '',
    'Core  0 register dump:',
    ...(profile.isRiscV ? riscvRegisters(site) : xtensaRegisters(site)),
    ...(profile.isRiscV ? stackMemory(site) : backtrace(site)),
    '',
    '',
    `ELF file SHA256: ${elfSha256.slice(0, isAtLeast(idf, 5, 2) ? 9 : 16)}`,
    '',
    'Rebooting...',
  ];
}
