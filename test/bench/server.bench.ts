/** How the server does against `openssl s_server -WWW`, with two hundred boards at once, and beside a client that stalls. Servers run in
 * processes of their own, the clients in this one; what is compared shares the run, the image, the certificate and the client.
 * `node scripts/bench.mjs server [fast|boards|stall]` */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectTcp, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createSecureContext, connect as connectTls, type SecureContext } from 'node:tls';
import { CertificateStore } from '../../src/server/certificate-store.ts';
import { startFirmwareServer } from '../../src/server/firmware-server.ts';
import { ReleaseStore } from '../../src/server/release-store.ts';

const IMAGE_BYTES = 1_500_000;
const FAST_ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 300);
/** Downloads before the ones that count: what is compared is a server at work, not one that has just started. */
const WARM_UP_ROUNDS = 300;
const BOARDS = 200;
const BOARD_BYTES_PER_SECOND = 64 * 1024;
const NAMES = { dns: ['localhost'], ip: ['127.0.0.1'] };

async function serve(folder: string): Promise<void> {
  const image = randomBytes(IMAGE_BYTES);
  writeFileSync(join(folder, 'app.bin'), image);
  const credentials = await new CertificateStore(folder).serverCertificate({ names: NAMES });
  const releases = new ReleaseStore();
  releases.publish({ project: 'bench', version: '1.0.0', fileName: 'app.bin', bytes: image });
  const server = await startFirmwareServer({ credentials, host: '127.0.0.1', port: 0 }, releases);
  server.onTransfer(() => undefined);
  writeFileSync(join(folder, 'leaf.pem'), credentials.certificatePem);
  writeFileSync(join(folder, 'key.pem'), credentials.keyPem);
  process.send?.({ port: server.port, trustPem: credentials.trustPem });
}

interface Download {
  readonly totalMs: number;
  readonly firstByteMs: number;
}

/** Downloads the image once over a connection of its own, until HTTP says that it is complete: by its length, or (`s_server` gives none) by
 * the end of the connection. `bytesPerSecond` makes it as slow as a board, in steps of 4 KB as its flash is
 * written. */
function download(port: number, secureContext: SecureContext, bytesPerSecond = Infinity): Promise<Download> {
  return new Promise((resolve, reject) => {
    const isSlow = Number.isFinite(bytesPerSecond);
    const startMs = performance.now();
    let firstByteMs = 0;
    let head = '';
    let bodyBytes = -1;
    let isClosedByLength = true;
    const socket = connectTls({
      port,
      host: '127.0.0.1',
      servername: 'localhost',
      secureContext,
      ...(isSlow && { highWaterMark: 4096 }),
    });
    socket.once('secureConnect', () => {
      socket.write('GET /app.bin HTTP/1.1\r\nUser-Agent: ESP32 HTTP Client/1.0\r\nHost: localhost\r\n\r\n');
    });
    socket.on('error', reject);
    socket.on('close', () => {
      reject(new Error(`closed after ${bodyBytes} bytes`));
    });
    const finish = (): void => {
      socket.removeAllListeners('close');
      socket.destroy();
      resolve({ totalMs: performance.now() - startMs, firstByteMs });
    };
    socket.on('end', () => {
      if (bodyBytes === IMAGE_BYTES) finish();
    });
    socket.on('data', (piece: Buffer) => {
      if (bodyBytes < 0) {
        head += piece.toString('latin1');
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) return;
        bodyBytes = head.length - end - 4;
        isClosedByLength = /\r\ncontent-length:/i.test(head.slice(0, end));
        firstByteMs = performance.now() - startMs;
      } else {
        bodyBytes += piece.length;
      }
      if (bodyBytes >= IMAGE_BYTES) {
        if (isClosedByLength) finish();
        return;
      }
      const aheadMs = isSlow ? (bodyBytes * 1000) / bytesPerSecond - (performance.now() - startMs - firstByteMs) : 0;
      if (aheadMs > 1) {
        socket.pause();
        setTimeout(() => socket.resume(), aheadMs);
      }
    });
  });
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

function report(what: string, ratio: number, figures: string, isMet: boolean): void {
  console.log(`${isMet ? 'met   ' : 'MISSED'} ${what}: ${ratio.toFixed(3)} (${figures})`);
}

