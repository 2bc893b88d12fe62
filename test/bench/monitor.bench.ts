/** How many bytes of console one second of a CPU takes through line splitter, stage tables and follower, and through a whole monitor; then a
 * board that prints at 2 Mbaud for a minute (or the seconds given) over TCP: what is lost, how long the event loop is kept, what the heap
 * comes to. `node scripts/bench.mjs monitor [seconds]` */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Emitter } from '../../src/base/emitter.ts';
import { ConsoleSession, type ConsoleSessionOptions } from '../../src/monitor/console-session.ts';
import { openLogFile } from '../../src/monitor/log-file.ts';
import { openPort } from '../../src/serial/open-port.ts';
import { PortLeases } from '../../src/serial/port-lease.ts';
import type { SerialTransport } from '../../src/serial/serial-transport.ts';
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

function newSession(address: string, open: ConsoleSessionOptions['open']): ConsoleSession {
  return new ConsoleSession({ address, open, leases: new PortLeases(), words: (notice) => notice.kind });
}

/** The whole way to text for a terminal, without a line in between. */
async function wholeMonitor(bytes: Uint8Array): Promise<number> {
  const data = new Emitter<Uint8Array>();
  const line = { onData: data.event, onClosed: new Emitter<never>().event, baud: 0, close: () => Promise.resolve() };
  const session = newSession('virtual://bench', () => Promise.resolve(line as unknown as SerialTransport));
  await session.open();
  const before = process.cpuUsage();
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    data.fire(bytes.subarray(at, at + CHUNK_BYTES));
    // as often as the output is let out
    if (at % (16 * CHUNK_BYTES) === 0) await new Promise((resolve) => setTimeout(resolve, 17));
  }
  const { user, system } = process.cpuUsage(before);
  await session.close();
  return bytes.length / (user + system);
}

for (const [name, bytes] of Object.entries(inputs)) {
  const rate = await wholeMonitor(bytes.subarray(0, TOTAL_BYTES / 4));
  console.log(`${name}, whole monitor: ${rate.toFixed(0)} MB/s`);
}

/** 2 Mbaud, 10 bits a byte. */
const BYTES_PER_SECOND = 200_000;

const lineOf = (number: number): string =>
  `I (${number}) bench: line ${number} of a board that never stops talking ${'.'.repeat(number % 40)}`;

/** The board, in a process of its own: what it costs is not the monitor's. */
const BOARD = `
const lineOf = ${lineOf.toString()};
const server = require('node:net').createServer((socket) => {
  const started = performance.now();
  let sent = 0, number = 0;
  const seconds = Number(process.argv[1]);
  const timer = setInterval(() => {
    const due = Math.min(seconds * ${BYTES_PER_SECOND}, (performance.now() - started) * ${BYTES_PER_SECOND / 1000});
    let block = '';
    while (sent + block.length < due) block += lineOf(number++) + '\\r\\n';
    sent += block.length;
    if (block) socket.write(block);
    if (performance.now() - started > seconds * 1000) { clearInterval(timer); socket.end('END ' + number + '\\r\\n'); server.close(); }
  }, 5);
}).listen(0, '127.0.0.1', () => console.log(server.address().port));
`;

const seconds = Number(process.argv[2] ?? 60);
const board = spawn(process.execPath, ['-e', BOARD, String(seconds)], { stdio: ['ignore', 'pipe', 'inherit'] });
const port = await new Promise<string>((resolve) => {
  board.stdout.once('data', (text: Buffer) => {
    resolve(text.toString().trim());
  });
});
const folder = mkdtempSync(join(tmpdir(), 'monitor-bench-'));
const session = newSession(`socket://127.0.0.1:${port}`, (address, signal) => openPort(address, { signal }));
let heardLines = 0;
let wrongLines = 0;
let shownCharacters = 0;
const finished = new Promise<number>((resolve) => {
  session.onLine((line) => {
    if (line.startsWith('END ')) resolve(Number(line.slice(4)));
    else if (line === lineOf(heardLines)) heardLines += 1;
    else wrongLines += 1;
  });
});
session.onOutput((text) => {
  shownCharacters += text.length;
});
const delays = monitorEventLoopDelay({ resolution: 1 });
const heaps: number[] = [];
const sampling = setInterval(() => heaps.push(process.memoryUsage().heapUsed / 1024 / 1024), 100);
const cpu = process.cpuUsage();
delays.enable();
const log = await openLogFile(join(folder, 'bench.log'), { limitBytes: 4 * 1024 * 1024, keptFiles: 10 });
await session.logTo(log);
await session.open();
const sentLines = await finished;
delays.disable();
clearInterval(sampling);
const used = process.cpuUsage(cpu);
await session.close();
const logged = readdirSync(folder)
  .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'))
  .filter((line) => line.startsWith('I (')).length;
rmSync(folder, { recursive: true });
const megabytes = (session.receivedBytes / 1e6).toFixed(1);
console.log(
  `2 Mbaud for ${seconds} s: ${megabytes} MB, ${sentLines} lines sent, ${sentLines - heardLines + wrongLines} lost (wanted: 0), ` +
    `${sentLines - logged} missing in the log, ${(shownCharacters / 1e6).toFixed(1)} M characters shown`,
);
console.log(
  `event loop kept at most ${(delays.max / 1e6).toFixed(0)} ms, 99.9 % below ${(delays.percentile(99.9) / 1e6).toFixed(0)} ms; ` +
    `heap ${Math.min(...heaps).toFixed(0)} to ${Math.max(...heaps).toFixed(0)} MB; CPU ${((used.user + used.system) / 1e4 / seconds).toFixed(1)} %`,
);
process.exit(sentLines === heardLines && wrongLines === 0 ? 0 : 1);
