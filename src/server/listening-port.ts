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
    this.#server.close();
  }

  /** Listens on the same port again, at once when that is possible, and calls `onOpen` when it is so. While another program has the port it
   * is tried on, until {@link stop}.
   * @throws {OtaError} as {@link listen}, when the first try fails */
  async reopen(onOpen: () => void): Promise<void> {
    try {
      await (this.#opening ??= this.#again());
    } catch (error) {
      this.#logger.error(`port ${this.#port} can’t be listened on again yet: ${String(error)}`);
      void this.#keepTrying(onOpen);
      throw error;
    } finally {
      this.#opening = undefined;
    }
    onOpen();
  }

  /** Listens no more. `onClosed` is called when the last connection has ended. */
  stop(onClosed: () => void): void {
    this.#stopped.abort();
    this.#server.close(onClosed);
  }

  async #again(): Promise<void> {
    if (!this.#isShut || this.#stopped.signal.aborted) return;
    await this.#listen(this.#port);
    this.#isShut = false;
    this.#closeIfStopped();
  }

  async #keepTrying(onOpen: () => void): Promise<void> {
    while (this.#isShut) {
      const isOver = await sleep(RETRY_MS, this.#stopped.signal, this.#clock).then(
        () => false,
        () => true,
      );
      if (isOver) return;
      await this.#again().catch(() => undefined);
    }
    onOpen();
  }

  async #listen(port: number): Promise<void> {
    await listen(this.#server, port, this.#host);
    this.#server.on('error', (error) => {
      this.#logger.error(`server: ${error.message}`);
    });
  }

  /** The end may have come while the port was being opened. */
  #closeIfStopped(): void {
    if (this.#stopped.signal.aborted) this.#server.close();
  }
}
