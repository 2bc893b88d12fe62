import { systemClock, type Clock } from '../base/clock.ts';
import type { Event } from '../base/emitter.ts';
import { isOtaError } from '../base/ota-error.ts';
import { faultKind, faultProfile, type FaultProfile } from '../server/faults/profiles.ts';
import { versionBefore } from '../server/faults/retouched-image.ts';
import type { Release } from '../server/release-store.ts';
import type { TransferEvent } from '../server/transfer-events.ts';
import type { FaultReport, FaultRow } from './fault-report.ts';
import { judgeFault } from './fault-verdict.ts';
import { watchBoard, type Boot, type Watched } from './fault-watch.ts';
import { rehearse, type RehearsalBoard } from './rehearsal.ts';
import type { Timeline, UpdateSubject, Verdict } from './update-state.ts';

/** The server's side of a fault rehearsal: where the good images are, and the faults. */
export interface FaultBench {
  /** What the board sees of the server, and no other board. */
  readonly onTransfer: Event<TransferEvent>;
  /** Serves a good image that the board does not run yet; the next one under the same URL.
   * @param round counts from 0; a later round has a later version */
  offer(round: number): { readonly release: Release; readonly url: string };
  /** @throws {OtaError} `server.faultNeedsHttps`, `server.faultNeedsAuthority` where it can't do this one */
  setFault(profile: FaultProfile | undefined): Promise<void>;
}

export interface FaultRehearsalOptions {
  readonly board: RehearsalBoard;
  readonly bench: FaultBench;
  /** In this order. */
  readonly profiles: readonly FaultProfile[];
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
  try {
    await bench.setFault(undefined);
    baseline = await updateOnce(options, first, clock);
    let running = runningAfter(baseline, undefined);
    let version = first.release.version;
    let lost = isDelivered(baseline.verdict) ? 0 : MOST_LOST;
    for (const [index, wanted] of options.profiles.entries()) {
      if (isOver(signal)) break;
      const profile = withVersions(wanted, version);
      options.onFault?.(profile, index);
      if (lost >= MOST_LOST) {
        tell(untried(profile, 'boardLost', version));
        continue;
      }
      const offered = bench.offer((round += 1));
      const trial = await tryFault(options, profile, offered, running, () => (round += 1), clock);
      if (isOver(signal)) break;
      tell(trial.row);
      if (trial.row.reason === 'notAvailable') continue;
      running = trial.running;
      if (trial.row.cameBack === true) version = trial.row.versionOffered;
      lost = trial.row.cameBack === true ? 0 : lost + 1;
    }
  } finally {
    await bench.setFault(undefined);
  }
  return {
    board: options.boardName,
    project: first.release.project,
    version: first.release.version,
    startedMs,
    endedMs: clock.now(),
    isCancelled: signal.aborted,
    baseline: baseline.verdict,
    rows,
  };
}

async function tryFault(
  options: FaultRehearsalOptions,
  profile: FaultProfile,
  offered: ReturnType<FaultBench['offer']>,
  running: Boot | undefined,
  nextRound: () => number,
  clock: Clock,
): Promise<{ readonly row: FaultRow; readonly running: Boot | undefined }> {
  const { bench } = options;
  const startedMs = clock.now();
  const { version } = offered.release;
  try {
    await bench.setFault(profile);
  } catch (error) {
    if (!isOtaError(error, 'server.faultNeedsHttps') && !isOtaError(error, 'server.faultNeedsAuthority')) throw error;
    return { row: untried(profile, 'notAvailable', version), running };
  }
  const during = await updateOnce(options, offered, clock);
  await bench.setFault(undefined);
  // what was installed with the fault on would not be installed again; what was not may be resumed
  const good = during.seen.laterBoots.length > 0 ? bench.offer(nextRound()) : offered;
  const after = await updateOnce(options, good, clock);
  const judgement = judgeFault({
    profile,
    before: running,
    during: during.seen,
    isHung: during.isHung,
    after: after.seen,
    afterVerdict: after.verdict,
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
  const watched: RehearsalBoard = {
    onLine: board.onLine,
    ...(board.onProgress === undefined ? {} : { onProgress: board.onProgress }),
    update: async (stop, at) => {
      await board.update(stop, at);
      state.hasSettled = true;
    },
  };
  const none = (_timeline: Timeline): void => undefined;
  try {
    const timeline = await rehearse({
      board: watched,
      subject: subjectOf(options, release),
      onTransfer: bench.onTransfer,
      url,
      signal,
      onTimeline: none,
      clock,
      // a verdict is all that counts here, and the fault was told before the board could fail
      echoMs: 0,
      ...(silenceMs === undefined ? {} : { silenceMs }),
    });
    return { seen: watch.seen, verdict: timeline.verdict, isHung: !state.hasSettled && !isOver(signal) };
  } finally {
    watch.dispose();
  }
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
