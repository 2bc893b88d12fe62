import { throwIfCancelled } from '../base/abort.ts';
import { systemClock, type Clock } from '../base/clock.ts';
import { Emitter } from '../base/emitter.ts';
import { OtaError } from '../base/ota-error.ts';
import { MONITOR_HOLDER } from '../serial/holders.ts';
import type { PortLease, PortLeases } from '../serial/port-lease.ts';
import type { PortEntry } from '../serial/ports.ts';
import {
  findRemembered,
  rememberOthers,
  rememberPort,
  type Found,
  type RememberedPort,
} from '../serial/remembered-port.ts';
import type { SerialTransport } from '../serial/serial-transport.ts';
import './console-errors.ts';

/** `lost`: the board is away and looked for. `yielded`: somebody else has the port and gives it back. */
export type ConsoleState = 'closed' | 'opening' | 'open' | 'yielded' | 'lost';

export interface ConsolePortOptions {
  readonly address: string;
  readonly leases: PortLeases;
  /** Opens a port without resetting what is behind it, at the rate of the console. */
  readonly open: (address: string, signal: AbortSignal) => Promise<SerialTransport>;
  /** The ports of this computer, to find the board again by its USB identity where its address has changed. Default none: the address stays. */
  readonly list?: () => Promise<readonly PortEntry[]>;
  /** How often a board that is away is looked for. Default 500. */
  readonly everyMs?: number;
  readonly clock?: Clock;
}

export interface ConsolePortChange {
  readonly state: ConsoleState;
  /** Of a yielded port: what it is used for. */
  readonly yieldedTo?: string;
}

/** The port of a monitor: held by a lease that is yielded to whoever asks, opened again when it comes back, and looked for when the board is gone.
 * Nothing but the first opening and what the user does ever resets the board. */
export class ConsolePort {
  readonly #options: ConsolePortOptions;
  readonly #clock: Clock;
  readonly #data = new Emitter<Uint8Array>();
  readonly #changed = new Emitter<ConsolePortChange>();
  #address: string;
  #state: ConsoleState = 'closed';
  #lease: PortLease | undefined;
  #transport: SerialTransport | undefined;
  /** What the board was in the list of ports, to know it again. */
  #remembered: RememberedPort | undefined;
  /** Ends what goes on: opening, looking. A new one for each turn. */
  #turn = new AbortController();
  #wake: (() => void) | undefined;
  #isLettingGo = false;
  /** Settles when nothing is being opened any more. */
  #opening: Promise<unknown> = Promise.resolve();

  readonly onData = this.#data.event;
  readonly onChange = this.#changed.event;

  constructor(options: ConsolePortOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#address = options.address;
  }

  get state(): ConsoleState {
    return this.#state;
  }

  /** Where the board is now; it may change while it is away. */
  get address(): string {
    return this.#address;
  }

  /** While it is open. */
  get transport(): SerialTransport | undefined {
    return this.#transport;
  }

