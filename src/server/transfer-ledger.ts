import type { Clock } from '../base/clock.ts';
import type { Disposable } from '../base/disposable.ts';
import type { Release, ReleaseStore } from './release-store.ts';

/** How long after its last byte a transfer can still be continued. */
const REMEMBERED_MS = 30 * 60_000;
/** A first range this soon after a HEAD belongs to it (`esp_https_ota` asks for the size first when it downloads in parts). */
const AFTER_HEAD_MS = 15_000;
const PRUNE_EVERY_MS = 60_000;
const MAX_PER_PATH = 8;
const MAX_TRANSFERS = 512;
/** Releases that stay in memory only because a transfer may be continued. */
const MAX_RELEASES_HELD = 16;

/** One download of one release by one client, over as many requests as it takes. */
export interface Transfer {
  readonly id: string;
  readonly release: Release;
}

export interface TransferQuestion {
  /** Not the port: each range of a download in parts may come over a connection of its own, and so does a resumption after a reset. */
  readonly address: string;
  readonly path: string;
  readonly method: 'GET' | 'HEAD';
  /** Where the range asked for begins; undefined for a request of the whole. */
  readonly rangeStart: number | undefined;
  /** Names the connection, for clients that keep theirs open. */
  readonly connection: number;
  /** What the board said of itself. */
  readonly mac: string | undefined;
  /** The release that If-Range names, if it is one that can still be served. */
  readonly ifRange: Release | undefined;
}

interface Entry extends Transfer {
  readonly key: string;
  readonly begunByHead: boolean;
  readonly hold: Disposable;
  mac: string | undefined;
  connection: number;
  lastMs: number;
  openRequests: number;
  /** Where the last request's bytes ended: what a client that goes on asks for next. */
  nextBytes: number;
  /** The furthest byte that was handed to the system: a client can have no more. */
  sentEndBytes: number;
}

/**
 * Says which release a request gets, so that what began on one release ends on it although newer ones were published in between.
 *
 * A request for the whole, a HEAD or a range from 0 begins a transfer, on the newest release. A range from further on continues one that
 * its address has begun on this path. Several clients can share an address (NAT, several virtual boards), so the last few transfers
 * of each are kept and the one that fits best is continued: the one that If-Range names; else the one on the same connection; else
 * the one of the same announced MAC; else one that is idle and expects exactly this offset; else one that has come at least this
 * far (a board that was reset has stored less than it was sent); else the latest. Among equals the latest. A client that nothing is
 * known of (the server was restarted) gets the newest.
 */
export class TransferLedger implements Disposable {
  readonly #store: ReleaseStore;
  readonly #clock: Clock;
  /** Least recently active first. */
  readonly #entries = new Set<Entry>();
  #count = 0;
  #prunedMs = 0;

