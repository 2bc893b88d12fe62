import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAddressIndex } from '../../src/monitor/elf/address-index.ts';
import { openElf } from '../../src/monitor/elf/elf-file.ts';
import { elfSha256 } from '../../src/monitor/elf/elf-sha256.ts';

/** An ELF file of about 8 MB, as an application with Wi-Fi and TLS has: made by the compiler from generated sources. Usage: elf [TOOLCHAIN-] */
const TOOLCHAIN = process.argv[2] ?? 'riscv64-unknown-elf-';
const UNITS = 220;
const FUNCTIONS_PER_UNIT = 24;
const LOOKUPS = 3000;
const ROUNDS = 5;

function unitSource(unit: number): string {
  const types = Array.from({ length: 40 }, (_, at) => {
    return `struct state_${unit}_${at} { int a_${at}; char b_${at}; struct state_${unit}_${at} *next_${at}; int (*visit_${at})(int, void *); };`;
  });
  const functions = Array.from({ length: FUNCTIONS_PER_UNIT }, (_, at) => {
    const next = `work_${(unit + 1) % UNITS}_${(at * 7) % FUNCTIONS_PER_UNIT}`;
    return `
extern int ${next}(volatile int *data, int count);
static inline int helper_${unit}_${at}(volatile int *data, int by)
{
    return data[by] + clamp(data[by + 1], ${at}, ${at + 100});
}
int work_${unit}_${at}(volatile int *data, int count)
{
    struct state_${unit}_${at} state = { count, (char) count, 0, 0 };
    for (int step = 0; step < count; step++) {
        state.a_${at} += helper_${unit}_${at}(data, step);
        if (state.a_${at} > ${at * 3 + 7}) {
            state.a_${at} -= clamp(data[step], 1, ${at + 9}) * ${unit + 3};
        }
    }
    return count > ${at} ? ${next}(data, count - 1) + state.a_${at} : state.a_${at};
}`;
  });
  return `static inline int clamp(int value, int low, int high)
{
    if (value < low) {
        return low;
    }
    return value > high ? high : value;
}
${types.join('\n')}
${functions.join('\n')}
`;
}

function build(folder: string): string {
  const names = Array.from({ length: UNITS }, (_, unit) => `unit_${unit}.c`);
  names.forEach((name, unit) => {
    writeFileSync(join(folder, name), unitSource(unit));
  });
  writeFileSync(
    join(folder, 'start.c'),
    `extern int work_0_0(volatile int *data, int count);
static volatile int data[64];
void _start(void) { for (;;) data[0] = work_0_0(data, data[1]); }
`,
  );
  const march = TOOLCHAIN.startsWith('riscv') ? ['-march=rv32imc', '-mabi=ilp32'] : ['-mlongcalls'];
  const origin = TOOLCHAIN.startsWith('riscv') ? '0x42000020' : '0x40200010';
  const options = ['-gdwarf-5', '-Og', '-ffunction-sections', '-nostdlib', `-Wl,-Ttext=${origin}`, '-lgcc'];
  const result = spawnSync(`${TOOLCHAIN}gcc`, [...march, ...options, '-o', 'app.elf', 'start.c', ...names, '-lgcc'], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (result.status !== 0)
    throw new Error(`${TOOLCHAIN}gcc (install Debian's package): ${result.stderr.slice(0, 2000)}`);
  return join(folder, 'app.elf');
}

const ms = (from: number): number => performance.now() - from;
const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

const folder = mkdtempSync(join(tmpdir(), 'esp32-ota-elf-bench-'));
try {
  const path = build(folder);
  console.log(`${(statSync(path).size / 1e6).toFixed(1)} MB, ${UNITS} units, ${TOOLCHAIN}gcc -Og -gdwarf-5`);
  const code = openElf(new Uint8Array(readFileSync(path))).sections.find(({ name }) => name === '.text');
  if (code === undefined) throw new Error('no code');
  const addresses = Array.from({ length: LOOKUPS }, (_, at) => code.address + ((at * 7919) % (code.size >> 1)) * 2);
  const rounds = Array.from({ length: ROUNDS }, (_, round) => {
    const bytes = new Uint8Array(readFileSync(path));
    const cpuBefore = process.cpuUsage();
    const start = performance.now();
    const index = createAddressIndex(openElf(bytes));
    const indexMs = ms(start);
    const { user, system } = process.cpuUsage(cpuBefore);
    const times = addresses.map((address) => {
      const from = performance.now();
      index.lookup(address);
      return ms(from);
    });
    const allMs = times.reduce((sum, time) => sum + time, 0);
    const share = times.filter((time) => time > 1).length / times.length;
    const hashStart = performance.now();
    elfSha256(bytes);
    console.log(
      `round ${round + 1}: index ${indexMs.toFixed(1)} ms (CPU ${((user + system) / 1000).toFixed(1)} ms; wanted: 100), ` +
        `first look-up ${(times[0] ?? 0).toFixed(2)} ms, median ${median(times).toFixed(3)} ms, mean ${(allMs / times.length).toFixed(3)} ms ` +
        `(wanted: 1), ${(share * 100).toFixed(1)} % take longer than 1 ms; sha256 ${ms(hashStart).toFixed(0)} ms; ` +
        `${index.unitCount} units, ${index.symbolCount} symbols, ${index.problems.length} problems`,
    );
    return { indexMs, allMs };
  });
  const tool = (name: string, options: readonly string[], input = ''): number => {
    const from = performance.now();
    spawnSync(`${TOOLCHAIN}${name}`, [...options, path], { input, maxBuffer: 1 << 30 });
    return ms(from);
  };
  const one = median(
    Array.from({ length: ROUNDS }, () => tool('addr2line', ['-fiC', (addresses[1] ?? 0).toString(16), '-e'])),
  );
  const asked = addresses.map((address) => `${address.toString(16)}\n`).join('');
  const many = median(Array.from({ length: ROUNDS }, () => tool('addr2line', ['-fiC', '-e'], asked)));
  const indexMs = median(rounds.map((round) => round.indexMs));
  const allMs = median(rounds.map((round) => round.allMs));
  console.log(
    `${TOOLCHAIN}addr2line, with the start of its process: one address ${one.toFixed(0)} ms, ${LOOKUPS} addresses ${many.toFixed(0)} ms\n` +
      `index and one look-up ${((indexMs + allMs / LOOKUPS) / one).toFixed(2)} × its time, index and ${LOOKUPS} look-ups ${((indexMs + allMs) / many).toFixed(2)} ×`,
  );
} finally {
  rmSync(folder, { recursive: true });
}
