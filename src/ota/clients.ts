import type { Release } from '../server/release-store.ts';
import type { AnnouncedFacts, TlsFailureCause, TransferEvent } from '../server/transfer-events.ts';

/** One client of the server, by its address: boards, mostly. */
export interface SeenClient {
  readonly address: string;
  readonly lastSeenMs: number;
  readonly userAgent?: string;
  readonly tls?: { readonly version: string; readonly cipher: string };
  readonly announced?: AnnouncedFacts;
  /** A download that goes on. */
  readonly current?: ClientDownload;
  /** The last download that came to its end. */
  readonly fetched?: { readonly releaseId: string; readonly version: string; readonly atMs: number };
  /** Why it did not get what it came for, the last time it did not. */
  readonly trouble?: ClientTrouble;
}

export interface ClientDownload {
  readonly requestId: string;
  readonly releaseId: string;
  readonly version: string;
  readonly offsetBytes: number;
  readonly totalBytes: number;
  readonly bytesPerSecond: number;
}

export type ClientTrouble =
  | { readonly kind: 'tls'; readonly cause: TlsFailureCause; readonly detail: string }
  | { readonly kind: 'status'; readonly status: number; readonly path: string }
  | { readonly kind: 'aborted'; readonly atBytes: number; readonly totalBytes: number }
  | { readonly kind: 'refused'; readonly reason: 'publicAddress' | 'tooManyConnections' };

/** Clients in the order in which they were first seen. */
export type SeenClients = ReadonlyMap<string, SeenClient>;

/** More than a desk holds; the one not seen for longest is forgotten first. */
const MOST_CLIENTS = 256;

/** The clients after one more event of the server. Pure.
 * @param versions of the releases that events may name, by their ids */
export function withEvent(
  clients: SeenClients,
  event: TransferEvent,
  versions: ReadonlyMap<string, string>,
): SeenClients {
  const { address } = event.client;
  const before = clients.get(address) ?? { address, lastSeenMs: event.atMs };
  const after = afterEvent({ ...before, lastSeenMs: event.atMs }, event, versions);
  const next = new Map(clients);
  next.set(address, after);
  if (next.size > MOST_CLIENTS) {
    const [oldest] = [...next.values()].sort((a, b) => a.lastSeenMs - b.lastSeenMs);
    if (oldest !== undefined) next.delete(oldest.address);
  }
  return next;
}

function withoutTrouble({ trouble: _, ...rest }: SeenClient): SeenClient {
  return rest;
}

function withoutCurrent({ current: _, ...rest }: SeenClient): SeenClient {
  return rest;
}

function afterEvent(client: SeenClient, event: TransferEvent, versions: ReadonlyMap<string, string>): SeenClient {
  switch (event.kind) {
    case 'tlsFailed':
      return { ...client, trouble: { kind: 'tls', cause: event.cause, detail: event.detail } };
    case 'fault':
      return client;
    case 'refused':
      return { ...client, trouble: { kind: 'refused', reason: event.reason } };
    case 'requested': {
      const known: SeenClient = {
        ...withoutTrouble(client),
        ...(event.userAgent === undefined ? {} : { userAgent: event.userAgent }),
        ...(event.tls === undefined ? {} : { tls: event.tls }),
        ...(event.announced === undefined ? {} : { announced: event.announced }),
      };
      return event.status >= 400
        ? { ...known, trouble: { kind: 'status', status: event.status, path: event.path } }
        : known;
    }
    case 'progress': {
      const version = versions.get(event.releaseId) ?? '';
      const { id: requestId, releaseId, offsetBytes, totalBytes, bytesPerSecond } = event;
      return { ...client, current: { requestId, releaseId, version, offsetBytes, totalBytes, bytesPerSecond } };
    }
    case 'ended':
      return afterEnd(client, event, versions);
  }
}

function afterEnd(
  client: SeenClient,
  event: TransferEvent & { kind: 'ended' },
  versions: ReadonlyMap<string, string>,
): SeenClient {
  const { releaseId, totalBytes } = event;
  if (releaseId === undefined || totalBytes === undefined || event.sentBytes === 0) return client;
  const reachedBytes = (event.startBytes ?? 0) + event.sentBytes;
  if (event.outcome === 'aborted') {
    return { ...withoutCurrent(client), trouble: { kind: 'aborted', atBytes: reachedBytes, totalBytes } };
  }
  if (reachedBytes < totalBytes) return client; // one range of several: the download goes on
  const version = versions.get(releaseId) ?? '';
  return { ...withoutCurrent(client), fetched: { releaseId, version, atMs: event.atMs } };
}

/** The clients of a server, as its events tell of them. Of a release only the version is kept: its bytes go when it is served no longer. */
export class ClientList {
  readonly #versions = new Map<string, string>();
  #clients: SeenClients = new Map();

  get clients(): SeenClients {
    return this.#clients;
  }

  /** Events may name this release from now on. */
  know({ id, version }: Release): void {
    this.#versions.set(id, version);
  }

  hear(event: TransferEvent): void {
    this.#clients = withEvent(this.#clients, event, this.#versions);
  }
}
