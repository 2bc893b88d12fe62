import { systemClock, type Clock } from '../base/clock.ts';
import { isOtaError } from '../base/ota-error.ts';
import { faultKind, faultProfile, type FaultProfile } from '../server/faults/profiles.ts';
import { versionBefore } from '../server/faults/retouched-image.ts';
import type { Release } from '../server/release-store.ts';
import type { FaultReport, FaultRow } from './fault-report.ts';
import { isOver, updateOnce, type FaultBench, type FaultRun, type FaultRunOptions } from './fault-run.ts';
import { judgeFault } from './fault-verdict.ts';
import type { Boot } from './fault-watch.ts';
import type { Verdict } from './update-state.ts';

export interface FaultRehearsalOptions extends FaultRunOptions {
  /** In this order. */
  readonly profiles: readonly FaultProfile[];
  /** What the board is to run when all is over; left out: the good image of the last round. Not tried when cancelled. */
  readonly restore?: () => { readonly release: Release; readonly url: string };
  /** Before each fault: its place in the list, from 0. */
  readonly onFault?: (profile: FaultProfile, index: number) => void;
  readonly onRow?: (row: FaultRow) => void;
}

/** After so many faults in a row that the board did not come back from, the rest would say nothing. */
const MOST_LOST = 2;

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
  let baseline: FaultRun | undefined;
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

/** What "older" and "the same" mean depends on what the board runs by now. */
function withVersions(profile: FaultProfile, running: string): FaultProfile {
  if (profile.parameters['version'] !== '') return profile;
  if (profile.id === 'sameVersion') return faultProfile('sameVersion', { version: running });
  return profile.id === 'olderVersion' ? faultProfile('olderVersion', { version: versionBefore(running) }) : profile;
}

function runningAfter({ seen }: FaultRun, before: Boot | undefined): Boot | undefined {
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
