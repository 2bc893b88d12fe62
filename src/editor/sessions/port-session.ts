import { virtualNumberOf } from '../../ota/virtual-port.ts';
import { workspace, type LogOutputChannel, type Memento } from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposable.ts';
import { Emitter } from '../../base/emitter.ts';
import { WrittenValue } from '../../base/written-value.ts';
import type { PortEntry } from '../../serial/ports.ts';
import type { PortWatcher } from '../../serial/port-watcher.ts';
import { IDF_SETTINGS } from '../interop/idf-settings.ts';
import { readSettings, writeSetting } from '../settings.ts';

/** What a chip said about itself, and when. */
export interface ChipFacts {
  readonly chip: string;
  /** Such as `v3.1`. */
  readonly revision: string;
  readonly mac: string;
  readonly flashSizeBytes: number | undefined;
  readonly atMs: number;
}

/** One port that the Devices view lists. */
export interface KnownPort {
  readonly address: string;
  readonly name: string;
  readonly kind: 'device' | 'remote';
  readonly isLikelyBoard: boolean;
  /** `10c4:ea60`, when it is a USB device. */
  readonly usbId: string | undefined;
  readonly isSelected: boolean;
  readonly facts: ChipFacts | undefined;
}

const FACTS = 'chipFacts';

/** The ports: those of this machine as they come and go, those on other machines that were added by address, and which one is used. */
export class PortSession implements Disposable {
  readonly #memento: Memento;
  readonly #log: LogOutputChannel;
  readonly #changed = new Emitter<undefined>();
  readonly #store = new DisposableStore();
  readonly #selected: WrittenValue<string>;
  #watcher: PortWatcher | undefined;
  #starting: Promise<void> | undefined;

  readonly onChange = this.#changed.event;

  constructor(memento: Memento, log: LogOutputChannel) {
    this.#memento = memento;
    this.#log = log;
    this.#selected = new WrittenValue(
      {
        read: () => readSettings(undefined).values['serial.port'].trim(),
        write: (address) => writeSetting('serial.port', address, undefined),
      },
      () => {
        this.#changed.fire(undefined);
      },
    );
    this.#store.add(
      workspace.onDidChangeConfiguration((event) => {
        if (
          event.affectsConfiguration('esp32Ota.serial') ||
          IDF_SETTINGS.some((key) => event.affectsConfiguration(key))
        )
          this.#changed.fire(undefined);
      }),
    );
  }

  /** Begins to watch the ports of this machine; called when they are shown for the first time, because listing loads what lists. */
  async watch(): Promise<void> {
    this.#starting ??= this.#startWatcher();
    await this.#starting;
  }

  async refresh(): Promise<void> {
    await this.watch();
    await this.#watcher?.refresh();
  }

  /** The address in the settings, or the one that is being written there; empty when none was selected. */
  get selected(): string {
    return this.#selected.value;
  }

  /** Those of this machine, as listed last. */
  get devices(): readonly PortEntry[] {
    return this.#watcher?.ports ?? [];
  }

  get ports(): readonly KnownPort[] {
    const devices = this.devices.map((port) => this.#known(port));
    const listed = new Set(devices.map((port) => port.address));
    const remote = [...readSettings(undefined).values['serial.remotePorts'], this.selected].filter(
      (address, index, all) =>
        address !== '' &&
        virtualNumberOf(address) === undefined &&
        !listed.has(address) &&
        all.indexOf(address) === index,
    );
    return [...devices, ...remote.map((address) => this.#remote(address))];
  }

  async select(address: string): Promise<void> {
    await this.#selected.set(address);
  }

  async addRemote(address: string): Promise<void> {
    const remotePorts = readSettings(undefined).values['serial.remotePorts'];
    if (!remotePorts.includes(address)) await writeSetting('serial.remotePorts', [...remotePorts, address], undefined);
  }

  async removeRemote(address: string): Promise<void> {
    const remotePorts = readSettings(undefined).values['serial.remotePorts'];
    await writeSetting(
      'serial.remotePorts',
      remotePorts.filter((one) => one !== address),
      undefined,
    );
    if (this.selected === address) await this.select('');
  }

  /** Remembers what the chip behind a port said, under the port's serial number where it has one: the path may change. */
  async remember(address: string, facts: ChipFacts): Promise<void> {
    const all = { ...this.#memento.get<Record<string, ChipFacts>>(FACTS), [this.#factsKey(address)]: facts };
    const newest = Object.entries(all)
      .sort(([, a], [, b]) => b.atMs - a.atMs)
      .slice(0, 50);
    await this.#memento.update(FACTS, Object.fromEntries(newest));
    this.#changed.fire(undefined);
  }

  factsOf(address: string): ChipFacts | undefined {
    return this.#memento.get<Record<string, ChipFacts>>(FACTS)?.[this.#factsKey(address)];
  }

  dispose(): void {
    this.#store.dispose();
    this.#changed.dispose();
  }

  async #startWatcher(): Promise<void> {
    const [{ PortWatcher: Watcher }, { listPorts }] = await Promise.all([
      import('../../serial/port-watcher.ts'),
      import('../../serial/ports.ts'),
    ]);
    const watcher = this.#store.add(new Watcher({ list: () => listPorts(), logger: this.#log }));
    this.#watcher = watcher;
    this.#store.add(
      watcher.onChanged(({ renamed }) => {
        for (const { from, to } of renamed) {
          if (from.address !== this.selected) continue;
          this.select(to.address).catch((error: unknown) => {
            this.#log.warn(`the port's new address can't be kept: ${String(error)}`);
          });
        }
        this.#changed.fire(undefined);
      }),
    );
    await watcher.start();
    this.#changed.fire(undefined);
  }

  #entryOf(address: string): PortEntry | undefined {
    return this.devices.find((port) => port.address === address);
  }

  #factsKey(address: string): string {
    const usb = this.#entryOf(address)?.usb;
    return usb?.serialNumber === undefined ? address : `${usbIdOf(usb)}/${usb.serialNumber}`;
  }

  #known(port: PortEntry): KnownPort {
    return {
      address: port.address,
      name: port.name,
      kind: 'device',
      isLikelyBoard: port.isLikelyBoard,
      usbId: port.usb === undefined ? undefined : usbIdOf(port.usb),
      isSelected: port.address === this.selected,
      facts: this.factsOf(port.address),
    };
  }

  #remote(address: string): KnownPort {
    return {
      address,
      name: address,
      kind: 'remote',
      isLikelyBoard: true,
      usbId: undefined,
      isSelected: address === this.selected,
      facts: this.factsOf(address),
    };
  }
}

function usbIdOf({ vendorId, productId }: { readonly vendorId: number; readonly productId: number }): string {
  return [vendorId, productId].map((id) => id.toString(16).padStart(4, '0')).join(':');
}