async function fast(port: number, secureContext: SecureContext, folder: string): Promise<void> {
  const opensslPort = await freePort();
  const openssl = spawn(
    'openssl',
    ['s_server', '-WWW', '-quiet', '-accept', String(opensslPort), '-cert', 'leaf.pem', '-key', 'key.pem'],
    { cwd: folder, stdio: 'ignore' },
  );
  try {
    await untilListening(opensslPort);
    const ours: Download[] = [];
    const theirs: Download[] = [];
    const first: number[] = [];
    for (let round = -WARM_UP_ROUNDS; round < FAST_ROUNDS; round++) {
      const one = await download(port, secureContext);
      const other = await download(opensslPort, secureContext);
      if (round < 0) {
        first.push(other.totalMs / one.totalMs);
        continue;
      }
      ours.push(one);
      theirs.push(other);
    }
    const [a, b] = [median(ours.map((one) => one.totalMs)), median(theirs.map((one) => one.totalMs))];
    const [c, d] = [
      median(ours.map((one) => one.totalMs - one.firstByteMs)),
      median(theirs.map((one) => one.totalMs - one.firstByteMs)),
    ];
    report(
      'one fast client, speed against openssl s_server',
      b / a,
      `${a.toFixed(1)} ms against ${b.toFixed(1)} ms`,
      b / a >= 1,
    );
    console.log(`       of which the body: ${(d / c).toFixed(3)} (${c.toFixed(1)} ms against ${d.toFixed(1)} ms)`);
    console.log(`       the first ${first.length} downloads after its start: ${median(first).toFixed(3)}`);
  } finally {
    openssl.kill();
  }
}

async function boards(port: number, secureContext: SecureContext): Promise<void> {
  const alone = await download(port, secureContext, BOARD_BYTES_PER_SECOND);
  const startMs = performance.now();
  const all = await Promise.all(
    Array.from({ length: BOARDS }, async () => {
      await download(port, secureContext, BOARD_BYTES_PER_SECOND);
      return performance.now() - startMs;
    }),
  );
  const slowestMs = Math.max(...all);
  report(
    `${BOARDS} boards at 64 KB/s, time of the slowest against one alone`,
    slowestMs / alone.totalMs,
    `${(slowestMs / 1000).toFixed(2)} s against ${(alone.totalMs / 1000).toFixed(2)} s`,
    slowestMs / alone.totalMs <= 1.1,
  );
}

/** Clients that send the first bytes of a ClientHello, or nothing, and stay. */
async function stall(port: number, secureContext: SecureContext): Promise<void> {
  const before: number[] = [];
  const beside: number[] = [];
  for (let round = -5; round < FAST_ROUNDS; round++) {
    const quiet = await download(port, secureContext);
    const stalled = [Buffer.from([0x16, 3, 1, 2, 0, 1]), Buffer.alloc(0)].map((bytes) => {
      const socket = connectTcp(port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(bytes);
      return socket;
    });
    await Promise.all(stalled.map((socket) => once(socket, 'connect')));
    const loud = await download(port, secureContext);
    for (const socket of stalled) socket.destroy();
    if (round < 0) continue;
    before.push(quiet.totalMs);
    beside.push(loud.totalMs);
  }
  const [a, b] = [median(before), median(beside)];
  report(
    'a download beside clients that stall in the handshake',
    b / a,
    `${b.toFixed(1)} ms against ${a.toFixed(1)} ms`,
    b / a <= 1.1,
  );
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function untilListening(port: number): Promise<void> {
  for (;;) {
    const socket = connectTcp(port, '127.0.0.1');
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => {
        resolve(true);
      });
      socket.once('error', () => {
        resolve(false);
      });
    });
    socket.destroy();
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function main(only: string | undefined): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'esp32-ota-bench-'));
  let child: ChildProcess | undefined;
  try {
    child = spawn(process.execPath, [process.argv[1] ?? '', 'serve', folder], { stdio: ['ignore', 2, 2, 'ipc'] });
    const [{ port, trustPem }] = (await once(child, 'message')) as [{ port: number; trustPem: string }];
    const secureContext = createSecureContext({ ca: trustPem });
    if (only === undefined || only === 'fast') await fast(port, secureContext, folder);
    if (only === undefined || only === 'stall') await stall(port, secureContext);
    if (only === undefined || only === 'boards') await boards(port, secureContext);
  } finally {
    child?.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

const [, , role, folder] = process.argv;
void (role === 'serve' && folder !== undefined ? serve(folder) : main(role));
