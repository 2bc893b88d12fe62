import { describe, expect, it } from 'vitest';
import type { CrashReport } from '../../../src/monitor/crash-report.ts';
import { ConsoleFollower } from '../../../src/monitor/console-follower.ts';
import { decodeCrash, firstOwnFrame, type DecodedCrash } from '../../../src/monitor/decode-crash.ts';
import { createAddressIndex, type AddressIndex } from '../../../src/monitor/elf/address-index.ts';
import { loadedBytes, openElf } from '../../../src/monitor/elf/elf-file.ts';
import { elfSha256, isSameElf } from '../../../src/monitor/elf/elf-sha256.ts';
import { isReturnAddress } from '../../../src/monitor/return-address.ts';
import { ELF_PROGRAMS, recordedElf } from '../../support/elf-programs.ts';

function indexOf(name: string): AddressIndex {
  const program = ELF_PROGRAMS.find((one) => one.name === name);
  if (program === undefined) throw new Error(name);
  return createAddressIndex(openElf(recordedElf(program).bytes));
}

/** The same without the rules for unwinding, as a firmware of assembly or of stripped libraries has it. */
function withoutRules({ elf }: AddressIndex): AddressIndex {
  const bytes = Buffer.from(elf.bytes);
  bytes.write('.debug_other', bytes.indexOf('.debug_frame\0'));
  return createAddressIndex(openElf(new Uint8Array(bytes)));
}

const unwindable = indexOf('riscv-dwarf5-Og');
const riscv = withoutRules(unwindable);
const xtensa = indexOf('xtensa-dwarf5-Og');

/** Addresses of the code that lie in a function of this name, not inlined into another. */
function addressesIn(index: AddressIndex, name: string): number[] {
  const section = index.elf.sections.find((one) => one.name === '.flash.text');
  if (section === undefined) throw new Error('no code');
  return Array.from({ length: section.size }, (_, at) => section.address + at).filter((address) => {
    return index.lookup(address).at(-1)?.function === name;
  });
}

/** The first return address in a function: what follows a call in it. */
function returnAddressIn(name: string): number {
  const found = addressesIn(riscv, name).find((address) => address % 2 === 0 && isReturnAddress(riscv, address));
  if (found === undefined) throw new Error(name);
  return found;
}

const hex = (value: number): string => `0x${value.toString(16).padStart(8, '0')}`;

function crashOf(lines: readonly string[]): CrashReport {
  const follower = new ConsoleFollower();
  for (const line of lines) follower.line(line);
  const { crash } = follower.view;
  if (crash === undefined) throw new Error('no crash');
  return crash;
}

function riscvPanic(pc: number, ra: number, stack: readonly number[], more: readonly string[] = []): CrashReport {
  const words = [...stack, ...Array<number>(24).fill(0)].slice(0, 24).map(hex);
  return crashOf([
    "Guru Meditation Error: Core  0 panic'ed (Load access fault). Exception was unhandled.",
    '',
    'Core  0 register dump:',
    `MEPC    : ${hex(pc)}  RA      : ${hex(ra)}  SP      : 0x3fc91080  GP      : 0x3fc8cc00  `,
    ...more,
    '',
    'Stack memory:',
    `3fc91080: ${words.slice(0, 8).join(' ')}`,
    `3fc910a0: ${words.slice(8, 16).join(' ')}`,
    `3fc910c0: ${words.slice(16, 24).join(' ')}`,
    '',
    '',
    'ELF file SHA256: 123456789',
    '',
    'Rebooting...',
  ]);
}

function xtensaPanic(pc: number, backtrace: readonly number[], a0 = 0): CrashReport {
  return crashOf([
    "Guru Meditation Error: Core  0 panic'ed (LoadProhibited). Exception was unhandled.",
    '',
    'Core  0 register dump:',
    `PC      : ${hex(pc)}  PS      : 0x00060730  A0      : ${hex(a0)}  A1      : 0x3ffb5f10  `,
    '',
    `Backtrace:${backtrace.map((address) => ` ${hex(address)}:0x3ffb5f10`).join('')}`,
    '',
    'Rebooting...',
  ]);
}

