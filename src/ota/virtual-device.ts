import { OtaError } from '../base/ota-error.ts';
import { DisposableStore, type Disposable } from '../base/disposable.ts';
import type { Event } from '../base/emitter.ts';
import type { LineBinding } from '../serial/serial-transport.ts';
import type { BoardAppPlan, BoardPlan, BoardRate } from './board-plan.ts';
import type { BoardTrouble } from './board-trouble.ts';
import type { RehearsalBoard } from './rehearsal.ts';

/** What the workflows and views use of a virtual board. `VirtualBoard` has this shape; none of them imports it. */
export interface VirtualDevice extends Disposable {
  readonly state: DeviceState;
  /** What lies where in its flash, read at this moment. */
  readonly layout: DeviceLayout;
  /** Bytes of its console, as a UART gives them. */
  readonly onConsole: Event<Uint8Array>;
  /** Lines of its console, without colours and line ends. */
  readonly onLine: Event<string>;
  readonly onStateChange: Event<DeviceState>;
  /** Whether a connection of this board has, or recently had, the TCP port on its own side. */
  ownsPort(port: number): boolean;
  powerOn(): void;
  /** As its EN button does. */
  restart(): void;
  /** Resets it, and lets its application try an update. */
  triggerUpdate(): void;
  /** Makes its application read through a null pointer. */
  crash(): void;
  sendConsole(text: string): void;
  /** What its firmware is configured to do, and how fast it downloads, from the next start on. */
  configure(changes: { readonly app?: BoardAppPlan; readonly knobs?: Partial<BoardRate & BoardTrouble> }): void;
  /** Its serial port for a driver in this process, under the path given. */
  binding(path: string): LineBinding;
  /** Makes its serial port reachable over TCP on this computer, and gives the address.
   * @throws {OtaError} `board.cannotListen` */
  listen(kind: 'socket' | 'rfc2217'): Promise<string>;
}

export interface DeviceState {
  readonly phase:
    'off' | 'booting' | 'bootFailed' | 'connecting' | 'idle' | 'waitingForUrl' | 'updating' | 'rebooting' | 'crashed';
  readonly chip: string;
  readonly running: { readonly label: string; readonly version: string; readonly projectName: string } | undefined;
  readonly slots: readonly DeviceSlot[];
  /** The update that runs, or the last one: the same object as long as nothing of it changes. */
  readonly update: { readonly writtenBytes: number } | undefined;
  /** Undefined when the partition table has no otadata. */
  readonly otadata: readonly [OtadataSector, OtadataSector] | undefined;
}

export interface DeviceLayout {
  readonly flashSizeBytes: number;
  readonly tableOffset: number;
  /** The flashed bootloader was built with rollback. */
  readonly hasRollback: boolean;
  /** Empty when there is no table that the chip would take. */
  readonly partitions: readonly {
    readonly label: string;
    readonly type: number;
    readonly subtype: number;
    readonly offset: number;
    readonly size: number;
  }[];
  /** The bootloader and what the application slots hold, each by its offset; `lengthBytes` by its own segment headers. */
  readonly images: readonly { readonly offset: number; readonly lengthBytes: number }[];
}

export interface DeviceSlot {
  readonly label: string;
  /** In flash, in bytes. */
  readonly offsetBytes: number;
  /** 0 factory, 16… ota_0…, 32 test */
  readonly subtype: number;
  readonly isRunning: boolean;
  readonly isActive: boolean;
  readonly version: string | undefined;
  readonly projectName: string | undefined;
  /** Hex. */
  readonly elfSha256: string | undefined;
}

export interface OtadataSector {
  readonly isBlank: boolean;
  readonly isCrcRight: boolean;
  readonly sequence: number;
  readonly state: string;
}

/** Makes a virtual board that is still off. Given by the composition root: no workflow knows how one works. */
export type CreateVirtualDevice = (plan: BoardPlan) => Promise<VirtualDevice>;

/** The state that otadata keeps for a slot: that of its newest entry. Undefined when no entry is about it. */
export function slotState(state: DeviceState, slot: DeviceSlot): string | undefined {
  const count = state.slots.filter((one) => one.subtype >= 0x10 && one.subtype < 0x20).length;
  if (slot.subtype < 0x10 || slot.subtype >= 0x20 || state.otadata === undefined || count === 0) return undefined;
  const about = state.otadata
    .filter((entry) => !entry.isBlank && entry.isCrcRight && (entry.sequence - 1) % count === slot.subtype - 0x10)
    .sort((a, b) => b.sequence - a.sequence);
  return about[0]?.state;
}

/** A board that crashes so often in a row will not come to itself. */
const MOST_CRASHES = 3;

/** The virtual board as a rehearsal drives it: triggered by a reset, settled when its application is idle after the try, whichever
 * application that is by then. Cancelling resets it in the middle. */
export function rehearsalBoard(device: VirtualDevice): RehearsalBoard {
  return {
    onLine: device.onLine,
    onProgress: (listener) => {
      const store = new DisposableStore();
      let last = device.state.update;
      const look = (): void => {
        const { update } = device.state;
        if (update === last || update === undefined) return;
        last = update;
        listener(update.writtenBytes);
      };
      // states come every 64 KB only; a line tells that something ended
      store.add(device.onStateChange(look));
      store.add(device.onLine(look));
      return store;
    },
    update: (signal, url) =>
      new Promise((resolve, reject) => {
        const store = new DisposableStore();
        let crashes = 0;
        const settle = (): void => {
          signal.removeEventListener('abort', cancel);
          store.dispose();
          resolve();
        };
        const cancel = (): void => {
          store.dispose();
          device.restart();
          reject(new OtaError('cancelled', { what: 'update' }));
        };
        store.add(
          device.onStateChange(({ phase }) => {
            if (phase === 'waitingForUrl') device.sendConsole(`${url}\n`);
            if (phase === 'crashed') crashes += 1;
            if (phase === 'bootFailed' || crashes >= MOST_CRASHES) settle();
            // without a network the application gives up before it tries
            if (phase === 'idle') settle();
          }),
        );
        signal.addEventListener('abort', cancel, { once: true });
        if (signal.aborted) {
          cancel();
          return;
        }
        device.triggerUpdate();
      }),
  };
}
