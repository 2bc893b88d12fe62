import { ConsoleFollower } from '../../src/monitor/console-follower.ts';
import { advance, startTimeline, type TimelineEvent } from '../../src/ota/timeline.ts';
import type { Timeline, UpdateSubject } from '../../src/ota/update-state.ts';
import type { TransferEvent } from '../../src/server/transfer-events.ts';
import type { VirtualBoard } from '../../src/virtual-board/virtual-board.ts';

/** Phases in which a board does nothing any more by itself. */
const SETTLED = new Set(['off', 'idle', 'waitingForUrl', 'bootFailed']);

/** Hears everything of one board from its making on, as the extension does of an update: the console, and what the server sees. */
export class VerdictWatch {
  readonly #board: VirtualBoard;
  readonly #events: TimelineEvent[] = [];
  readonly #transfers: TransferEvent[] = [];
  #wake: (() => void) | undefined;

  constructor(board: VirtualBoard, onTransfer?: (listener: (event: TransferEvent) => void) => unknown) {
    this.#board = board;
    const follower = new ConsoleFollower();
    board.onLine((line) => {
      for (const event of follower.line(line)) this.#hear({ kind: 'stage', atMs: 0, event });
    });
    board.onStateChange(() => this.#wake?.());
    onTransfer?.((event) => {
      this.#transfers.push(event);
      this.#hear({ kind: 'transfer', event });
    });
  }

  /** How the update ended, as soon as the board has settled or runs the release: the outcome, and the cause where it has one.
   * @param version of the release */
  async verdict(version = '1.1.0', hasRollback = false): Promise<string> {
    while (!this.#isOver(version, hasRollback)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const { verdict } = advance(this.#timeline(version, hasRollback), { kind: 'ended', atMs: 0, why: 'settled' });
    if (verdict === undefined) return 'none';
    if ('failure' in verdict) return `${verdict.outcome}: ${verdict.failure.cause}`;
    return verdict.outcome === 'unknown' ? `unknown: ${verdict.missing}` : verdict.outcome;
  }

  #hear(event: TimelineEvent): void {
    this.#events.push(event);
    this.#wake?.();
  }

  #isOver(version: string, hasRollback: boolean): boolean {
    const { runsRelease } = this.#timeline(version, hasRollback);
    if (runsRelease === true && !hasRollback) return true;
    const ended = new Set(this.#transfers.flatMap((event) => (event.kind === 'ended' ? [event.id] : [])));
    const isEnded = this.#transfers.every((event) => event.kind !== 'requested' || ended.has(event.id));
    return SETTLED.has(this.#board.state.phase) && isEnded;
  }

  #timeline(version: string, isRollbackEnabled: boolean): Timeline {
    const sizes = this.#transfers.flatMap((event) => (event.kind === 'ended' ? [event.totalBytes ?? 0] : []));
    const asked = this.#transfers.find((event) => event.kind === 'requested' && event.releaseId !== undefined);
    const subject: UpdateSubject = {
      board: 'virtual',
      project: 'ota_example',
      version,
      sha256: '',
      // the images of these tests have no digest of their ELF: the version tells
      elfSha256: '',
      totalBytes: Math.max(0, ...sizes),
      releaseId: asked?.kind === 'requested' ? (asked.releaseId ?? '') : '',
      isRollbackEnabled,
    };
    return this.#events.reduce(advance, startTimeline(subject, 0));
  }
}
