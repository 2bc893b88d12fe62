import type { AddressInfo, Server } from 'node:net';
import { sleep } from '../base/abort.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { listen } from './listen.ts';

/** How often it is tried to get a port back that another program has taken. */
const RETRY_MS = 250;

/** A port that can be given up for a while and taken back. */
export class ListeningPort {
  readonly #server: Server;
  readonly #host: string | undefined;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #stopped = new AbortController();
  #port = 0;
  #isShut = false;
  #opening: Promise<void> | undefined;
  /** Of the tries that go on. */
  #trying: AbortController | undefined;
  readonly #onError = (error: Error): void => {
    this.#logger.error(`server: ${error.message}`);
  };

  constructor(server: Server, host: string | undefined, clock: Clock, logger: Logger) {
    this.#server = server;
    this.#host = host;
    this.#clock = clock;
    this.#logger = logger;
  }

  get port(): number {
    return this.#port;
  }

  /** Listens for the first time.
   * @throws {OtaError} as {@link listen} */
  async open(port: number): Promise<void> {
    await this.#listen(port);
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Lets every new connection be refused by the system. Those there are stay. */
  shut(): void {
    this.#isShut = true;
    this.#trying?.abort();
    this.#server.close();
  }

  /** Listens on the same port again, at once when that is possible, and calls `onOpen` when it is so. While another program has the port it
   * is tried on, until {@link stop}, or until it is asked for again: then only the last one hears of it.
   * @throws {OtaError} as {@link listen}, when the first try fails */
  async reopen(onOpen: () => void): Promise<void> {
    this.#trying?.abort();
    const trying = new AbortController();
    this.#trying = trying;
    try {
      await this.#again();
    } catch (error) {
      this.#logger.error(`port ${this.#port} can’t be listened on again yet: ${String(error)}`);
      void this.#keepTrying(onOpen, AbortSignal.any([trying.signal, this.#stopped.signal]));
      throw error;
    }
    onOpen();
  }

  /** Listens no more. `onClosed` is called when the last connection has ended. */
  stop(onClosed: () => void): void {
    this.#stopped.abort();
    this.#server.close(onClosed);
  }

  /** One try for all who ask meanwhile. */
  #again(): Promise<void> {
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #open(): Promise<void> {
    if (!this.#isShut || this.#stopped.signal.aborted) return;
    await this.#listen(this.#port);
    this.#isShut = false;
    this.#closeIfStopped();
  }

  async #keepTrying(onOpen: () => void, signal: AbortSignal): Promise<void> {
    while (this.#isShut) {
      const isOver = await sleep(RETRY_MS, signal, this.#clock).then(
        () => false,
        () => true,
      );
      if (isOver) return;
      await this.#again().catch(() => undefined);
    }
    if (!signal.aborted) onOpen();
  }

  async #listen(port: number): Promise<void> {
    this.#server.off('error', this.#onError);
    await listen(this.#server, port, this.#host);
    this.#server.on('error', this.#onError);
  }

  /** The end may have come while the port was being opened. */
  #closeIfStopped(): void {
    if (this.#stopped.signal.aborted) this.#server.close();
  }
}
