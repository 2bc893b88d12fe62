import { createHash } from 'node:crypto';
import { Emitter } from '../../src/base/emitter.ts';
import type { FirmwareServer, FirmwareServerOptions } from '../../src/server/firmware-server.ts';
import { startFirmwareServer } from '../../src/server/firmware-server.ts';
import { ReleaseStore } from '../../src/server/release-store.ts';
import { makeAuthority, makeServerCertificate } from '../../src/server/selfsigned.ts';
import type { TransferEvent, TransferEventOf } from '../../src/server/transfer-events.ts';
import type { AppOptions, BoardSetup } from '../../src/virtual-board/board-setup.ts';
import { VirtualBoard } from '../../src/virtual-board/virtual-board.ts';
import { VerdictWatch } from './verdicts.ts';
import { boardSetup, imageFor, type FixtureOptions } from './board-fixture.ts';
import type { AppImageOptions } from './firmware.ts';

/** The real server on a port of its own with a release store, and boards that trust it. Dispose ends all of it. */
export class OtaBench {
  readonly caPem: string;
  readonly credentials: { readonly certificatePem: string; readonly keyPem: string };
  readonly store = new ReleaseStore();
  readonly events: TransferEvent[] = [];
  readonly #heard = new Emitter<TransferEvent>();
  readonly onTransfer = this.#heard.event;
  readonly #boards: VirtualBoard[] = [];
  readonly #servers: FirmwareServer[] = [];
  readonly #watches = new Map<VirtualBoard, VerdictWatch>();
  #waiting: (() => void)[] = [];

  private constructor(caPem: string, credentials: OtaBench['credentials']) {
    this.caPem = caPem;
    this.credentials = credentials;
  }

  static async start(options: FirmwareServerOptions = {}): Promise<OtaBench> {
    const now = Date.now();
    const authority = await makeAuthority('ec', 'bench', now);
    const names = { dns: ['localhost', 'ota.test'], ip: ['127.0.0.1', '::1'] };
    const leaf = await makeServerCertificate('ec', names, authority, now);
    const bench = new OtaBench(authority.certificatePem, leaf);
    await bench.serve(options);
    return bench;
  }

  async serve(options: FirmwareServerOptions = {}): Promise<FirmwareServer> {
    const server = await startFirmwareServer(
      { host: '127.0.0.1', port: 0, advertisedHost: '127.0.0.1', credentials: this.credentials, ...options },
      this.store,
    );
    server.onTransfer((event) => {
      this.events.push(event);
      this.#heard.fire(event);
      for (const wake of this.#waiting.splice(0)) wake();
    });
    this.#servers.push(server);
    return server;
  }

  get url(): string {
    return this.#servers[0]?.url ?? '';
  }

  /** Publishes bytes under a name of their own and gives the URL. */
  publish(name: string, bytes: Uint8Array, version = '1.1.0'): string {
    const release = this.store.publish({ project: name, version, fileName: `${name}.bin`, bytes });
    return `${this.url}${release.paths.newest}`;
  }

  /** An image that embeds the bench's CA. */
  image(more: AppImageOptions = {}, fixture: FixtureOptions = {}): Uint8Array {
    return imageFor({ caPem: this.caPem, ...fixture }, { version: '1.1.0', ...more });
  }

  board(
    app: Partial<AppOptions>,
    fixture: Omit<FixtureOptions, 'app'> = {},
    setup: Partial<BoardSetup> = {},
  ): VirtualBoard {
    const board = new VirtualBoard({ ...boardSetup({ caPem: this.caPem, ...fixture, app }), ...setup });
    this.#boards.push(board);
    this.#watches.set(board, new VerdictWatch(board, this.onTransfer));
    return board;
  }

  /** What the extension would say of a board's update: see {@link VerdictWatch.verdict}. */
  async verdict(board: VirtualBoard, version?: string, hasRollback?: boolean): Promise<string> {
    return (await this.#watches.get(board)?.verdict(version, hasRollback)) ?? 'none';
  }

  of<Kind extends TransferEvent['kind']>(kind: Kind): TransferEventOf<Kind>[] {
    return this.events.filter((event): event is TransferEventOf<Kind> => event.kind === kind);
  }

  /** Waits until the server has said as much as the condition needs. */
  async until(isEnough: (bench: this) => boolean | undefined): Promise<void> {
    while (isEnough(this) !== true) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }

  async dispose(): Promise<void> {
    for (const board of this.#boards) board.dispose();
    await Promise.all(this.#servers.map((server) => server.stop()));
    this.store.dispose();
  }
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The bytes at the beginning of a slot. */
export function slotBytes(board: VirtualBoard, label: string, lengthBytes: number): Uint8Array {
  const slot = board.state.slots.find((candidate) => candidate.label === label);
  if (slot === undefined) throw new Error(`no slot ${label}`);
  return board.flash.read(slot.offsetBytes, lengthBytes);
}

/** The phase, as soon as it is the one wanted. */
export function whenPhase(board: VirtualBoard, phase: VirtualBoard['state']['phase']): Promise<void> {
  if (board.state.phase === phase) return Promise.resolve();
  return new Promise((resolve) => {
    const subscription = board.onStateChange((state) => {
      if (state.phase !== phase) return;
      subscription.dispose();
      resolve();
    });
  });
}

/** Runs once so many bytes of an update lie in the slot. */
export function whenWritten(board: VirtualBoard, bytes: number, run: () => void): void {
  const subscription = board.onStateChange((state) => {
    if (state.phase !== 'updating' || (state.update?.writtenBytes ?? 0) < bytes) return;
    subscription.dispose();
    run();
  });
}
