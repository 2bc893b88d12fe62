import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { openElf, type ElfFile } from '../../src/monitor/elf/elf-file.ts';
import type { SourceFrame } from '../../src/monitor/elf/address-index.ts';

/** Small programs for both architectures, in every version of DWARF, and what GNU addr2line says about each of their addresses.
 * `test/fixtures/elf` has them as they were built on one day, and the sources. */
export interface ElfProgram {
  readonly name: string;
  readonly toolchain: Toolchain;
  readonly flags: readonly string[];
  readonly sources: readonly string[];
  /** Flags that make debug information which addr2line 2.40 reads right, for the same code. It takes file 0 where a sequence of DWARF 5
   * names none, which has to be file 1 (DWARF 5 §6.2.2), and it does not read 64-bit DWARF. */
  readonly askedWith?: readonly string[];
  /** Compiles instead of the toolchain's own compiler, which then only links. */
  readonly compiler?: 'clang-14';
}

/** Empty: the computer's own, for the 32-bit form of its code. */
export type Toolchain = 'riscv64-unknown-elf-' | 'xtensa-lx106-elf-' | '';

export const ELF_FIXTURES = join(import.meta.dirname, '..', 'fixtures', 'elf');
const SOURCES = join(ELF_FIXTURES, 'source');
const C_SOURCES = ['start.c', 'walk.c', 'inner/checksum.c', 'halt.S'];
const CPP_SOURCES = ['shapes.cpp'];
const CODE_ADDRESS: Record<Toolchain, string> = {
  'riscv64-unknown-elf-': '0x42000020',
  'xtensa-lx106-elf-': '0x40200010',
  '': '0x42000020',
};

const CPP_FLAGS = ['-fno-exceptions', '-fno-rtti'];
const DWARF_4 = ['-gdwarf-4', '-gdwarf32'];

function riscv(name: string, flags: readonly string[], more: Partial<ElfProgram> = {}): ElfProgram {
  return {
    name: `riscv-${name}`,
    toolchain: 'riscv64-unknown-elf-',
    flags: ['-march=rv32imc', '-mabi=ilp32', ...flags],
    sources: C_SOURCES,
    ...more,
  };
}

function xtensa(name: string, flags: readonly string[], more: Partial<ElfProgram> = {}): ElfProgram {
  return { name: `xtensa-${name}`, toolchain: 'xtensa-lx106-elf-', flags, sources: C_SOURCES, ...more };
}

/** Clang refers to texts, addresses and ranges by numbers. */
function clang(name: string, flags: readonly string[], more: Partial<ElfProgram> = {}): ElfProgram {
  const sources = C_SOURCES.filter((source) => source.endsWith('.c'));
  return { ...riscv(name, ['-mno-relax', ...flags]), name: `clang-${name}`, sources, compiler: 'clang-14', ...more };
}

/** The assemblers of the chips' toolchains never pack address and line of a row into one byte, other compilers for these chips do. */
function x86(name: string, flags: readonly string[], more: Partial<ElfProgram> = {}): ElfProgram {
  const sources = C_SOURCES.filter((source) => source.endsWith('.c'));
  const here = ['-m32', '-fno-pic', '-no-pie', '-fcf-protection=none', '-fno-asynchronous-unwind-tables'];
  return { name: `x86-${name}`, toolchain: '', flags: [...here, ...flags], sources, ...more };
}

