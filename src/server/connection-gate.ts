import type { Disposable } from '../base/disposable.ts';
import { toDisposable } from '../base/disposable.ts';
import { isLocalAddress } from './client-address.ts';

export interface ConnectionLimits {
  /** Open connections of all clients together (default 2048). */
  readonly maxConnections: number;
  /** Open connections of one address (default 1024: a whole bench of boards can sit behind one router). */
  readonly maxConnectionsPerAddress: number;
}

/** Who may be answered: `private` is private, loopback and link-local addresses. */
export type AllowedClients = 'private' | 'any';

/** Counts connections and says which are let in. */
export class ConnectionGate {
  readonly #limits: ConnectionLimits;
  readonly #open = new Map<string, number>();
  #total = 0;

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  /** Lets a connection in, to be disposed when it has closed, or says why not. */
  admit(address: string, allowed: AllowedClients): Disposable | 'publicAddress' | 'tooManyConnections' {
    if (allowed === 'private' && !isLocalAddress(address)) return 'publicAddress';
    const ofAddress = this.#open.get(address) ?? 0;
    if (this.#total >= this.#limits.maxConnections || ofAddress >= this.#limits.maxConnectionsPerAddress) {
      return 'tooManyConnections';
    }
    this.#total += 1;
    this.#open.set(address, ofAddress + 1);
    return toDisposable(() => {
      this.#total -= 1;
      const left = (this.#open.get(address) ?? 1) - 1;
      if (left > 0) this.#open.set(address, left);
      else this.#open.delete(address);
    });
  }
}
