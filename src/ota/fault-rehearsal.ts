import { systemClock, type Clock } from '../base/clock.ts';
import type { Event } from '../base/emitter.ts';
import { isOtaError } from '../base/ota-error.ts';
import { faultKind, faultProfile, type FaultProfile } from '../server/faults/profiles.ts';
import { versionBefore } from '../server/faults/retouched-image.ts';
import type { Release } from '../server/release-store.ts';
import type { TransferEvent } from '../server/transfer-events.ts';
import type { FaultReport, FaultRow } from './fault-report.ts';
import { judgeFault } from './fault-verdict.ts';
import { watchBoard, type Boot, type Watch, type Watched } from './fault-watch.ts';
import { unrouted } from './client-router.ts';
import { followUpdate, type Begun } from './follow-update.ts';
import type { Patience } from './patience.ts';
import type { RehearsalBoard } from './rehearsal.ts';
import type { Trigger } from './triggers.ts';
import type { UpdateSubject, Verdict } from './update-state.ts';

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

/** A board that is made to ask, and only watched then: one on a port, with a monitor. */
export interface TriggeredBoard {
  readonly onLine: Event<string>;
  readonly trigger: Trigger;
  readonly patience?: Partial<Patience>;
}

export interface FaultRehearsalOptions {
  readonly board: RehearsalBoard | TriggeredBoard;
  readonly bench: FaultBench;
  /** In this order. */
  readonly profiles: readonly FaultProfile[];
  /** What the board is to run when all is over; left out: the good image of the last round. Not tried when cancelled. */
  readonly restore?: () => { readonly release: Release; readonly url: string };
  /** What the report calls the board. */
  readonly boardName: string;
  readonly isRollbackEnabled: boolean;
  readonly signal: AbortSignal;
  /** Before each fault: its place in the list, from 0. */
  readonly onFault?: (profile: FaultProfile, index: number) => void;
  readonly onRow?: (row: FaultRow) => void;
  /** How long the board may stay without any sign before it counts as hung. Default 120 s. */
  readonly silenceMs?: number;
  readonly clock?: Clock;
}

/** After so many faults in a row that the board did not come back from, the rest would say nothing. */
const MOST_LOST = 2;

interface Run {
  readonly seen: Watched;
  readonly verdict: Verdict | undefined;
  readonly isHung: boolean;
}

/**
 * Serves a board every fault, one after the other, and after each one the good image: does it keep what it runs, does that still boot,
 * does it take the good image? First an update with no fault at all, without which nothing that follows would mean anything.
 *
 * Cancelling gives the report of what was done so far. No fault is on afterwards, however it ends.
 */
export async function rehearseFaults(options: FaultRehearsalOptions): Promise<FaultReport> {
  const { bench, signal } = options;
  const clock = options.clock ?? systemClock;
  const startedMs = clock.now();
  const rows: FaultRow[] = [];
  const tell = (row: FaultRow): void => {
    rows.push(row);
    options.onRow?.(row);
  };
  let round = 0;
  const first = bench.offer(round);
  let baseline: Run | undefined;
  let restored: boolean | undefined;
  try {
    await bench.setFault(undefined);
    baseline = await updateOnce(options, first, clock);
    let running = runningAfter(baseline, undefined);
    let version = first.release.version;
    let lost = 0;
    const isWorking = isDelivered(baseline.verdict);
    for (const [index, wanted] of isWorking ? options.profiles.entries() : []) {
      if (isOver(signal)) break;
      const profile = withVersions(wanted, version);
      options.onFault?.(profile, index);
      if (lost >= MOST_LOST) {
        tell(untried(profile, 'boardLost', version));
        continue;
      }
      const trial = await tryFault(options, profile, running, () => bench.offer((round += 1)), clock);
      if (isOver(signal)) break;
      tell(trial.row);
      if (trial.row.reason === 'notAvailable') continue;
      running = trial.running;
      if (trial.row.cameBack === true) version = trial.row.versionOffered;
      lost = trial.row.cameBack === true ? 0 : lost + 1;
    }
    if (options.restore !== undefined && isWorking && !isOver(signal)) {
      restored = isDelivered((await updateOnce(options, options.restore(), clock)).verdict);
    }
  } finally {
    await bench.setFault(undefined);
  }
  return {
    board: options.boardName,
    project: bench.firmware.project,
    version: bench.firmware.version,
    startedMs,
    endedMs: clock.now(),
    isCancelled: signal.aborted,
    baseline: baseline.verdict,
    ...(restored === undefined ? {} : { isRestored: restored }),
    rows,
  };
}