function summary({ frames }: DecodedCrash): string[] {
  return frames.map(({ from, isGuess, frames: named }) => {
    return `${from}${isGuess ? '?' : ''} ${named.map((frame) => frame.function).join(' < ')}`;
  });
}

describe('a panic of RISC-V without rules for unwinding', () => {
  const pc = addressesIn(riscv, 'row')[4] ?? addressesIn(riscv, 'checksum')[4] ?? 0;
  const [inChecksum, inOnce, inStart] = [
    returnAddressIn('checksum'),
    returnAddressIn('once'),
    returnAddressIn('start'),
  ];

  it('has the place, the caller from its register, and what follows a call in the stack as guesses', () => {
    const stack = [0x3fc80000, inChecksum, 7, inOnce, inOnce + 2, 0, inStart];
    const decoded = decodeCrash(riscvPanic(pc, inChecksum, stack), riscv, { isRiscV: true });
    expect(summary(decoded).slice(1)).toEqual(['ra checksum', 'stack? once', 'stack? start']);
    expect(decoded.frames[0]).toMatchObject({ address: pc, from: 'pc', isGuess: false });
    expect(decoded.frames.map(({ address }) => address)).toEqual([pc, inChecksum, inOnce, inStart]);
  });

  it('looks a caller up inside of its call, not behind it', () => {
    const decoded = decodeCrash(riscvPanic(pc, inStart, []), riscv, { isRiscV: true });
    expect(decoded.frames[1]?.frames).toEqual(riscv.lookup(inStart - 1));
    expect(riscv.lookup(inStart)).not.toEqual(riscv.lookup(inStart - 1));
  });

  it('has a guess where the register was left by an earlier call of the same function', () => {
    const inside = addressesIn(riscv, 'checksum').at(-1) ?? 0;
    const decoded = decodeCrash(riscvPanic(inside, inChecksum, [inChecksum, inOnce]), riscv, { isRiscV: true });
    expect(summary(decoded)).toEqual(['pc checksum', 'ra? checksum', 'stack? once']);
  });

  it('takes no register and no word for a caller that follows no call', () => {
    const other = addressesIn(riscv, 'start')[0] ?? 0;
    const decoded = decodeCrash(riscvPanic(pc, other, [other, 0x42000021, 0xffffffff]), riscv, { isRiscV: true });
    expect(decoded.frames).toHaveLength(1);
  });

  it('follows a chain that the firmware printed, by frame pointers or by .eh_frame', () => {
    for (const printed of [
      [inChecksum, inOnce, inStart],
      [inChecksum - 2, inOnce - 2, inStart - 2],
    ]) {
      const line = `Backtrace: ${[pc, ...printed].map((address) => `${hex(address)}:0x3fc91080`).join(' ')}`;
      const crash = riscvPanic(pc, 0, [inOnce], [line]);
      const decoded = decodeCrash(crash, riscv, { isRiscV: true });
      expect(summary(decoded).slice(1)).toEqual(['backtrace checksum', 'backtrace once', 'backtrace start']);
      expect(decoded.frames[2]?.frames).toEqual(riscv.lookup(inOnce - 1));
    }
  });

  it('at address 0 still says who called', () => {
    const decoded = decodeCrash(riscvPanic(0, inOnce, []), riscv, { isRiscV: true });
    expect(summary(decoded)).toEqual(['pc ', 'ra once']);
  });
});

