import { realpath } from 'node:fs/promises';
import { throwIfCancelled, withDeadline } from '../base/abort.ts';
import { systemClock, type Clock } from '../base/clock.ts';
import { silentLogger, type Logger } from '../base/logger.ts';
import { isOtaError, OtaError } from '../base/ota-error.ts';
import type { OwnHolder } from './holders.ts';
import { parsePortAddress } from './port-address.ts';
import { calloutPath } from './usb-transport.ts';
import { lockAgainstWindows, type WindowLockOptions } from './window-lock.ts';

/** Who wants a port, and what happens when somebody else does. */
export interface LeaseRequest {
  /** Who it is, to whoever asks for the port in this window: an id such as `monitor`, or words. */
  readonly holder: string;
  /** The same to other windows, whose language may be another one. Default: `holder`. */
  readonly lockedAs?: OwnHolder;
  /** Closes the port for another one: it is free when the promise resolves. Without it, this holder is never asked. A rejection keeps it. */
  readonly onYield?: (requester: string) => Promise<void>;
  /** The port is this holder's again, after it yielded. Given in every case but a release in between. */
  readonly onResume?: () => void;
  /** Whether a holder that can yield is asked to; default yes. Without it a port is only taken that nobody of this window has. */
  readonly asksToYield?: boolean;
  readonly signal?: AbortSignal;
}

/** The right to open one port. */
export interface PortLease {
  readonly address: string;
  readonly holder: string;
  /** False while yielded to somebody, and after the release. */
  readonly isHeld: boolean;
  /** Close the port first. Gives it back to the one who yielded it. Never rejects; twice is once. */
  release(): Promise<void>;
}

export interface PortLeasesOptions {
  /** Default: no other window is looked for. */
  readonly windows?: WindowLockOptions;
  /** How long a holder may take to yield. Default 5000. */
  readonly yieldMs?: number;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

class Lease implements PortLease {
  readonly address: string;
  readonly request: LeaseRequest;
  readonly #release: (lease: Lease) => Promise<void>;
  #released: Promise<void> | undefined;
  isHeld = true;

  constructor(address: string, request: LeaseRequest, release: (lease: Lease) => Promise<void>) {
    this.address = address;
    this.request = request;
    this.#release = release;
  }

  get holder(): string {
    return this.request.holder;
  }
  get isReleased(): boolean {
    return this.#released !== undefined;
  }

  release(): Promise<void> {
    this.isHeld = false;
    this.#released ??= this.#release(this);
    return this.#released;
  }
}

interface Port {
  /** The last one has the port; those before it yielded, one after the other. */
  readonly leases: Lease[];
  unlock: (() => Promise<void>) | undefined;
  /** One change of hands at a time. */
  turn: Promise<unknown>;
}

/** One owner of a port at a time, in this window and against the others. A holder that can yield is asked to, and gets the port back. */
export class PortLeases {
  readonly #ports = new Map<string, Port>();
  readonly #options: PortLeasesOptions;

  constructor(options: PortLeasesOptions = {}) {
    this.#options = options;
  }

  /** Who has the port now, in this window. */
  async holderOf(address: string): Promise<string | undefined> {
    return this.#ports.get(await portKey(address))?.leases.at(-1)?.holder;
  }

  /** @throws {OtaError} `serial.inUse` when the holder does not yield, `serial.otherWindow`, `serial.badAddress`, `cancelled`,
   * `file.unwritable` when the lock can't be written */
  async acquire(address: string, request: LeaseRequest): Promise<PortLease> {
    const key = await portKey(address);
    throwIfCancelled(request.signal, 'port');
    return this.#inTurn(key, async (port) => {
      throwIfCancelled(request.signal, 'port');
      // one that was released but whose turn to go has not come is no holder any more
      const current = port.leases.findLast((lease) => !lease.isReleased);
      if (current?.isHeld === true) await this.#askToYield(key, current, request);
      try {
        port.unlock ??= await this.#lock(address, key, request);
        throwIfCancelled(request.signal, 'port');
        const lease = new Lease(address, request, (ended) => this.#end(key, ended));
        port.leases.push(lease);
        return lease;
      } catch (error) {
        if (current !== undefined) this.#resume(current);
        else await this.#unlock(port);
        throw error;
      }
    });
  }

