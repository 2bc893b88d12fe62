import { describe, expect, it } from 'vitest';
import { ConsoleFollower } from '../../src/monitor/console-follower.ts';
import { decodeCrash, type DecodedCrash } from '../../src/monitor/decode-crash.ts';
import { createAddressIndex } from '../../src/monitor/elf/address-index.ts';
import { readCallFrames } from '../../src/monitor/elf/call-frames.ts';
import { openElf } from '../../src/monitor/elf/elf-file.ts';
import { canCrash, CRASHES, makeCrash, recordCrash, recordedCrash, type ElfCrash } from '../support/elf-crashes.ts';

/** Against GDB, on programs that really crashed in qemu-riscv32; where these are not installed, on recorded ones: the names of the tests say
 * which it is. `ESP32_OTA_RECORD_ELF=1` records anew. */
const isInstalled = canCrash();
const records = process.env['ESP32_OTA_RECORD_ELF'] !== undefined;
const HIGHER = 'a0 a1 a2 a3 a4 a5 a6 a7 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11'.split(' ');
const PRINTED = ['ra', 'sp', 'gp', 'tp', 't0', 't1', 't2', 'fp', 's1'].concat(HIGHER);

const hex = (value: number): string => `0x${value.toString(16).padStart(8, '0')}`;

/** What a panic would print of it, decoded. @param words of the stack that are printed */
function decode(bytes: Uint8Array, { registers, stackAddress, stack }: ElfCrash, words = stack.length): DecodedCrash {
  const follower = new ConsoleFollower();
  const names = PRINTED.map(
    (name) => `${name === 'fp' ? 'S0/FP' : name.toUpperCase()}    : ${hex(registers[name] ?? 0)}`,
  );
  const rows = Array.from({ length: Math.ceil(words / 8) }, (_, row) => {
    const line = stack.slice(row * 8, Math.min(words, row * 8 + 8)).map(hex);
    return `${hex(stackAddress + row * 32).slice(2)}: ${line.join(' ')}`;
  });
  const lines = [
    "Guru Meditation Error: Core  0 panic'ed (Load access fault). Exception was unhandled.",
    'Core  0 register dump:',
    `MEPC    : ${hex(registers['pc'] ?? 0)}`,
    ...names,
    '',
    'Stack memory:',
    ...rows,
    '',
    'Rebooting...',
  ];
  for (const line of lines) follower.line(line);
  const { crash } = follower.view;
  if (crash === undefined) throw new Error('no crash');
  return decodeCrash(crash, createAddressIndex(openElf(bytes)), { isRiscV: true });
}

function chainOf({ frames }: DecodedCrash): string[] {
  return frames
    .filter(({ isGuess }) => !isGuess)
    .flatMap((frame) => frame.frames)
    .map(({ function: name, file = '', line = 0 }) => `${name} ${file}:${line}`);
}

/** By number. @see RISC-V ELF psABI, "DWARF Register Numbers" */
const NAMES = ['zero', 'ra', 'sp', 'gp', 'tp', 't0', 't1', 't2', 's0', 's1'].concat(HIGHER);

/** Our rules at the addresses where readelf says that they change; a rule is that of the address before the next one, too. */
function rulesOf(bytes: Uint8Array, { rules }: ElfCrash): unknown[] {
  const frames = readCallFrames(openElf(bytes));
  const words = (address: number): { stack: string; saved: Record<string, number> } | undefined => {
    const frame = frames(address);
    if (frame === undefined) return undefined;
    const saved = [...frame.saved].flatMap(([register, offset]) => {
      return offset === undefined ? [] : [[NAMES[register] ?? '', offset] as const];
    });
    const { register, offset } = frame.stack;
    return { stack: `${NAMES[register] ?? ''}+${offset}`, saved: Object.fromEntries(saved) };
  };
  return rules.map(({ from }, at) => {
    const rule = words(from);
    const next = rules[at + 1]?.from ?? 0;
    // the next row is of the same function, where its rules are not those that every function begins with
    const isSame = next > from && rules[at + 1]?.stack !== 'sp+0';
    return isSame && JSON.stringify(words(next - 2)) !== JSON.stringify(rule) ? words(next - 2) : { from, ...rule };
  });
}

describe.each(Object.entries(CRASHES))('the chain of calls of %s', (name, flags) => {
  if (isInstalled) {
    it('that crashed now is what GDB finds', { timeout: 60_000 }, async () => {
      const made = await makeCrash(flags);
      if (records) recordCrash(name, made);
      expect(made.crash.chain.length).toBeGreaterThan(5);
      expect(chainOf(decode(made.bytes, made.crash))).toEqual(made.crash.chain);
      expect(rulesOf(made.bytes, made.crash)).toEqual(made.crash.rules);
    });
  }
  const where = isInstalled ? '' : ' (no riscv64-unknown-elf-gcc, qemu-riscv32 and gdb-multiarch here)';
  it(`that was recorded${where} is what GDB found`, () => {
    const { bytes, crash } = recordedCrash(name);
    expect(crash.chain.length).toBeGreaterThan(5);
    expect(chainOf(decode(bytes, crash))).toEqual(crash.chain);
  });

  it(`that was recorded${where} has the rules that readelf found`, () => {
    const { bytes, crash } = recordedCrash(name);
    expect(crash.rules.length).toBeGreaterThan(10);
    expect(rulesOf(bytes, crash)).toEqual(crash.rules);
  });

  it('ends where the printed stack ends, without a wrong frame', () => {
    const { bytes, crash } = recordedCrash(name);
    for (let words = 0; words < crash.stack.length; words += 3) {
      const chain = chainOf(decode(bytes, crash, words));
      expect(chain).toEqual(crash.chain.slice(0, chain.length));
    }
  });
});
