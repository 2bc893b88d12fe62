import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { Clock } from '../base/clock.ts';
import type { Disposable } from '../base/disposable.ts';
import { OtaError, systemCode } from '../base/ota-error.ts';

/** What a read of the transport gives: bytes, a clean end, nothing within the time, or an error with its newlib number. */
export type ReadResult =
  | { readonly kind: 'data'; readonly bytes: Uint8Array }
  | { readonly kind: 'closed' }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'failed'; readonly errno: number };

/** What a board holds unread, in bytes: beyond it the server has to wait. */
const RECEIVE_WINDOW_BYTES = 16384;

/** Error numbers of newlib, which are not those of Linux. */
const ERRNO: Record<string, number> = {
  ECONNRESET: 104,
  EPIPE: 32,
  ETIMEDOUT: 116,
  EHOSTUNREACH: 118,
  ENETUNREACH: 114,
};
export const ECONNABORTED = 113;
export const ENOTCONN = 128;

export function newlibErrno(error: unknown): number {
  return ERRNO[systemCode(error) ?? ''] ?? ENOTCONN;
}

/** An open connection as `esp_transport` sees it: reads wait for bytes, with a timeout; unread bytes hold the sender back. */
export class Link implements Disposable {
  readonly #stream: Readable & { write(data: Uint8Array): boolean; end(): void };
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #end: Exclude<ReadResult, { kind: 'data' | 'timeout' }> | undefined;
  #wake: (() => void) | undefined;
  readonly #onAbort = (): void => {
    this.dispose();
  };

  /** `stream` carries the plain bytes; `socket` is the TCP socket under it (the same one without TLS). */
  constructor(
    stream: Readable & { write(data: Uint8Array): boolean; end(): void },
    socket: Socket,
    clock: Clock,
    signal: AbortSignal,
  ) {
    this.#stream = stream;
    this.#socket = socket;
    this.#clock = clock;
    this.#signal = signal;
    stream.on('data', (chunk: Uint8Array) => {
      this.#queue.push(chunk);
      this.#queuedBytes += chunk.length;
      if (this.#queuedBytes >= RECEIVE_WINDOW_BYTES) stream.pause();
      this.#wakeUp();
    });
    stream.on('end', () => {
      this.fail({ kind: 'closed' });
    });
    stream.on('close', () => {
      this.fail({ kind: 'closed' });
    });
    stream.on('error', (error) => {
      this.fail({ kind: 'failed', errno: newlibErrno(error) });
    });
    signal.addEventListener('abort', this.#onAbort, { once: true });
    if (signal.aborted) this.dispose();
  }

  get isOpen(): boolean {
    return this.#end === undefined;
  }

  /** Ends the connection for the reader; what arrived before can still be read. The first reason stands. */
  fail(end: Exclude<ReadResult, { kind: 'data' | 'timeout' }>): void {
    this.#end ??= end;
    this.#wakeUp();
  }

  write(bytes: Uint8Array): void {
    if (this.isOpen) this.#stream.write(bytes);
  }

  /** At most so many bytes, as soon as there are some.
   * @throws {OtaError} `cancelled` when the board was reset meanwhile. */
  async read(maxBytes: number, timeoutMs: number): Promise<ReadResult> {
    if (this.#queue.length === 0 && this.#end === undefined) await this.#waitForNews(timeoutMs);
    if (this.#signal.aborted) throw new OtaError('cancelled', { what: 'virtual board' });
    const first = this.#queue[0];
    if (first === undefined) return this.#end ?? { kind: 'timeout' };
    const bytes = first.subarray(0, maxBytes);
    if (bytes.length === first.length) this.#queue.shift();
    else this.#queue[0] = first.subarray(maxBytes);
    this.#queuedBytes -= bytes.length;
    if (this.#queuedBytes < RECEIVE_WINDOW_BYTES / 2 && this.#stream.isPaused()) this.#stream.resume();
    return { kind: 'data', bytes };
  }

  /** The radio is gone: nothing more is sent, the other side sees a reset at best. */
  drop(): void {
    this.fail({ kind: 'failed', errno: ECONNABORTED });
    this.#queue.length = 0;
    this.#queuedBytes = 0;
    this.#socket.resetAndDestroy();
    this.dispose();
  }

  dispose(): void {
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.fail({ kind: 'closed' });
    // a late error of a socket nobody reads any more is no news
    this.#stream.on('error', () => undefined);
    this.#socket.on('error', () => undefined);
    this.#stream.destroy();
    this.#socket.destroy();
  }

  #waitForNews(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#clock.after(timeoutMs, () => {
        this.#wakeUp();
      });
      this.#wake = () => {
        timer.dispose();
        resolve();
      };
    });
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
