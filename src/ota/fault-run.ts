import type { Clock } from '../base/clock.ts';
import type { Event } from '../base/emitter.ts';
import type { FaultProfile } from '../server/faults/profiles.ts';
import type { Release } from '../server/release-store.ts';
import type { TransferEvent } from '../server/transfer-events.ts';
import { unrouted } from './client-router.ts';
import { watchBoard, type Watch, type Watched } from './fault-watch.ts';
import { followUpdate, type Begun } from './follow-update.ts';
import type { Patience } from './patience.ts';
import type { RehearsalBoard } from './rehearsal.ts';
import type { Trigger } from './triggers.ts';
import type { Verdict } from './update-state.ts';
import { subjectOf } from './update-subject.ts';

/** The server's side of a fault rehearsal: where the good images are, and the faults. */
export interface FaultBench {
  /** What is tested: the good images are copies of it. */
  readonly firmware: { readonly project: string; readonly version: string };
  /** What the board sees of the server, and no other board. */
  readonly onTransfer: Event<TransferEvent>;
  /** Serves a good image that the board does not run yet; the next one under the same URL.
   * @param round counts from 0; a later round has a later version */
  offer(round: number): { readonly release: Release; readonly url: string };
  /** @throws {OtaError} `server.faultNeedsHttps`, `server.faultNeedsAuthority` where it can't do this one */
  setFault(profile: FaultProfile | undefined): Promise<void>;
}

/** A board that is started anew for every try, and only watched then: one on a port, with a monitor. */
export interface TriggeredBoard {
  readonly onLine: Event<string>;
  readonly trigger: Trigger;
  readonly patience?: Partial<Patience>;
}

export interface FaultRunOptions {
  readonly board: RehearsalBoard | TriggeredBoard;
  readonly bench: FaultBench;
  /** What the report calls the board. */
  readonly boardName: string;
  readonly isRollbackEnabled: boolean;
  readonly signal: AbortSignal;
  /** How long the board may stay without any sign before it counts as hung. Default 120 s. */
  readonly silenceMs?: number;
  readonly clock?: Clock;
}

/** What became of one update. */
export interface FaultRun {
  readonly seen: Watched;
  readonly verdict: Verdict | undefined;
  readonly isHung: boolean;
}

/** One update, watched. */
export async function updateOnce(
  options: FaultRunOptions,
  { release, url }: ReturnType<FaultBench['offer']>,
  clock: Clock,
): Promise<FaultRun> {
  const { board, bench, signal, silenceMs } = options;
  const watch = watchBoard(board.onLine, bench.onTransfer, clock);
  const state = { hasSettled: false };
  const begin = async (stop: AbortSignal): Promise<Begun> => {
    if ('trigger' in board) {
      const begun = await board.trigger(url, stop);
      watch.begin();
      return begun;
    }
    watch.begin();
    await board.update(stop, url);
    state.hasSettled = true;
    return { kind: 'settled' };
  };
  try {
    const { verdict, failures } = await followUpdate({
      board: { ...('trigger' in board ? {} : board), onLine: whileWatched(board.onLine, watch) },
      // the version alone tells which release runs: the good images of all rounds are of one build
      subject: { board: options.boardName, ...subjectOf(release, { isRollbackEnabled: options.isRollbackEnabled }) },
      route: unrouted(whileWatched(bench.onTransfer, watch)),
      begin,
      signal,
      onTimeline: () => undefined,
      patience: {
        // a verdict is all that counts here, and the fault was told before the board could fail
        echoMs: 0,
        ...('trigger' in board ? board.patience : {}),
        ...(silenceMs === undefined ? {} : { silenceMs }),
      },
      clock,
    });
    const { seen } = watch;
    // a board that is only watched has hung when it began, failed nowhere, and was never heard of again
    const hasSettled =
      'trigger' in board ? verdict?.outcome !== 'unknown' || failures.length > 0 || !seen.hasStarted : state.hasSettled;
    return { seen, verdict, isHung: !hasSettled && !isOver(signal) };
  } finally {
    watch.dispose();
  }
}

/** Without what comes of the updates that a board begins by itself, before it is told and when it is through with this one: they may have no
 * end. */
function whileWatched<T>(event: Event<T>, watch: Watch): Event<T> {
  return (hear) =>
    event((value) => {
      if (watch.isOn) hear(value);
    });
}

/** The signal as it is at this moment. */
export function isOver(signal: AbortSignal): boolean {
  return signal.aborted;
}