export const ELF_PROGRAMS: readonly ElfProgram[] = [
  riscv('dwarf2-Og', ['-gdwarf-2', '-gstrict-dwarf', '-Og']),
  riscv('dwarf3-O2', ['-gdwarf-3', '-O2']),
  riscv('dwarf4-Os', ['-gdwarf-4', '-Os']),
  riscv('dwarf5-Og', ['-gdwarf-5', '-Og'], { askedWith: DWARF_4 }),
  riscv('dwarf5-O2', ['-gdwarf-5', '-O2']),
  riscv('dwarf5-O2-compressed', ['-gdwarf-5', '-O2', '-Wl,--compress-debug-sections=zlib-gabi']),
  riscv('dwarf4-O2-old-compression', ['-gdwarf-4', '-O2', '-Wl,--compress-debug-sections=zlib-gnu']),
  riscv('dwarf5-O2-link-time', ['-gdwarf-5', '-O2', '-flto', '-ffat-lto-objects'], { askedWith: DWARF_4 }),
  riscv('dwarf5-64-bit', ['-gdwarf-5', '-gdwarf64', '-Og'], { askedWith: DWARF_4 }),
  clang('dwarf4-O2', ['-gdwarf-4', '-O2']),
  clang('dwarf5-O2', ['-gdwarf-5', '-O2'], { askedWith: ['-gdwarf-4'] }),
  clang('dwarf5-Og', ['-gdwarf-5', '-Og'], { askedWith: ['-gdwarf-4'] }),
  clang('cpp-dwarf5-O2', ['-gdwarf-5', '-O2', ...CPP_FLAGS], { sources: CPP_SOURCES, askedWith: ['-gdwarf-4'] }),
  x86('dwarf4-O2', ['-gdwarf-4', '-O2']),
  x86('dwarf5-O2', ['-gdwarf-5', '-O2']),
  riscv('no-debug', ['-g0', '-O2']),
  riscv('cpp-dwarf5-Og', ['-gdwarf-5', '-Og', ...CPP_FLAGS], { sources: CPP_SOURCES }),
  riscv('cpp-dwarf4-O2', ['-gdwarf-4', '-O2', ...CPP_FLAGS], { sources: CPP_SOURCES }),
  xtensa('dwarf2-O2', ['-gdwarf-2', '-gstrict-dwarf', '-O2']),
  xtensa('dwarf3-Og', ['-gdwarf-3', '-Og']),
  xtensa('dwarf4-O2', ['-gdwarf-4', '-O2']),
  xtensa('dwarf5-Og', ['-gdwarf-5', '-Og'], { askedWith: DWARF_4 }),
  xtensa('dwarf5-O2', ['-gdwarf-5', '-O2']),
  xtensa('cpp-dwarf5-Og', ['-gdwarf-5', '-Og', ...CPP_FLAGS], { sources: CPP_SOURCES }),
];

/** Whether what a program is built with is installed here. */
export function canBuild({ toolchain, compiler }: ElfProgram): boolean {
  const tools = [`${toolchain}gcc`, `${toolchain}addr2line`, ...(compiler === undefined ? [] : [compiler])];
  if (toolchain === '' && process.arch !== 'x64') return false;
  return tools.every((tool) => spawnSync(tool, ['--version']).status === 0);
}

/** Every address of the code, of each section at most this many. */
export function codeAddresses(elf: ElfFile, most = Number.POSITIVE_INFINITY): number[] {
  return elf.sections
    .filter(({ flags }) => (flags & 6) === 6)
    .flatMap(({ address, size }) => Array.from({ length: Math.min(size, most) }, (_, at) => address + at));
}

/** Without debug information, addr2line names the file that a symbol came from; a file without a line leads nowhere. */
const NO_PLACE = '??:?';

/** What addr2line prints for each address: function and place in turn, the innermost function first. */
export type Answers = ReadonlyMap<number, readonly string[]>;

