import type { Disposable } from '../../base/disposable.ts';
import { DisposableStore } from '../../base/disposable.ts';
import { Emitter } from '../../base/emitter.ts';
import type { ChipSession } from '../../flash/chip-session.ts';
import type { OnProgress } from '../../flash/progress.ts';
import type { ChipSlots } from '../../flash/slots.ts';
import type { AppDescription } from '../../image/app-description.ts';
import type { Stage } from '../../monitor/stage-rule.ts';
import type { FlashedApp } from '../../ota/slot-rows.ts';
import type { FlashSession } from './flash-session.ts';
import type { MonitorSession } from './monitor-session.ts';
import { virtualNumberOf } from '../../ota/virtual-port.ts';
import type { PortSession } from './port-session.ts';
import type { ProjectSession } from './project-session.ts';
import type { ServerSession } from './server-session.ts';

/** What a console tells that changes what is in the slots. */
const CHANGES_SLOTS: ReadonlySet<Stage> = new Set(['writing', 'succeeded'] as const);
/** What a console tells that changes what otadata says of them. */
const CHANGES_OTADATA: ReadonlySet<Stage> = new Set(['confirmed', 'rolledBack'] as const);

/** What boards have in their slots, as far as it was read and nothing has changed it since. */
export class SlotSession implements Disposable {
  readonly #projects: ProjectSession;
  readonly #changed = new Emitter<undefined>();
  readonly #reads = new Emitter<{ readonly address: string; readonly slots: ChipSlots }>();
  readonly #store = new DisposableStore();
  readonly #read = new Map<string, ChipSlots>();
  /** The application that was flashed last, by the port's address. */
  readonly #flashed = new Map<string, FlashedApp>();

  readonly onChange = this.#changed.event;
  /** The slots of a board were read, or read again after a change. */
  readonly onRead = this.#reads.event;

  constructor(options: {
    readonly flash: FlashSession;
    readonly ports: PortSession;
    readonly projects: ProjectSession;
    readonly server: ServerSession;
    readonly monitors: MonitorSession;
  }) {
    const { flash, ports, projects, server, monitors } = options;
    this.#projects = projects;
    this.#store.add(
      flash.onWrite((address) => {
        const mac = ports.factsOf(address)?.mac;
        // one board may be reached under several addresses
        for (const other of this.#known()) {
          if (other === address || (mac !== undefined && mac !== '' && ports.factsOf(other)?.mac === mac))
            this.forget(other);
        }
      }),
    );
    this.#store.add(
      monitors.onEvents(({ address, events }) => {
        if (events.some(({ stage }) => CHANGES_SLOTS.has(stage))) this.forget(address);
        else if (events.some(({ stage }) => CHANGES_OTADATA.has(stage))) this.#forgetRead(address);
      }),
    );
    // nobody knows which port a client is behind: a slot of any board may have changed
    this.#store.add(
      server.onTransfer((event) => {
        if (event.kind === 'ended' && event.outcome === 'complete' && event.releaseId !== undefined) this.#forgetAll();
      }),
    );
    // another board may be plugged in there the next time
    this.#store.add(
      ports.onChange(() => {
        const known = new Set(ports.ports.map(({ address }) => address));
        for (const address of this.#known())
          if (!known.has(address) && virtualNumberOf(address) === undefined) this.forget(address);
      }),
    );
  }

  slotsOf(address: string): ChipSlots | undefined {
    return this.#read.get(address);
  }

  /** The description of the local build. */
  get build(): AppDescription | undefined {
    return this.#projects.project?.app?.image?.description;
  }

  /** The application that was flashed last, as long as nothing is known to have changed the flash since. */
  flashedOf(address: string): FlashedApp | undefined {
    return this.#flashed.get(address);
  }

  /** Reads the slots of a board with its project's table offset and rollback.
   * @throws {OtaError} `slots.*`, `flash.*`, `serial.*`, `cancelled` */
  async readWith(
    chip: ChipSession,
    address: string,
    signal?: AbortSignal,
    onProgress?: OnProgress,
  ): Promise<ChipSlots> {
    const [{ readSlots }, { slotReading }] = await Promise.all([
      import('../../flash/slots.ts'),
      import('../../ota/after-flash.ts'),
    ]);
    const slots = await readSlots(
      chip,
      {
        ...slotReading(this.#projects.project),
        ...(onProgress === undefined ? {} : { onProgress }),
      },
      signal,
    );
    this.put(address, slots);
    return slots;
  }

  put(address: string, slots: ChipSlots): void {
    this.#read.set(address, slots);
    this.#changed.fire(undefined);
    this.#reads.fire({ address, slots });
  }

  /** Notes which application was flashed where, for “Boot What I Just Flashed”. */
  noteFlashed(address: string, flashed: FlashedApp): void {
    this.#flashed.set(address, flashed);
  }

  /** For whoever changes what is in the slots of a board, or sees it change. */
  forget(address: string): void {
    this.#flashed.delete(address);
    this.#forgetRead(address);
  }

  dispose(): void {
    this.#store.dispose();
    this.#changed.dispose();
    this.#reads.dispose();
  }

  #forgetRead(address: string): void {
    if (this.#read.delete(address)) this.#changed.fire(undefined);
  }

  #known(): ReadonlySet<string> {
    return new Set([...this.#read.keys(), ...this.#flashed.keys()]);
  }

  #forgetAll(): void {
    this.#read.clear();
    this.#flashed.clear();
    this.#changed.fire(undefined);
  }
}