describe('a panic of RISC-V with rules for unwinding', () => {
  const [inOnce, inStart] = [returnAddressIn('once'), returnAddressIn('start')];
  const [atEntry = 0] = addressesIn(unwindable, 'checksum');

  it('has certain callers, and ends at a function that never returns', () => {
    // once() keeps its return address in the last word of its 16 bytes, start() keeps none
    const decoded = decodeCrash(riscvPanic(inOnce, 0, [0, 0, 0, inStart]), unwindable, { isRiscV: true });
    expect(summary(decoded)).toEqual(['pc once', 'stack start']);
  });

  it('takes the register for the caller at the start of a function, and its copy in the stack for no further one', () => {
    const decoded = decodeCrash(riscvPanic(atEntry, inOnce, [0, 0, 0, inStart]), unwindable, { isRiscV: true });
    expect(summary(decoded)).toEqual(['pc checksum', 'ra once', 'stack start']);
    const lost = riscvPanic(atEntry, inOnce, [0, 0, 0, 0, inOnce, inStart]);
    expect(summary(decodeCrash(lost, unwindable, { isRiscV: true }))).toEqual([
      'pc checksum',
      'ra once',
      'stack? start',
    ]);
  });

  it('reads the stack only as far as no line of it was lost', () => {
    const whole = riscvPanic(0, 0, [...Array<number>(8).fill(0), inOnce, ...Array<number>(8).fill(0), inStart]);
    const lines = whole.lines.filter((line) => !line.startsWith('3fc910a0'));
    const count = (crash: CrashReport): number => decodeCrash(crash, riscv, { isRiscV: true }).frames.length;
    expect([count(whole), count({ ...whole, lines })]).toEqual([3, 1]);
  });
});

describe('a panic of Xtensa', () => {
  const pc = addressesIn(xtensa, 'checksum')[6] ?? 0;
  const caller = (addressesIn(xtensa, 'once')[12] ?? 0) - 0;

  it('takes the exact register for the first entry, and the others as they were printed', () => {
    const decoded = decodeCrash(xtensaPanic(pc, [pc - 3, caller]), xtensa, { isRiscV: false });
    expect(summary(decoded)).toEqual(['pc checksum', 'backtrace once']);
    expect(decoded.frames.map(({ address }) => address)).toEqual([pc, caller]);
    expect(decoded.frames[1]?.frames).toEqual(xtensa.lookup(caller));
  });

  it('keeps a chain that begins elsewhere, as after abort()', () => {
    const crash = crashOf([
      'abort() was called at PC 0x40081234 on core 0',
      '',
      `Backtrace: ${hex(caller)}:0x3ffb5f10`,
      '',
      'Rebooting...',
    ]);
    expect(summary(decodeCrash(crash, xtensa, { isRiscV: false }))).toEqual(['backtrace once']);
  });

  it('guesses the caller from A0 where no chain was printed', () => {
    const a0 = caller + 3 + 0x40000000;
    const decoded = decodeCrash(xtensaPanic(pc, [], a0), xtensa, { isRiscV: false });
    expect(summary(decoded)).toEqual(['pc checksum', 'ra? once']);
  });

  it('is that of the first core where both print theirs', () => {
    const first = xtensaPanic(pc, [pc - 3, caller]).lines;
    const crash = crashOf([
      ...first.slice(0, -1),
      'Core  1 register dump:',
      'PC      : 0x400ebf3a  PS      : 0x00060034  A0      : 0x800d0000  A1      : 0x3ffbc0a0  ',
      '',
      'Backtrace: 0x400ebf37:0x3ffbc0a0 0x400d0000:0x3ffbc0c0',
      '',
      'Rebooting...',
    ]);
    expect(decodeCrash(crash, xtensa, { isRiscV: false }).frames.map(({ address }) => address)).toEqual([pc, caller]);
  });
});

