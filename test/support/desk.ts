import { DisposableStore, toDisposable, type Disposable } from '../../src/base/disposable.ts';
import { ConsoleSession } from '../../src/monitor/console-session.ts';
import type { BoardAccess } from '../../src/ota/delivery-boards.ts';
import { openPort } from '../../src/serial/open-port.ts';
import { PortLeases } from '../../src/serial/port-lease.ts';
import { PortWatcher } from '../../src/serial/port-watcher.ts';
import type { PortEntry } from '../../src/serial/ports.ts';
import type { WiredBoard } from '../../src/virtual-board/wired-board.ts';
import { cableTo, type Cable } from './cable.ts';
import { usbPort, type Usb } from './usb-port.ts';

/** Virtual boards that are plugged in and pulled out as real ones are, and the monitors of their ports. */
export class Desk implements BoardAccess, Disposable {
  readonly anyName = 'any';
  readonly watcher: PortWatcher;
  readonly #plugged = new Map<string, { readonly entry: PortEntry; readonly cable: Cable }>();
  readonly #consoles: ConsoleSession[] = [];
  readonly #leases = new PortLeases();
  readonly #store = new DisposableStore();

  constructor() {
    this.watcher = this.#store.add(new PortWatcher({ list: () => Promise.resolve(this.#list()) }));
  }

  async plug(address: string, board: WiredBoard, usb?: Usb): Promise<void> {
    const cable = await cableTo(await board.listen('rfc2217'));
    this.#plugged.set(address, { entry: usbPort(address, usb), cable });
  }

  pull(address: string): void {
    this.#plugged.get(address)?.cable.pull();
    this.#plugged.delete(address);
  }

  async knownPorts(): Promise<readonly PortEntry[]> {
    if (this.watcher.ports.length === 0) await this.watcher.start();
    return this.watcher.ports;
  }

  async lookForPorts(): Promise<readonly PortEntry[]> {
    await this.watcher.refresh();
    return this.watcher.ports;
  }

  consoleOf(address: string): ConsoleSession | undefined {
    return this.#consoles.find((one) => one.address === address);
  }

  hasConsole(address: string): boolean {
    return this.consoleOf(address) !== undefined;
  }

  async openConsole(address: string): Promise<ConsoleSession> {
    const present = this.consoleOf(address);
    if (present !== undefined) return present;
    const console = new ConsoleSession({
      address,
      leases: this.#leases,
      open: (at, signal) => openPort(this.#plugged.get(at)?.cable.address ?? at, { signal }),
      list: () => Promise.resolve(this.#list()),
      words: ({ kind }) => kind,
      reset: 'classic',
      everyMs: 20,
    });
    await console.open();
    this.#consoles.push(console);
    this.#store.add(
      toDisposable(() => {
        console.dispose();
      }),
    );
    return console;
  }

  macOf(): undefined {
    return undefined;
  }

  announcedVersion(): undefined {
    return undefined;
  }

  nameOf(address: string): string {
    return this.#plugged.get(address)?.entry.name ?? address;
  }

  dispose(): void {
    this.#store.dispose();
    for (const address of this.#plugged.keys()) this.pull(address);
  }

  #list(): readonly PortEntry[] {
    return [...this.#plugged.values()].map(({ entry }) => entry);
  }
}
