import { throwIfCancelled, unlessCancelled } from '../base/abort.ts';
import type { Disposable } from '../base/disposable.ts';
import { Emitter } from '../base/emitter.ts';
import { silentLogger, type Logger } from '../base/logger.ts';
import type { FirmwareServer, ServerCredentials } from './firmware-server.ts';

export type ServerState =
  | { readonly kind: 'off' }
  | { readonly kind: 'starting' }
  | { readonly kind: 'on'; readonly url: string; readonly protocol: 'https' | 'http'; readonly port: number };

/** The server as it is wanted at the moment each of this is asked for. */
export interface WantedServer {
  /** @throws {OtaError} of `startFirmwareServer`, and of what it needs */
  start(signal: AbortSignal): Promise<FirmwareServer>;
  /** Host of the firmware URL. */
  advertisedHost(): string;
  /** What it shows over HTTPS.
   * @throws {OtaError} of the certificate store */
  credentials(): Promise<ServerCredentials>;
}

/** A start that goes on. */
interface Starting {
  readonly stop: AbortController;
  readonly done: Promise<void>;
  /** How many have asked for it and not given up. */
  waiting: number;
}

/** One server for several who want it: on or off, whoever asks for it, gives up, or stops it meanwhile. */
export class ServerSwitch implements Disposable {
  readonly #wanted: WantedServer;
  readonly #logger: Logger;
  readonly #changed = new Emitter<ServerState>();
  #state: ServerState = { kind: 'off' };
  #server: FirmwareServer | undefined;
  #starting: Starting | undefined;
  #stopping: Promise<void> | undefined;
  #refreshing: Promise<unknown> = Promise.resolve();

  /** On, off, being started, or under another URL. */
  readonly onChange = this.#changed.event;

  constructor(wanted: WantedServer, logger: Logger = silentLogger) {
    this.#wanted = wanted;
    this.#logger = logger;
  }

  get state(): ServerState {
    return this.#state;
  }

  /** The one that is on. */
  get server(): FirmwareServer | undefined {
    return this.#server;
  }

  /** The server is on when it resolves. Starting twice is starting once, and it is given up when all who asked have given up.
   * @throws {OtaError} of {@link WantedServer.start}; `cancelled` */
  async start(signal?: AbortSignal): Promise<void> {
    // what goes off now is started anew
    for (let ending = this.#ending(); ending !== undefined; ending = this.#ending()) await ending;
    if (this.#starting === undefined && this.#state.kind !== 'off') return;
    const starting = (this.#starting ??= this.#begin());
    starting.waiting += 1;
    try {
      await (signal === undefined ? starting.done : unlessCancelled(starting.done, 'server', signal));
    } catch (error) {
      if (signal?.aborted !== true) throw error;
      starting.waiting -= 1;
      // what came on meanwhile stays on
      if (starting.waiting > 0 || this.#state.kind !== 'starting') throw error;
      starting.stop.abort();
      await starting.done;
    }
  }

  /** The server is off when it resolves, whatever it was doing. */
  async stop(): Promise<void> {
    this.#stopping ??= this.#end().finally(() => {
      this.#stopping = undefined;
    });
    await this.#stopping;
  }

  /** Takes over the address and the certificate that are wanted by now, of a server that is being started as soon as it is on. Of several
   * calls the last one counts, however long the others take.
   * @throws {OtaError} of {@link WantedServer.credentials}; `server.credentialsInvalid`: the old ones stay, and the address is told */
  refresh(): Promise<void> {
    const refreshed = this.#refreshing.then(() => this.#takeOver());
    this.#refreshing = refreshed.catch(() => undefined);
    return refreshed;
  }

  dispose(): void {
    this.#starting?.stop.abort();
    this.#server?.dispose();
    this.#changed.dispose();
  }

  /** What goes on until it is off: stopping it, or a start that was given up. */
  #ending(): Promise<void> | undefined {
    const isGivenUp = this.#starting?.stop.signal.aborted === true;
    return this.#stopping ?? (isGivenUp ? this.#starting?.done.catch(() => undefined) : undefined);
  }

  /** One start, for everybody who asks for it meanwhile. */
  #begin(): Starting {
    const stop = new AbortController();
    const done = this.#startServer(stop.signal).finally(() => {
      this.#starting = undefined;
    });
    return { stop, done, waiting: 0 };
  }

  async #startServer(signal: AbortSignal): Promise<void> {
    this.#setState({ kind: 'starting' });
    try {
      const server = await this.#wanted.start(signal);
      if (signal.aborted) await server.stop();
      throwIfCancelled(signal, 'server');
      this.#server = server;
      this.#setState({ kind: 'on', url: server.url, protocol: server.protocol, port: server.port });
    } catch (error) {
      this.#setState({ kind: 'off' });
      throw error;
    }
  }

  async #takeOver(): Promise<void> {
    await this.#starting?.done.catch(() => undefined);
    const server = this.#server;
    if (server === undefined) return;
    try {
      server.configure({ advertisedHost: this.#wanted.advertisedHost() });
      if (server.protocol === 'https') server.configure({ credentials: await this.#wanted.credentials() });
    } finally {
      if (this.#server === server && this.#state.kind === 'on' && this.#state.url !== server.url)
        this.#setState({ ...this.#state, url: server.url });
    }
  }

  async #end(): Promise<void> {
    const starting = this.#starting;
    starting?.stop.abort();
    // how the start ended is told to those who asked for it
    await starting?.done.catch(() => undefined);
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    try {
      await server.stop();
    } finally {
      this.#setState({ kind: 'off' });
    }
    this.#logger.info('server stopped, its port is free');
  }

  #setState(state: ServerState): void {
    this.#state = state;
    this.#changed.fire(state);
  }
}