async function tryFault(
  options: FaultRehearsalOptions,
  profile: FaultProfile,
  running: Boot | undefined,
  offerNext: () => ReturnType<FaultBench['offer']>,
  clock: Clock,
): Promise<{ readonly row: FaultRow; readonly running: Boot | undefined }> {
  const { bench } = options;
  const startedMs = clock.now();
  try {
    await bench.setFault(profile);
  } catch (error) {
    if (!isOtaError(error, 'server.faultNeedsHttps') && !isOtaError(error, 'server.faultNeedsAuthority')) throw error;
    return { row: untried(profile, 'notAvailable', ''), running };
  }
  // not before: a board that asks by itself would have it already
  const offered = offerNext();
  const during = await updateOnce(options, offered, clock);
  await bench.setFault(undefined);
  // what was installed with the fault on would not be installed again; what was not may be resumed
  const good = during.seen.laterBoots.length > 0 ? offerNext() : offered;
  const after = await updateOnce(options, good, clock);
  const judgement = judgeFault({
    profile,
    before: running,
    during: during.seen,
    isHung: during.isHung,
    after: after.seen,
    afterVerdict: after.verdict,
    versionUnderFault: offered.release.version,
    versionOffered: good.release.version,
  });
  const row: FaultRow = {
    profile,
    healthy: faultKind(profile.id).healthy,
    ...judgement,
    versionBefore: (during.seen.startedIn ?? running)?.version,
    versionOffered: good.release.version,
    durationMs: clock.now() - startedMs,
  };
  return { row, running: runningAfter(after, running) };
}

/** One update, watched. */
async function updateOnce(
  options: FaultRehearsalOptions,
  { release, url }: ReturnType<FaultBench['offer']>,
  clock: Clock,
): Promise<Run> {
  const { board, bench, signal, silenceMs } = options;
  const watch = watchBoard(board.onLine, bench.onTransfer);
  const state = { hasSettled: false };
  const begin = async (stop: AbortSignal): Promise<Begun> => {
    if ('trigger' in board) return board.trigger(url, stop);
    await board.update(stop, url);
    state.hasSettled = true;
    return { kind: 'settled' };
  };
  try {
    const { verdict, failures } = await followUpdate({
      board: { ...('trigger' in board ? {} : board), onLine: whileWatched(board.onLine, watch) },
      subject: subjectOf(options, release),
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

/** Without what comes of the updates that a board begins by itself when it is through with this one, which may have no end. */
function whileWatched<T>(event: Event<T>, watch: Watch): Event<T> {
  return (hear) =>
    event((value) => {
      if (!watch.isThrough) hear(value);
    });
}

/** The version alone tells which release runs: the good images of all rounds are of one build. */
function subjectOf({ boardName, isRollbackEnabled }: FaultRehearsalOptions, release: Release): UpdateSubject {
  return {
    board: boardName,
    project: release.project,
    version: release.version,
    sha256: release.sha256,
    elfSha256: '',
    totalBytes: release.bytes.length,
    releaseId: release.id,
    isRollbackEnabled,
  };
}

/** What "older" and "the same" mean depends on what the board runs by now. */
function withVersions(profile: FaultProfile, running: string): FaultProfile {
  if (profile.parameters['version'] !== '') return profile;
  if (profile.id === 'sameVersion') return faultProfile('sameVersion', { version: running });
  return profile.id === 'olderVersion' ? faultProfile('olderVersion', { version: versionBefore(running) }) : profile;
}

function runningAfter({ seen }: Run, before: Boot | undefined): Boot | undefined {
  return seen.laterBoots.at(-1) ?? seen.startedIn ?? before;
}

function isDelivered(verdict: Verdict | undefined): boolean {
  return verdict?.outcome === 'confirmed' || verdict?.outcome === 'delivered';
}

function untried(profile: FaultProfile, reason: 'notAvailable' | 'boardLost', versionOffered: string): FaultRow {
  return {
    profile,
    healthy: faultKind(profile.id).healthy,
    reaction: undefined,
    keptOldVersion: undefined,
    oldStillBoots: undefined,
    cameBack: undefined,
    verdict: 'unknown',
    reason,
    notice: undefined,
    evidence: '',
    versionBefore: undefined,
    versionOffered,
    durationMs: 0,
  };
}

/** The signal as it is at this moment. */
function isOver(signal: AbortSignal): boolean {
  return signal.aborted;
}
