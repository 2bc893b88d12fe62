/** How many bytes of console one second of a CPU takes through line splitter, stage tables and follower. `node scripts/bench.mjs monitor` */
import { ConsoleFollower } from '../../src/monitor/console-follower.ts';
import { createLineSplitter } from '../../src/monitor/line-splitter.ts';
import { stageOf } from '../../src/monitor/stages.ts';
import { STAGE_LINES } from '../unit/monitor/stage-lines.ts';

const TOTAL_BYTES = 32 * 1024 * 1024;
const CHUNK_BYTES = 4096;

const CHATTER = [
  'I (1379) cpu_start: Pro cpu start user code',
  'I (1380) heap_init: At 3FFB2EC8 len 0002D138 (180 KiB): DRAM',
  'D (2100) sensor: temperature 21.5 humidity 40.2 pressure 1013.2',
  'I (2101) wifi:state: run -> init (fc0)',
  'W (2300) my_component: queue is 80 % full, 12 messages dropped',
  'free text of a printf, as most firmware has some of it, 0x3ffb1234',
  'I (4000) esp_image: segment 0: paddr=001d0020 vaddr=3f400020 size=09a48h ( 39496) map',
];

function repeat(lines: readonly string[]): Uint8Array {
  const once = new TextEncoder().encode(lines.map((line) => `${line}\r\n`).join(''));
  const all = new Uint8Array(TOTAL_BYTES);
  for (let at = 0; at < all.length; at += once.length) all.set(once.subarray(0, all.length - at), at);
  return all;
}

function megabytesPerCpuSecond(bytes: Uint8Array, hear: (line: string) => void): number {
  const splitter = createLineSplitter();
  const before = process.cpuUsage();
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    for (const line of splitter.push(bytes.subarray(at, at + CHUNK_BYTES))) hear(line);
  }
  const { user, system } = process.cpuUsage(before);
  return bytes.length / (user + system);
}

const known = STAGE_LINES.map(([, prefix, message]) =>
  prefix === '' ? message : `${prefix.replace(' ', ' (1234) ')}: ${message}`,
);
const inputs = {
  'plain chatter': repeat(CHATTER),
  'coloured chatter': repeat(CHATTER.map((line) => `\u001b[0;32m${line}\u001b[0m`)),
  'nothing but known texts': repeat(known),
};

for (const [name, bytes] of Object.entries(inputs)) {
  const follower = new ConsoleFollower();
  const rates = {
    lines: megabytesPerCpuSecond(bytes, () => undefined),
    stages: megabytesPerCpuSecond(bytes, (line) => stageOf(line)),
    follower: megabytesPerCpuSecond(bytes, (line) => follower.line(line)),
  };
  const text = Object.entries(rates).map(([what, rate]) => `${what} ${rate.toFixed(0)} MB/s`);
  console.log(`${name}: ${text.join(', ')} (wanted: 20)`);
}