  /** Ends all leases; nobody is resumed. For the end of the window. */
  async releaseAll(): Promise<void> {
    const leases = [...this.#ports.values()].flatMap((port) => port.leases);
    await Promise.all(leases.map((lease) => lease.release()));
  }

  async #askToYield(key: string, current: Lease, request: LeaseRequest): Promise<void> {
    const { address, holder } = current;
    const { onYield } = current.request;
    const inUse = (cause?: unknown): OtaError => new OtaError('serial.inUse', { address, holder }, { cause });
    if (onYield === undefined || request.asksToYield === false) throw inUse();
    const { yieldMs = 5000, clock = systemClock } = this.#options;
    // a holder may be of another extension: one that throws at once keeps the port, as one that rejects
    const yielded = Promise.resolve(request.holder)
      .then(onYield)
      .then(() => {
        current.isHeld = false;
      });
    try {
      await withDeadline(yielded, yieldMs, 'yield', request.signal, clock);
    } catch (error) {
      // who was asked may still let go of the port after we gave up: then it gets it back at once
      const late = yielded.then(() =>
        this.#inTurn(key, async (port) => {
          if (port.leases.at(-1) === current) this.#resume(current);
          return Promise.resolve();
        }),
      );
      late.catch(() => undefined);
      throw isOtaError(error, 'cancelled') ? error : inUse(error);
    }
  }

  #resume(lease: Lease): void {
    if (lease.isReleased || lease.isHeld) return;
    lease.isHeld = true;
    try {
      lease.request.onResume?.();
    } catch (error) {
      (this.#options.logger ?? silentLogger).error(`resuming ${lease.holder} on ${lease.address}: ${String(error)}`);
    }
  }

  #end(key: string, lease: Lease): Promise<void> {
    return this.#inTurn(key, async (port) => {
      const wasLast = port.leases.at(-1) === lease;
      const index = port.leases.indexOf(lease);
      if (index >= 0) port.leases.splice(index, 1);
      const next = port.leases.findLast((other) => !other.isReleased);
      if (next !== undefined) {
        if (wasLast) this.#resume(next);
        return;
      }
      await this.#unlock(port);
    });
  }

  async #unlock(port: Port): Promise<void> {
    const { unlock } = port;
    port.unlock = undefined;
    await unlock?.();
  }

  async #lock(address: string, key: string, request: LeaseRequest): Promise<() => Promise<void>> {
    const { holder, lockedAs = holder, signal } = request;
    const { windows } = this.#options;
    // what is virtual is in this process: another one has a board of its own under the same name
    if (windows === undefined || key.startsWith('virtual:')) return () => Promise.resolve();
    return lockAgainstWindows(address, key, lockedAs, { ...windows, signal });
  }

  async #inTurn<T>(key: string, work: (port: Port) => Promise<T>): Promise<T> {
    const port = this.#ports.get(key) ?? { leases: [], unlock: undefined, turn: Promise.resolve() };
    this.#ports.set(key, port);
    const mine = port.turn.then(() => work(port));
    port.turn = mine.catch(() => undefined);
    return mine;
  }
}

/** One spelling for one port: links in `/dev/serial/by-id` are followed, names compared as the system does. */
async function portKey(text: string): Promise<string> {
  const address = parsePortAddress(text);
  switch (address.kind) {
    case 'device':
      return process.platform === 'win32'
        ? address.path.replace(/^\\\\[.?]\\/, '').toUpperCase()
        : realpath(calloutPath(address.path)).catch(() => calloutPath(address.path));
    case 'virtual':
      return `virtual://${address.name}`;
    case 'socket':
    case 'rfc2217':
      // both speak to the same serial server
      return `${address.host.toLowerCase()}:${address.port}`;
  }
}
