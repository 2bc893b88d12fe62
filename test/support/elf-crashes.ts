import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { ELF_FIXTURES } from './elf-programs.ts';

/** A program that really crashed, in qemu-riscv32: its registers, its stack, and the call chain that GDB found. */
export interface ElfCrash {
  readonly registers: Readonly<Record<string, number>>;
  readonly stackAddress: number;
  readonly stack: readonly number[];
  /** What readelf makes of the rules for unwinding: from which address on, the caller's stack pointer, and where registers were saved. */
  readonly rules: readonly {
    readonly from: number;
    readonly stack: string;
    readonly saved: Readonly<Record<string, number>>;
  }[];
  /** `function file:line` of each frame, inlined ones too, the innermost first. */
  readonly chain: readonly string[];
}

export const CRASHES: Readonly<Record<string, readonly string[]>> = {
  'crash-Og': ['-Og', '-gdwarf-5'],
  'crash-O2': ['-O2', '-gdwarf-4'],
  'crash-Os-save-restore': ['-Os', '-gdwarf-5', '-msave-restore'],
  'crash-O2-exceptions': ['-O2', '-gdwarf-5', '-fexceptions', '-fasynchronous-unwind-tables'],
  'crash-O2-frame-pointer': ['-O2', '-gdwarf-5', '-fno-omit-frame-pointer'],
};

const TOOLS = ['riscv64-unknown-elf-gcc', 'qemu-riscv32', 'gdb-multiarch'];
const STACK_WORDS = 256;
const REGISTERS = [
  ...['pc', 'ra', 'sp', 'gp', 'tp', 't0', 't1', 't2', 'fp', 's1', 'a0', 'a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'a7'],
  ...['s2', 's3', 's4', 's5', 's6', 's7', 's8', 's9', 's10', 's11', 't3', 't4', 't5', 't6'],
];

export function canCrash(): boolean {
  return TOOLS.every((tool) => spawnSync(tool, ['--version']).status === 0);
}

/** Builds a program, lets it crash, and asks GDB. */
export async function makeCrash(flags: readonly string[]): Promise<{ bytes: Uint8Array; crash: ElfCrash }> {
  const folder = mkdtempSync(join(tmpdir(), 'esp32-ota-crash-'));
  const socket = join(folder, 'gdb');
  const elf = join(folder, 'crash.elf');
  const build = spawnSync(
    'riscv64-unknown-elf-gcc',
    [
      ...['-march=rv32imc', '-mabi=ilp32', ...flags, '-fno-optimize-sibling-calls', '-fno-ident', '-nostdlib'],
      ...['-ffreestanding', `-ffile-prefix-map=${join(ELF_FIXTURES, 'source')}=/project`, '-Wl,-e,start'],
      ...['-o', elf, join(ELF_FIXTURES, 'source', 'crash.c'), '-lgcc'],
    ],
    { encoding: 'utf8', cwd: folder },
  );
  if (build.status !== 0) throw new Error(build.stderr);
  const machine = spawn('qemu-riscv32', ['-g', socket, elf], { stdio: 'ignore' });
  try {
    for (let tries = 0; tries < 1500 && !existsSync(socket); tries++) await new Promise((next) => setTimeout(next, 20));
    const commands = [
      ...[
        'set pagination off',
        'set confirm off',
        'set architecture riscv:rv32',
        `file ${elf}`,
        `target remote ${socket}`,
      ],
      ...['continue', 'echo CHAIN\\n', 'bt', 'echo REGISTERS\\n'],
      ...REGISTERS.map((name) => `printf "%x\\n", (unsigned)$${name}`),
      ...['echo STACK\\n', `x/${STACK_WORDS}xw $sp`, 'kill'],
    ];
    const gdb = spawnSync('gdb-multiarch', ['-nx', '-batch', ...commands.flatMap((command) => ['-ex', command])], {
      encoding: 'utf8',
      timeout: 60_000,
    });
    const interpreted = spawnSync('riscv64-unknown-elf-readelf', ['--debug-dump=frames-interp', elf], {
      encoding: 'utf8',
    });
    return {
      bytes: new Uint8Array(readFileSync(elf)),
      crash: { ...crashOf(gdb.stdout), rules: rulesOf(interpreted.stdout) },
    };
  } finally {
    machine.kill();
    rmSync(folder, { recursive: true });
  }
}

/** Tables with a row for each address where the rules change; `c-4` is 4 below the caller's stack pointer, `u` is unchanged. */
function rulesOf(output: string): ElfCrash['rules'] {
  let names: string[] = [];
  return output.split('\n').flatMap((line) => {
    const columns = line.trim().split(/\s+/);
    if (columns[0] === 'LOC') names = columns.slice(2);
    const [from = '', stack = '', ...places] = columns;
    // rows at address 0 are what all functions have in common
    if (!/^[0-9a-f]{8}$/.test(from) || /^0+$/.test(from) || !/^\w+\+\d+$/.test(stack)) return [];
    const saved = names.flatMap((name, at) => {
      const offset = /^c([+-]\d+)$/.exec(places[at] ?? '')?.[1];
      return offset === undefined ? [] : [[name, Number(offset)] as const];
    });
    return [{ from: Number.parseInt(from, 16), stack, saved: Object.fromEntries(saved) }];
  });
}

function crashOf(output: string): Omit<ElfCrash, 'rules'> {
  const [, afterChain = ''] = output.split('CHAIN\n');
  const [chain = '', afterRegisters = ''] = afterChain.split('REGISTERS\n');
  const [values = '', stack = ''] = afterRegisters.split('STACK\n');
  const numbers = values.trim().split('\n');
  const registers = Object.fromEntries(REGISTERS.map((name, at) => [name, Number.parseInt(numbers[at] ?? '', 16)]));
  const words = [...stack.matchAll(/^0x[0-9a-f]+[^:]*:((?:\t0x[0-9a-f]{8})+)/gm)].flatMap(([, line = '']) => {
    return line
      .trim()
      .split('\t')
      .map((word) => Number.parseInt(word, 16));
  });
  return {
    registers,
    stackAddress: registers['sp'] ?? Number.NaN,
    stack: words,
    chain: [...chain.matchAll(/^#\d+ +(?:0x[0-9a-f]+ in )?(\w+) .* at (\S+)$/gm)].map(
      ([, name, place]) => `${name} ${place}`,
    ),
  };
}

export function recordedCrash(name: string): { bytes: Uint8Array; crash: ElfCrash } {
  const read = (file: string): Buffer => gunzipSync(readFileSync(join(ELF_FIXTURES, file)));
  return {
    bytes: new Uint8Array(read(`${name}.elf.gz`)),
    crash: JSON.parse(read(`${name}.crash.json.gz`).toString()) as ElfCrash,
  };
}

export function recordCrash(name: string, { bytes, crash }: { bytes: Uint8Array; crash: ElfCrash }): void {
  writeFileSync(join(ELF_FIXTURES, `${name}.elf.gz`), gzipSync(bytes, { level: 9 }));
  writeFileSync(join(ELF_FIXTURES, `${name}.crash.json.gz`), gzipSync(JSON.stringify(crash), { level: 9 }));
}