  constructor(store: ReleaseStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** The transfer that a request begins or continues.
   * @returns undefined when it can't be continued: since then a HEAD has told this client of a release of another size, so the rest of
   * the old one would not fit what it expects */
  assign(question: TransferQuestion, newest: Release): Transfer | undefined {
    const found = this.#continued(question);
    if (found === 'mixed') return undefined;
    const entry = found ?? this.#begin(question, question.ifRange ?? newest);
    entry.connection = question.connection;
    entry.mac ??= question.mac;
    this.#touch(entry);
    return entry;
  }

  /** A request of the transfer has begun to be answered. */
  opened(transfer: Transfer): void {
    const entry = this.#entryOf(transfer);
    if (entry !== undefined) entry.openRequests += 1;
  }

  /** The image was handed over up to `endBytes`. */
  sent(transfer: Transfer, endBytes: number): void {
    const entry = this.#entryOf(transfer);
    if (entry === undefined) return;
    entry.nextBytes = endBytes;
    entry.sentEndBytes = Math.max(entry.sentEndBytes, endBytes);
  }

  closed(transfer: Transfer): void {
    const entry = this.#entryOf(transfer);
    if (entry === undefined) return;
    entry.openRequests -= 1;
    this.#touch(entry);
  }

  dispose(): void {
    for (const entry of [...this.#entries]) this.#forget(entry);
  }

  #continued(question: TransferQuestion): Entry | 'mixed' | undefined {
    const { rangeStart, mac, ifRange } = question;
    if (question.method === 'HEAD' || rangeStart === undefined) return undefined;
    const key = keyOf(question);
    const candidates = [...this.#entries]
      .reverse()
      .filter(
        (entry) =>
          entry.key === key &&
          this.#clock.now() - entry.lastMs <= REMEMBERED_MS &&
          (mac === undefined || entry.mac === undefined || entry.mac === mac) &&
          (ifRange === undefined || entry.release === ifRange),
      );
    const asked = candidates.find(
      (entry) => entry.begunByHead && entry.sentEndBytes === 0 && this.#clock.now() - entry.lastMs <= AFTER_HEAD_MS,
    );
    if (rangeStart === 0) return asked;
    const best =
      candidates.find((entry) => entry.connection === question.connection && entry.sentEndBytes >= rangeStart) ??
      candidates.find((entry) => mac !== undefined && entry.mac === mac && entry.sentEndBytes >= rangeStart) ??
      candidates.find((entry) => entry.openRequests === 0 && entry.nextBytes === rangeStart) ??
      candidates.find((entry) => entry.sentEndBytes >= rangeStart) ??
      candidates[0];
    if (best === undefined || asked === undefined || ifRange !== undefined) return best;
    const wasAskedSince = candidates.indexOf(asked) < candidates.indexOf(best);
    return wasAskedSince && asked.release.bytes.length !== best.release.bytes.length ? 'mixed' : best;
  }

  #begin(question: TransferQuestion, release: Release): Entry {
    if (this.#entries.size >= 2 * MAX_PER_PATH || this.#clock.now() - this.#prunedMs > PRUNE_EVERY_MS) this.#prune();
    this.#count += 1;
    const entry: Entry = {
      id: `t${this.#count}`,
      release,
      key: keyOf(question),
      begunByHead: question.method === 'HEAD',
      hold: this.#store.hold(release),
      mac: question.mac,
      connection: question.connection,
      lastMs: this.#clock.now(),
      openRequests: 0,
      nextBytes: 0,
      sentEndBytes: 0,
    };
    this.#entries.add(entry);
    return entry;
  }

  #entryOf(transfer: Transfer): Entry | undefined {
    const entry = transfer as Entry;
    return this.#entries.has(entry) ? entry : undefined;
  }

  #touch(entry: Entry): void {
    entry.lastMs = this.#clock.now();
    this.#entries.delete(entry);
    this.#entries.add(entry);
  }

  #forget(entry: Entry): void {
    this.#entries.delete(entry);
    entry.hold.dispose();
  }

  #prune(): void {
    this.#prunedMs = this.#clock.now();
    const perKey = new Map<string, number>();
    const releases = new Set<Release>();
    let kept = 0;
    for (const entry of [...this.#entries].reverse()) {
      if (entry.openRequests > 0) continue;
      const ofKey = (perKey.get(entry.key) ?? 0) + 1;
      const isOld = this.#clock.now() - entry.lastMs > REMEMBERED_MS;
      const isTooMany = ofKey > MAX_PER_PATH || kept >= MAX_TRANSFERS;
      const holdsTooMany = !releases.has(entry.release) && releases.size >= MAX_RELEASES_HELD;
      if (isOld || isTooMany || holdsTooMany) {
        this.#forget(entry);
        continue;
      }
      perKey.set(entry.key, ofKey);
      releases.add(entry.release);
      kept += 1;
    }
  }
}

function keyOf({ address, path }: TransferQuestion): string {
  return `${address} ${path}`;
}
