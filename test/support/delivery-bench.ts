import { randomUUID } from 'node:crypto';
import { deliver, type DeliverOptions, type DeliverSteps, type DeliveryBoard } from '../../src/ota/deliver.ts';
import type { Delivery, DeliveryRecord } from '../../src/ota/delivery.ts';
import { subjectOf } from '../../src/ota/update-subject.ts';
import { virtualBoard } from '../../src/ota/virtual-delivery.ts';
import type { VirtualDevice } from '../../src/ota/virtual-device.ts';
import type { Release } from '../../src/server/release-store.ts';
import type { AppOptions, BoardSetup } from '../../src/virtual-board/board-setup.ts';
import { WiredBoard } from '../../src/virtual-board/wired-board.ts';
import { boardSetup, type FixtureOptions } from './board-fixture.ts';
import { OtaBench } from './ota-bench.ts';
import type { TransferEvent } from '../../src/server/transfer-events.ts';
import { Emitter } from '../../src/base/emitter.ts';
import type { FirmwareServerOptions } from '../../src/server/firmware-server.ts';

/** A server, whole virtual boards, and deliveries to them. Dispose ends all of it. */
export class DeliveryBench {
  readonly bench: OtaBench;
  readonly #transfers = new Emitter<TransferEvent>();
  readonly onTransfer = this.#transfers.event;
  readonly #boards: WiredBoard[] = [];

  private constructor(bench: OtaBench) {
    this.bench = bench;
  }

  static async start(options: FirmwareServerOptions = {}): Promise<DeliveryBench> {
    const bench = await OtaBench.start();
    const self = new DeliveryBench(bench);
    await self.serve(options);
    return self;
  }

  /** A server whose transfers deliveries hear. */
  async serve(options: FirmwareServerOptions = {}): Promise<string> {
    const server = await this.bench.serve(options);
    server.onTransfer((event) => {
      this.#transfers.fire(event);
    });
    this.#url = server.url;
    return server.url;
  }

  #url = '';

  /** The release's URL on the server that deliveries hear. */
  urlOf(release: Release): string {
    return `${this.#url}${release.paths.newest}`;
  }

  release(name: string, bytes: Uint8Array = this.bench.image(), version = '1.1.0'): Release {
    return this.bench.store.publish({ project: 'ota_example', version, fileName: `${name}.bin`, bytes });
  }

  /** A virtual board that runs and is idle; it updates only when it is told. */
  async board(
    app: Partial<AppOptions>,
    fixture: Omit<FixtureOptions, 'app'> = {},
    setup: Partial<BoardSetup> = {},
  ): Promise<WiredBoard> {
    const board = new WiredBoard({
      ...boardSetup({ caPem: this.bench.caPem, ...fixture, app: { updateOnBoot: 'never', ...app } }),
      ...setup,
    });
    this.#boards.push(board);
    await settled(board, () => {
      board.powerOn();
    });
    return board;
  }

  async dispose(): Promise<void> {
    for (const board of this.#boards) board.dispose();
    await this.bench.dispose();
    this.#transfers.dispose();
  }
}

/** Waits until the board is idle or can't boot. */
export function settled(board: WiredBoard, begin: () => void): Promise<void> {
  return new Promise((resolve) => {
    const subscription = board.onStateChange(({ phase }) => {
      if (phase !== 'idle' && phase !== 'bootFailed') return;
      subscription.dispose();
      resolve();
    });
    begin();
  });
}

/** A virtual board as the editor delivers to it. */
export function virtual(device: VirtualDevice, id = 'virtual'): DeliveryBoard {
  return virtualBoard(id, id, device);
}

export interface Delivered {
  readonly delivery: Delivery;
  readonly records: readonly DeliveryRecord[];
  readonly error?: { readonly code: string };
}

/** Delivers a release to boards. */
export async function deliverRelease(
  bench: DeliveryBench,
  release: Release,
  boards: readonly DeliveryBoard[],
  options: Partial<Omit<DeliverOptions, 'steps'>> & {
    readonly isRollbackEnabled?: boolean;
    readonly steps?: Partial<DeliverSteps>;
    readonly url?: string;
  } = {},
): Promise<Delivered> {
  const records: DeliveryRecord[] = [];
  const { isRollbackEnabled = false, steps, url, onRecord, ...rest } = options;
  const ended = await deliver({
    id: randomUUID(),
    kind: 'delivery',
    project: release.project,
    isCanary: false,
    onTransfer: bench.onTransfer,
    signal: new AbortController().signal,
    ...rest,
    steps: {
      publish: () =>
        Promise.resolve({
          subject: subjectOf(release, { isRollbackEnabled }),
          url: url ?? bench.urlOf(release),
          boards,
        }),
      ...steps,
    },
    onRecord: (record, delivery) => {
      records.push(record);
      onRecord?.(record, delivery);
    },
  });
  return { ...ended, records };
}
