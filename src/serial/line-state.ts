import { toDisposable } from '../base/disposable.ts';
import { Emitter, type Event } from '../base/emitter.ts';
import { OtaError } from '../base/ota-error.ts';
import type { TransportClosed } from './serial-transport.ts';

/** Bytes kept for a first listener that is not there yet. */
const KEPT_BYTES = 64 * 1024;

/** What all transports share: delivering bytes, being closed once, and work that ends when the line does. */
export class LineState {
  readonly address: string;
  readonly #data = new Emitter<Uint8Array>();
  readonly #closing = new Emitter<TransportClosed>();
  #early: Uint8Array[] | undefined = [];
  #earlyBytes = 0;
  #closed: TransportClosed | undefined;

  constructor(address: string) {
    this.address = address;
  }

  get closed(): TransportClosed | undefined {
    return this.#closed;
  }

  readonly onData: Event<Uint8Array> = (listener) => {
    const subscription = this.#data.event(listener);
    // bytes that are kept stay in front of those that come until the listener has them
    if (this.#early !== undefined && this.#early.length > 0) {
      queueMicrotask(() => {
        this.#handOver();
      });
    } else {
      this.#early = undefined;
    }
    return subscription;
  };

  readonly onClosed: Event<TransportClosed> = (listener) => {
    if (this.#closed === undefined) return this.#closing.event(listener);
    const closed = this.#closed;
    let isWanted = true;
    queueMicrotask(() => {
      if (isWanted) listener(closed);
    });
    return toDisposable(() => {
      isWanted = false;
    });
  };

  /** Gives bytes to the listeners. They must not be written into afterwards. */
  deliver(bytes: Uint8Array): void {
    if (bytes.length === 0 || this.#closed?.cause === 'us') return;
    if (this.#early === undefined) {
      this.#tell(this.#data, bytes);
      return;
    }
    this.#early.push(bytes);
    this.#earlyBytes += bytes.length;
    while (this.#earlyBytes > KEPT_BYTES && this.#early.length > 1) {
      this.#earlyBytes -= this.#early.shift()?.length ?? 0;
    }
  }

  /** Forgets what came in and nobody has heard yet. */
  dropEarly(): void {
    if (this.#early !== undefined) this.#early = [];
    this.#earlyBytes = 0;
  }

  /** The first reason counts. */
  close(reason: TransportClosed): void {
    if (this.#closed !== undefined) return;
    this.#closed = reason;
    this.#tell(this.#closing, reason);
    this.#closing.dispose();
  }

  /** @throws {OtaError} why the line is closed, if it is */
  check(): void {
    if (this.#closed !== undefined) throw this.#errorOf(this.#closed);
  }

  /** The work's value, or a rejection as soon as the line is closed.
   * @throws {OtaError} why the line is closed */
  whileOpen<T>(start: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.check();
      const subscription = this.#closing.event((reason) => {
        reject(this.#errorOf(reason));
      });
      start().then(
        (value) => {
          subscription.dispose();
          resolve(value);
        },
        (error: unknown) => {
          subscription.dispose();
          reject(error instanceof Error ? error : new Error(String(error)));
        },
      );
    });
  }

  #errorOf(reason: TransportClosed): OtaError {
    return reason.cause === 'us' ? new OtaError('serial.closed', { address: this.address }) : reason.error;
  }

  #handOver(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const bytes of early) this.#tell(this.#data, bytes);
  }

  /** A listener that throws is at fault itself: its error must neither end the line, nor be told as the cable's, nor be lost. */
  #tell<T>(to: Emitter<T>, value: T): void {
    try {
      to.fire(value);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}
