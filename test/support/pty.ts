import { closeSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { ReadStream } from 'node:tty';

/** A pseudo terminal: `path` is opened by the code under test, the rest is the board's side of it. */
export interface Pty {
  readonly path: string;
  /** Everything that came from the code under test so far. */
  readonly received: () => Buffer;
  /** Resolves when so many bytes came. */
  readonly receivedBytes: (count: number) => Promise<Buffer>;
  readonly send: (bytes: Uint8Array) => void;
  /** What pulling the cable is to a USB port. */
  readonly hangUp: () => void;
}

interface NativePty {
  open(columns: number, rows: number): { master: number; slave: number; pty: string };
}

/** Opens one. Only the native module of node-pty is used: its own terminal object, closed without a child process, sends SIGHUP to process
 * -1, that is to everybody. */
export function openPty(): Pty {
  const require = createRequire(import.meta.url);
  const loader = require('@lydell/node-pty/requireBinary.js') as { requireBinary: (name: string) => NativePty };
  const { master, slave, pty: path } = loader.requireBinary('pty.node').open(80, 24);
  const stream = new ReadStream(master);
  const chunks: Buffer[] = [];
  let check = (): void => undefined;
  stream.on('data', (chunk: Buffer) => {
    chunks.push(Buffer.from(chunk));
    check();
  });
  stream.on('error', () => undefined); // EIO when the other side closes
  let isSlaveOpen = true;
  const closeSlave = (): void => {
    if (isSlaveOpen) closeSync(slave);
    isSlaveOpen = false;
  };
  return {
    path,
    received: () => Buffer.concat(chunks),
    receivedBytes: (count) =>
      new Promise((resolve) => {
        check = () => {
          const all = Buffer.concat(chunks);
          if (all.length >= count) resolve(all);
        };
        check();
      }),
    send: (bytes) => {
      writeSync(master, bytes);
    },
    hangUp: () => {
      closeSlave();
      stream.destroy();
    },
  };
}

/** Ptys exist on Linux and macOS. */
export const HAS_PTY = process.platform !== 'win32';