/** Builds a program in a folder of its own, gone when this is over, and asks addr2line about all of its code. */
export function buildElf(program: ElfProgram): { bytes: Uint8Array; answers: Answers } {
  const folder = mkdtempSync(join(tmpdir(), 'esp32-ota-elf-'));
  try {
    cpSync(SOURCES, folder, { recursive: true });
    const script = join(folder, 'program.ld');
    const origin = CODE_ADDRESS[program.toolchain];
    writeFileSync(script, readFileSync(script, 'utf8').replace('ORIGIN_OF_CODE', origin));
    const path = compile(program, folder, 'program.elf', []);
    const asked = program.askedWith === undefined ? path : compile(program, folder, 'asked.elf', program.askedWith);
    const [bytes, other] = [path, asked].map((file) => new Uint8Array(readFileSync(file)));
    if (bytes === undefined || other === undefined) throw new Error('nothing was built');
    const [elf, otherElf] = [openElf(bytes), openElf(other)];
    const code = [elf, otherElf].map((one) => Buffer.from(one.open('.flash.text').bytes));
    if (code[0]?.equals(code[1] ?? Buffer.alloc(0)) !== true) throw new Error(`${program.name}: the code differs`);
    return { bytes, answers: askAddr2line(program.toolchain, asked, codeAddresses(elf)) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function compile(program: ElfProgram, folder: string, output: string, moreFlags: readonly string[]): string {
  const { name, toolchain, compiler, sources } = program;
  const run = (tool: string, options: readonly string[]): void => {
    const result = spawnSync(tool, options, { cwd: folder, encoding: 'utf8' });
    if (result.status !== 0) throw new Error(`${name}: ${result.error?.message ?? result.stderr}`);
  };
  const flags = [
    ...[...program.flags, ...moreFlags],
    ...['-ffunction-sections', '-fdata-sections', '-fno-ident', '-ffreestanding'],
    `-ffile-prefix-map=${folder}=/project`,
  ];
  const linking = ['-nostdlib', '-Wl,--gc-sections', '-T', 'program.ld', '-o', output];
  if (compiler === undefined)
    run(`${toolchain}gcc`, [...flags, ...linking, ...sources, ...(toolchain === '' ? [] : ['-lgcc'])]);
  else {
    const objects = sources.map((source) => `${source}.o`);
    sources.forEach((source, at) => {
      const target = ['--target=riscv32-unknown-elf', '-c', '-o', objects[at] ?? ''];
      run(compiler, [...target, ...flags, `-fdebug-compilation-dir=/project`, source]);
    });
    run(`${toolchain}gcc`, ['-march=rv32imc', '-mabi=ilp32', ...linking, ...objects, '-lgcc']);
  }
  return join(folder, output);
}

/** @see `addr2line --functions --inlines --demangle --addresses` */
export function askAddr2line(toolchain: string, path: string, addresses: readonly number[]): Answers {
  const asked = addresses.map((address) => `${address.toString(16)}\n`).join('');
  const result = spawnSync(`${toolchain}addr2line`, ['-f', '-i', '-C', '-a', '-e', path], {
    input: asked,
    encoding: 'utf8',
    maxBuffer: 1 << 30,
  });
  if (result.status !== 0) throw new Error(`addr2line: ${result.stderr}`);
  const answers = new Map<number, string[]>();
  let current: string[] = [];
  for (const line of result.stdout.split('\n')) {
    if (/^0x[0-9a-f]{8,16}$/.test(line)) {
      current = [];
      answers.set(Number.parseInt(line, 16), current);
    } else if (line !== '') current.push(line.replace(/ \(discriminator \d+\)$/, '').replace(/^.*:[0?]$/, NO_PLACE));
  }
  return answers;
}

/** The same words as addr2line uses. */
export function asAddr2line(frames: readonly SourceFrame[]): string[] {
  if (frames.length === 0) return ['??', NO_PLACE];
  return frames.flatMap(({ function: name, file, line }) => {
    return [name, file === undefined || line === undefined ? NO_PLACE : `${file}:${line}`];
  });
}

/** A program as it was built on one day, with what addr2line said then. */
export function recordedElf({ name }: ElfProgram): { bytes: Uint8Array; answers: Answers } {
  const read = (file: string): Buffer => gunzipSync(readFileSync(join(ELF_FIXTURES, file)));
  const answers = new Map<number, readonly string[]>();
  const { first, runs } = JSON.parse(read(`${name}.answers.json.gz`).toString()) as Recording;
  let address = first;
  for (const [count, answer] of runs) {
    for (let left = count; left > 0; left--) answers.set(address++, answer);
  }
  return { bytes: new Uint8Array(read(`${name}.elf.gz`)), answers };
}

/** The first address, then how many addresses in a row have which answer. */
interface Recording {
  readonly first: number;
  readonly runs: readonly (readonly [count: number, answer: readonly string[]])[];
}

export function recordElf({ name }: ElfProgram, { bytes, answers }: { bytes: Uint8Array; answers: Answers }): void {
  const runs: [number, readonly string[]][] = [];
  for (const answer of answers.values()) {
    const last = runs.at(-1);
    if (last?.[1].join('\n') === answer.join('\n')) last[0]++;
    else runs.push([1, answer]);
  }
  const recording: Recording = { first: Math.min(...answers.keys()), runs };
  const write = (file: string, content: Uint8Array | string): void => {
    writeFileSync(join(ELF_FIXTURES, file), gzipSync(content, { level: 9 }));
  };
  write(`${name}.elf.gz`, bytes);
  write(`${name}.answers.json.gz`, JSON.stringify(recording));
}
