import { spawn } from 'node:child_process';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import type { Event } from '../../src/base/emitter.ts';
import type { TransferEvent, TransferEventOf } from '../../src/server/transfer-events.ts';

export interface Ran {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs a program to its end; what it reads from its standard input is `input`, then the end of it. */
export function run(command: string, args: readonly string[], input = ''): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (piece: Buffer) => out.push(piece));
    child.stderr.on('data', (piece: Buffer) => err.push(piece));
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ code, stdout: Buffer.concat(out), stderr: Buffer.concat(err).toString() });
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

/** Sends bytes as they are and gives everything that comes back until the server closes. */
export function exchange(socket: Socket, request: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    socket.on('data', (piece: Buffer) => pieces.push(piece));
    socket.on('error', reject);
    socket.on('close', () => {
      resolve(Buffer.concat(pieces));
    });
    socket.write(request);
  });
}

export function tcp(port: number): Socket {
  return connectTcp(port, '127.0.0.1');
}

/** `highWaterMark` (bytes) makes the client read no further ahead than that. */
export function tls(
  port: number,
  trustPem: string,
  more: ConnectionOptions & { readonly highWaterMark?: number } = {},
): TLSSocket {
  return connectTls({ port, host: '127.0.0.1', servername: 'localhost', ca: trustPem, ...more });
}

/** A response cut into its parts. */
export function parsed(response: Buffer): { status: number; headers: Record<string, string>; body: Buffer } {
  const end = response.indexOf('\r\n\r\n');
  const [first = '', ...lines] = response.toString('latin1', 0, end).split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  return { status: Number(first.split(' ')[1]), headers, body: response.subarray(end + 4) };
}

/** Remembers what a server tells, and waits for what it has not told yet. */
export class EventLog {
  readonly all: TransferEvent[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(events: Event<TransferEvent>) {
    events((event) => {
      this.all.push(event);
      for (const check of [...this.#waiting]) check();
    });
  }

  of<Kind extends TransferEvent['kind']>(kind: Kind): TransferEventOf<Kind>[] {
    return this.all.filter((event): event is TransferEventOf<Kind> => event.kind === kind);
  }

  /** The `count` events of this kind that came first, once there are that many. */
  first<Kind extends TransferEvent['kind']>(kind: Kind, count: number): Promise<TransferEventOf<Kind>[]> {
    return new Promise((resolve) => {
      const check = (): void => {
        const found = this.of(kind);
        if (found.length < count) return;
        this.#waiting.delete(check);
        resolve(found.slice(0, count));
      };
      this.#waiting.add(check);
      check();
    });
  }

  async one<Kind extends TransferEvent['kind']>(kind: Kind): Promise<TransferEventOf<Kind>> {
    const [event] = await this.first(kind, 1);
    if (event === undefined) throw new Error('unreachable');
    return event;
  }
}
