import { toDisposable, type Disposable } from '../base/disposable.ts';
import { Emitter, type Event } from '../base/emitter.ts';
import { plainAddress } from '../server/client-address.ts';
import type { ClientIdentity, TransferEvent } from '../server/transfer-events.ts';
import type { ClientLink } from './update-state.ts';

/** What is known of a board that helps to find it among the server's clients. */
export interface RoutedBoard {
  /** Told by a board that knows its own connections. */
  readonly ownsClient?: (client: ClientIdentity) => boolean;
  /** As its console printed it. May become known later: {@link Route.learnAddress}. */
  readonly address?: string;
  /** Lower case with colons. */
  readonly mac?: string;
}

/** A board's own share of what the server sees. */
export interface Route extends Disposable {
  readonly onTransfer: Event<TransferEvent>;
  /** What somebody met who could be this board, since no other is waited for, but was never given the release: a browser that does not trust the
   * certificate, somebody who looks for open ports. */
  readonly onStranger: Event<TransferEvent>;
  /** Fires before the first event of a client that is newly taken for this board. */
  readonly onLink: Event<ClientLink>;
  /** The board's console says that this is its address now. */
  learnAddress(address: string): void;
}

interface Entry {
  readonly board: RoutedBoard;
  readonly transfers: Emitter<TransferEvent>;
  readonly strangers: Emitter<TransferEvent>;
  readonly links: Emitter<ClientLink>;
  /** From the console, or from a client that was recognised. */
  address: string | undefined;
  link: ClientLink | undefined;
}

/** Tells several boards under update apart by what the server sees of them. Each board hears the events of its own client and no others. */
export class ClientRouter implements Disposable {
  readonly #entries = new Set<Entry>();
  /** Addresses of boards that are through: who asks from there is no other board. */
  readonly #through = new Set<string>();
  readonly #subscription: Disposable;

  constructor(onTransfer: Event<TransferEvent>) {
    this.#subscription = onTransfer((event) => {
      this.#route(event);
    });
  }

  /** From now on the board is one that waits for an update. */
  add(board: RoutedBoard): Route {
    const entry: Entry = {
      board,
      transfers: new Emitter(),
      strangers: new Emitter(),
      links: new Emitter(),
      address: board.address === undefined ? undefined : plainAddress(board.address),
      link: undefined,
    };
    this.#entries.add(entry);
    return {
      onTransfer: entry.transfers.event,
      onStranger: entry.strangers.event,
      onLink: entry.links.event,
      learnAddress: (address) => {
        entry.address = plainAddress(address);
        // a guess that turns out right is no guess any more
        if (entry.link?.by === 'onlyCandidate' && entry.link.address === entry.address) link(entry, 'address');
      },
      dispose: () => {
        this.#entries.delete(entry);
        if (entry.address !== undefined) this.#through.add(entry.address);
        entry.transfers.dispose();
        entry.strangers.dispose();
        entry.links.dispose();
      },
    };
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#entries.clear();
  }

  #route(event: TransferEvent): void {
    const found = this.#find(event);
    if (found === undefined) return;
    const { entry, by } = found;
    if (by === undefined) {
      entry.strangers.fire(event);
      return;
    }
    const address = plainAddress(event.client.address);
    if (entry.link?.address !== address || entry.link.by !== by) link(entry, by, address);
    entry.transfers.fire(event);
  }

  #find(event: TransferEvent): { readonly entry: Entry; readonly by: ClientLink['by'] | undefined } | undefined {
    const entries = [...this.#entries];
    const address = plainAddress(event.client.address);
    const own = entries.find(({ board }) => board.ownsClient?.(event.client) === true);
    if (own !== undefined) return { entry: own, by: 'connection' };
    const others = entries.filter(({ board }) => board.ownsClient === undefined);
    const mac = event.kind === 'requested' ? event.announced?.mac : undefined;
    const byMac = mac === undefined ? undefined : others.find(({ board }) => board.mac === mac);
    if (byMac !== undefined) {
      byMac.address = address;
      return { entry: byMac, by: 'mac' };
    }
    const known = others.find((entry) => entry.address === address);
    if (known !== undefined) return { entry: known, by: known.link?.address === address ? known.link.by : 'address' };
    if (this.#through.has(address)) return undefined;
    // a board that says another MAC address or another IP address of itself is another board
    const candidates = others.filter(
      (entry) => entry.address === undefined && !(mac !== undefined && entry.board.mac !== undefined),
    );
    const [only] = candidates;
    if (only === undefined || candidates.length > 1) return undefined;
    // only somebody who gets the release counts
    if (event.kind !== 'requested' || event.releaseId === undefined || event.status >= 400)
      return { entry: only, by: undefined };
    only.address = address;
    return { entry: only, by: 'onlyCandidate' };
  }
}

function link(entry: Entry, by: ClientLink['by'], address = entry.address ?? ''): void {
  entry.link = { address, by };
  entry.links.fire(entry.link);
}

/** A router that knows no boards: for a board that hears every client. */
export function unrouted(onTransfer: Event<TransferEvent>): Route {
  return {
    onTransfer,
    onStranger: () => toDisposable(() => undefined),
    onLink: () => toDisposable(() => undefined),
    learnAddress: () => undefined,
    dispose: () => undefined,
  };
}