describe('the first place of the project', () => {
  const frame = (file: string, line = 3) => ({ function: 'f', file, line, isInlined: false });
  const at = (file: string, isGuess = false) => ({
    address: 1,
    from: isGuess ? ('stack' as const) : ('backtrace' as const),
    isGuess,
    frames: [frame(file)],
  });
  const found = (files: readonly (string | [string])[], folder = '/home/me/app'): string | undefined => {
    const frames = files.map((file) => (typeof file === 'string' ? at(file) : at(file[0], true)));
    return firstOwnFrame({ frames }, folder)?.file;
  };

  it('is the innermost in a file of its own', () => {
    expect(found(['/opt/idf/x.c', '/home/me/app/main/a.c', '/home/me/app/main/b.c'])).toBe('/home/me/app/main/a.c');
    expect(found(['/home/me/app/managed_components/x/a.c', '/home/me/app/build/gen.c'])).toBeUndefined();
    expect(found(['/home/me/app2/main/a.c'])).toBeUndefined();
    expect(found(['/home/me/app/build/../main/./a.c'])).toBe('/home/me/app/main/a.c');
  });

  it('is a certain one rather than a guess', () => {
    expect(found([['/home/me/app/main/guess.c'], '/home/me/app/main/sure.c'])).toBe('/home/me/app/main/sure.c');
    expect(found([['/home/me/app/main/guess.c']])).toBe('/home/me/app/main/guess.c');
  });

  it('is found in a reproducible build, and on Windows', () => {
    expect(found(['/IDF_PROJECT/main/a.c'])).toBe('/home/me/app/main/a.c');
    expect(found(['C:/Me/App/main/a.c'], 'c:\\me\\app')).toBe('c:/me/app/main/a.c');
  });
});

describe('a call before an address', () => {
  it('is any that links through ra', () => {
    const section = riscv.elf.sections.find((one) => one.name === '.flash.text');
    const base = section?.address ?? 0;
    const bytes = Uint8Array.from(riscv.elf.bytes);
    const write = (words: readonly number[]): AddressIndex => {
      bytes.set(words, section?.offset);
      return createAddressIndex(openElf(bytes));
    };
    expect(loadedBytes(riscv.elf, base, 4)).toHaveLength(4);
    const cases: readonly (readonly [name: string, bytes: readonly number[], expected: boolean])[] = [
      ['jal ra', [0xef, 0x00, 0x40, 0x00], true],
      ['jal zero', [0x6f, 0x00, 0x40, 0x00], false],
      ['jal t0', [0xef, 0x02, 0x40, 0x00], false],
      ['jalr ra, a5', [0xe7, 0x80, 0x07, 0x00], true],
      ['jalr zero, ra (ret)', [0x67, 0x80, 0x00, 0x00], false],
      ['c.jal', [0x01, 0x00, 0x09, 0x20], true],
      ['c.j', [0x01, 0x00, 0x09, 0xa0], false],
      ['c.jalr a5', [0x01, 0x00, 0x82, 0x97], true],
      ['c.jr ra', [0x01, 0x00, 0x82, 0x80], false],
      ['c.ebreak', [0x01, 0x00, 0x02, 0x90], false],
      ['nop', [0x13, 0x00, 0x00, 0x00], false],
    ];
    for (const [name, code, expected] of cases) {
      expect([name, isReturnAddress(write(code), base + 4)]).toEqual([name, expected]);
    }
    expect(isReturnAddress(write([0xef, 0x00, 0x40, 0x00]), base + 3)).toBe(false);
    // the end of a branch and the instruction behind it look like jalr ra
    expect(isReturnAddress(write([0x63, 0xdb, 0xe7, 0x00, 0x8d, 0x45]), base + 6)).toBe(false);
    expect(isReturnAddress(riscv, 0)).toBe(false);
  });
});

describe('the digest of an ELF file', () => {
  it('is the one that a panic prints the beginning of', () => {
    const sha256 = elfSha256(new TextEncoder().encode('abc'));
    expect(sha256).toMatch(/^ba7816bf/);
    expect(['ba7816bf8', 'ba7816bf8f01cfea', 'BA7816BF'].map((text) => isSameElf(text, sha256))).toEqual([
      true,
      true,
      true,
    ]);
    expect(isSameElf('ba7816bf9', sha256)).toBe(false);
  });
});
