import { connect, type Socket } from 'node:net';
import { throwIfCancelled, withDeadline } from '../base/abort.ts';
import { systemClock, type Clock } from '../base/clock.ts';
import { isOtaError, OtaError, systemCode } from '../base/ota-error.ts';
import { LineState } from './line-state.ts';
import { messageOf } from './system-errors.ts';

/** How long a server may take to accept. */
export const CONNECT_MS = 5000;

export interface RemoteEnd {
  readonly host: string;
  readonly port: number;
  /** As in the settings. */
  readonly address: string;
  readonly signal?: AbortSignal | undefined;
  readonly clock?: Clock;
}

/** A TCP connection that tells why it ended. What both remote transports stand on. */
export class SocketLine {
  readonly state: LineState;
  readonly #socket: Socket;
  #reason = 'closed by the other end';
  #isOurs = false;

  constructor(socket: Socket, address: string, onBytes: (bytes: Uint8Array) => void) {
    this.#socket = socket;
    this.state = new LineState(address);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 10_000);
    socket.on('data', (chunk: Buffer) => {
      onBytes(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    });
    socket.on('error', (error) => {
      this.#reason = systemCode(error) ?? messageOf(error);
    });
    socket.on('close', () => {
      this.state.close(this.#isOurs ? { cause: 'us' } : { cause: 'gone', error: this.#gone() });
    });
  }

  get isOpen(): boolean {
    return !this.#isOurs && this.state.closed === undefined;
  }

  /** @throws {OtaError} why the line is closed, if it is */
  check(): void {
    this.state.check();
    if (this.#isOurs) throw new OtaError('serial.closed', { address: this.state.address });
  }

  /** Resolves when the bytes are with the system. */
  async write(bytes: Uint8Array): Promise<void> {
    this.check();
    await this.state.whileOpen(
      () =>
        new Promise<void>((resolve) => {
          this.#socket.write(bytes, (error) => {
            // the close that follows a failure says why, and ends this wait
            if (error === null || error === undefined) resolve();
          });
        }),
    );
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.state.onClosed(() => {
        resolve();
      });
      if (this.isOpen) this.#isOurs = true;
      this.#socket.destroySoon();
      // a server that does not read would keep what is queued, and so the connection, for ever
      systemClock.after(500, () => this.#socket.destroy());
    });
  }

  #gone(): OtaError {
    return new OtaError('serial.gone', { address: this.state.address, reason: this.#reason });
  }
}

/** Connects a raw socket.
 * @throws {OtaError} `serial.unreachable`, `cancelled` */
export async function connectSocket(end: RemoteEnd): Promise<Socket> {
  throwIfCancelled(end.signal, 'connect');
  const socket = connect({ host: end.host, port: end.port });
  const connected = new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  try {
    await withDeadline(connected, CONNECT_MS, 'connect', end.signal, end.clock);
    socket.removeAllListeners('error');
    return socket;
  } catch (error) {
    socket.on('error', () => undefined);
    socket.destroy();
    if (isOtaError(error, 'cancelled')) throw error;
    const reason = isOtaError(error, 'timeout') ? 'ETIMEDOUT' : (systemCode(error) ?? messageOf(error));
    throw new OtaError('serial.unreachable', { address: end.address, reason }, { cause: error });
  }
}
