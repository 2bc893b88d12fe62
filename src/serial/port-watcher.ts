import { systemClock, type Clock } from '../base/clock.ts';
import type { Disposable } from '../base/disposable.ts';
import { Emitter, type Event } from '../base/emitter.ts';
import { silentLogger, type Logger } from '../base/logger.ts';
import { isSamePort, type PortEntry } from './ports.ts';
import { findAgain } from './same-board.ts';

export interface PortsChange {
  readonly added: readonly PortEntry[];
  readonly removed: readonly PortEntry[];
  /** The same board under another address. Not among the added and removed of this change; one that was away for a while was among the
   * removed of an earlier one. */
  readonly renamed: readonly { readonly from: PortEntry; readonly to: PortEntry }[];
  readonly ports: readonly PortEntry[];
}

export interface WatchOptions {
  readonly list: () => Promise<readonly PortEntry[]>;
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** Default 1000. */
  readonly everyMs?: number;
}

/** Failing lists are asked less and less often, up to this. */
const SLOWEST_MS = 30_000;
/** For so long a board that went away is looked for under another address. */
const REMEMBERED_MS = 30_000;

/** Looks at the ports again and again. Systems tell of a new port in four different ways, and all of them sooner than the device can be
 * opened; a list is the same everywhere. */
export class PortWatcher implements Disposable {
  readonly onChanged: Event<PortsChange>;
  readonly #changed = new Emitter<PortsChange>();
  readonly #options: WatchOptions;
  readonly #clock: Clock;
  #ports: readonly PortEntry[] = [];
  #away: { readonly port: PortEntry; readonly sinceMs: number }[] = [];
  #timer: Disposable | undefined;
  #looking: Promise<void> | undefined;
  #failures = 0;
  #isDisposed = false;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.onChanged = this.#changed.event;
  }

  /** As listed last. */
  get ports(): readonly PortEntry[] {
    return this.#ports;
  }

  /** Begins to watch; resolves after the first look. */
  start(): Promise<void> {
    return this.refresh();
  }

  /** Looks now. Never rejects: a list that fails is tried again later. */
  refresh(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
      this.#schedule();
    });
    return this.#looking;
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#timer?.dispose();
    this.#changed.dispose();
  }

  #schedule(): void {
    if (this.#isDisposed) return;
    const every = this.#options.everyMs ?? 1000;
    const delay = this.#failures === 0 ? every : Math.min(SLOWEST_MS, every * 2 ** Math.min(this.#failures, 10));
    this.#timer?.dispose();
    this.#timer = this.#clock.after(delay, () => void this.refresh());
  }

  async #look(): Promise<void> {
    let ports: readonly PortEntry[];
    try {
      ports = await this.#options.list();
      this.#failures = 0;
    } catch (error) {
      this.#failures++;
      (this.#options.logger ?? silentLogger).debug(`listing ports failed ${this.#failures}×: ${String(error)}`);
      return;
    }
    const change = this.#compare(ports);
    this.#ports = ports;
    if (this.#isDisposed || change.added.length + change.removed.length + change.renamed.length === 0) return;
    this.#changed.fire(change);
  }

  #compare(ports: readonly PortEntry[]): PortsChange {
    const now = this.#clock.now();
    const added = ports.filter((port) => !this.#ports.some((before) => isSamePort(before, port)));
    const removed = this.#ports.filter((before) => !ports.some((port) => isSamePort(before, port)));
    this.#away = this.#away.filter((entry) => now - entry.sinceMs < REMEMBERED_MS);
    const renamed: { from: PortEntry; to: PortEntry }[] = [];
    for (const from of [...removed, ...this.#away.map((entry) => entry.port)]) {
      const to = from.usb === undefined ? undefined : findAgain(from, added, this.#ports);
      if (to === undefined) continue;
      added.splice(added.indexOf(to), 1);
      if (removed.includes(from)) removed.splice(removed.indexOf(from), 1);
      this.#away = this.#away.filter((entry) => entry.port !== from);
      renamed.push({ from, to });
    }
    this.#away.push(...removed.map((port) => ({ port, sinceMs: now })));
    return { added, removed, renamed, ports };
  }
}
