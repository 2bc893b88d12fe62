/** How long a rehearsal takes: a virtual board, the real server over TLS and an image of 1.5 MB, from power-on to the first line of the new
 * version, simulated delays 0. `node scripts/bench.mjs rehearsal [rounds]` */
import { performance } from 'node:perf_hooks';
import { OtaBench } from '../support/ota-bench.ts';

const IMAGE_BYTES = 1_500_000 - (1_500_000 % 16);
const ROUNDS = Number(process.argv[2] ?? 7);

async function rehearse(app: Parameters<OtaBench['board']>[0]): Promise<number[]> {
  const bench = await OtaBench.start();
  const url = bench.publish('app', bench.image({ totalSizeBytes: IMAGE_BYTES }));
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const board = bench.board({ firmwareUrl: url, ...app });
    const from = performance.now();
    board.powerOn();
    await board.runUntil('App version:      1.1.0', { timeoutMs: 60_000 });
    times.push(performance.now() - from);
    board.dispose();
  }
  await bench.dispose();
  return times.sort((left, right) => left - right);
}

async function main(): Promise<void> {
  for (const [name, app] of [
    ['simple', {}],
    ['advanced', { client: 'advanced' }],
    ['native', { client: 'native' }],
    ['advanced, 16 KB parts', { client: 'advanced', partialDownload: { requestSizeBytes: 16384 } }],
  ] as const) {
    const times = await rehearse(app);
    const median = times[times.length >> 1] ?? NaN;
    console.log(
      `${name.padEnd(24)} median ${median.toFixed(0)} ms, slowest ${(times.at(-1) ?? NaN).toFixed(0)} ms, ` +
        `${(IMAGE_BYTES / 1000 / median).toFixed(1)} MB/s, ${(median / 2000).toFixed(2)} of the 2 s allowed`,
    );
  }
}

void main();