  /** @throws {OtaError} `serial.*`, `cancelled` */
  async open(): Promise<void> {
    if (this.#state !== 'closed') return;
    const { signal } = this.#nextTurn();
    this.#enter('opening');
    try {
      this.#lease = await this.#acquire(this.#address, signal, true);
      await this.#connect(this.#address, signal);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Closes the port and gives it up. Never rejects. */
  async close(): Promise<void> {
    this.#turn.abort();
    this.#wake?.();
    const transport = this.#transport;
    const lease = this.#lease;
    this.#transport = undefined;
    this.#lease = undefined;
    await this.#opening;
    await transport?.close();
    await lease?.release();
    this.#enter('closed');
  }

  /** A board that is away may be back: looks now. */
  lookAgain(): void {
    this.#wake?.();
  }

  /** @throws {OtaError} `monitor.notConnected` */
  connected(): SerialTransport {
    if (this.#transport === undefined) throw new OtaError('monitor.notConnected', { address: this.#address });
    return this.#transport;
  }

  #nextTurn(): AbortController {
    this.#turn.abort();
    this.#turn = new AbortController();
    return this.#turn;
  }

  #enter(state: ConsoleState, yieldedTo?: string): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#changed.fire({ state, ...(yieldedTo === undefined ? {} : { yieldedTo }) });
  }

  #acquire(address: string, signal: AbortSignal, asksToYield: boolean): Promise<PortLease> {
    return this.#options.leases.acquire(address, {
      holder: MONITOR_HOLDER,
      signal,
      asksToYield,
      onYield: (requester) => this.#yield(requester),
      onResume: () => {
        this.#resume();
      },
    });
  }

  async #yield(requester: string): Promise<void> {
    if (this.#isLettingGo) return;
    this.#nextTurn();
    this.#wake?.();
    const transport = this.#transport;
    this.#transport = undefined;
    this.#enter('yielded', requester);
    // what was begun to be opened is closed only once it is open
    await this.#opening;
    await transport?.close();
  }

  #resume(): void {
    if (this.#state !== 'yielded') return;
    const { signal } = this.#nextTurn();
    this.#connect(this.#address, signal).catch(() => {
      if (!signal.aborted) this.#lose(signal);
    });
  }

  #connect(address: string, signal: AbortSignal): Promise<void> {
    const opening = this.#open(address, signal);
    this.#opening = opening.catch(() => undefined);
    return opening;
  }

  async #open(address: string, signal: AbortSignal): Promise<void> {
    const transport = await this.#options.open(address, signal);
    if (signal.aborted) {
      await transport.close();
      throwIfCancelled(signal, MONITOR_HOLDER);
    }
    this.#address = address;
    this.#transport = transport;
    transport.onClosed(({ cause }) => {
      if (this.#transport !== transport) return;
      this.#transport = undefined;
      if (cause !== 'us') this.#lose(signal);
    });
    this.#enter('open');
    transport.onData((bytes) => {
      if (this.#transport === transport) this.#data.fire(bytes);
    });
    void this.#identify(address);
  }

  async #identify(address: string): Promise<void> {
    const remembered = await rememberPort(address, await this.#list());
    if (remembered.board !== undefined) this.#remembered = remembered;
  }

  async #list(): Promise<readonly PortEntry[]> {
    try {
      return (await this.#options.list?.()) ?? [];
    } catch {
      // a list that fails this time is asked again
      return [];
    }
  }

  #lose(signal: AbortSignal): void {
    this.#enter('lost');
    void this.#search(signal);
  }

  async #search(signal: AbortSignal): Promise<void> {
    const isOver = (): boolean => signal.aborted || this.#state !== 'lost';
    if (this.#remembered !== undefined) this.#remembered = rememberOthers(this.#remembered, await this.#list());
    while (!isOver()) {
      await this.#pause();
      if (isOver()) return;
      try {
        if (await this.#tryAgain(signal)) return;
      } catch {
        // not there yet, not free yet, not ready yet: what the next try is for
      }
    }
  }

  /** @returns whether the board is connected again */
  async #tryAgain(signal: AbortSignal): Promise<boolean> {
    const remembered = this.#remembered;
    const found: Found =
      remembered === undefined
        ? { kind: 'here', address: this.#address }
        : await findRemembered(remembered, await this.#list());
    throwIfCancelled(signal, MONITOR_HOLDER);
    // what is there is another board, with monitors of its own
    if (found.kind === 'other') await this.#letGo();
    if (found.kind !== 'here') return false;
    await this.#take(found.address, signal);
    await this.#connect(found.address, signal);
    return true;
  }

  /** Nobody is asked to yield: who has the port now may have it for another board. The old port is let go of first, as two boards may have
   * changed places. */
  async #take(address: string, signal: AbortSignal): Promise<void> {
    if (address !== this.#address) await this.#letGo();
    if (this.#lease !== undefined) return;
    const lease = await this.#acquire(address, signal, false);
    // closed in the meantime: nobody would give this one up
    if (signal.aborted) {
      await lease.release();
      throwIfCancelled(signal, MONITOR_HOLDER);
    }
    this.#lease = lease;
    this.#address = address;
  }

  async #letGo(): Promise<void> {
    const lease = this.#lease;
    this.#lease = undefined;
    this.#isLettingGo = true;
    await lease?.release();
    this.#isLettingGo = false;
  }

  /** Until the next look, or until somebody knows better. */
  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#clock.after(this.#options.everyMs ?? 500, () => {
        this.#wake?.();
      });
      this.#wake = () => {
        this.#wake = undefined;
        timer.dispose();
        resolve();
      };
    });
  }
}
