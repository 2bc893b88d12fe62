import { faultKind, type FaultId, type FaultProfile } from '../server/faults/profiles.ts';
import type { FaultNotice, FaultReaction, FaultReason, FaultRow } from './fault-report.ts';
import { isSameApp, type Boot, type Watched } from './fault-watch.ts';
import type { Verdict } from './update-state.ts';

/** What was seen of one fault: the update while it was on, and the one with the good image afterwards. */
export interface FaultTrial {
  readonly profile: FaultProfile;
  /** The application that ran before, when its start was seen earlier. */
  readonly before: Boot | undefined;
  readonly during: Watched;
  /** The board gave no sign for too long, and was reset. */
  readonly isHung: boolean;
  readonly after: Watched;
  readonly afterVerdict: Verdict | undefined;
  /** Of the image that the board was to meet with the fault on: nothing is learned from one that it runs already. */
  readonly versionUnderFault: string;
  /** Of the good image. */
  readonly versionOffered: string;
}

export type FaultJudgement = Pick<
  FaultRow,
  'reaction' | 'keptOldVersion' | 'oldStillBoots' | 'cameBack' | 'verdict' | 'reason' | 'notice' | 'evidence'
>;

/** Judges one fault by what was observed, and by nothing else. */
export function judgeFault(trial: FaultTrial): FaultJudgement {
  const { profile, during, after } = trial;
  const before = during.startedIn ?? trial.before;
  const reaction = reactionOf(trial, before);
  const isOldKept = reaction !== 'installed' && reaction !== 'unclear';
  const oldStillBoots =
    isOldKept && before !== undefined && after.startedIn !== undefined ? isSameApp(before, after.startedIn) : undefined;
  const outcome = trial.afterVerdict?.outcome;
  // a board that asks by itself may have fetched it before it was told to
  const hadIt = after.startedIn?.version === trial.versionOffered;
  const cameBack = outcome === 'confirmed' || outcome === 'delivered' || hadIt;
  const reason = reasonOf(trial, reaction, oldStillBoots, cameBack);
  return {
    reaction,
    keptOldVersion: isKept(reaction, profile.id),
    oldStillBoots,
    cameBack,
    verdict: VERDICTS[reason],
    reason,
    notice: reason === 'asExpected' || reason === 'tookFaulty' ? noticeOf(profile.id, reaction, during) : undefined,
    evidence: evidenceOf(reason, trial),
  };
}

/** Undefined where it was not to keep it, and where it was not seen. */
function isKept(reaction: FaultReaction, id: FaultId): boolean | undefined {
  if (reaction === 'unclear') return undefined;
  return reaction === 'installed' && faultKind(id).healthy !== 'keeps' ? undefined : reaction === 'kept';
}

const VERDICTS: Readonly<Record<FaultReason, FaultRow['verdict']>> = {
  asExpected: 'passed',
  tookFaulty: 'failed',
  refusedGood: 'failed',
  crashed: 'failed',
  hung: 'failed',
  oldIsGone: 'failed',
  didNotComeBack: 'failed',
  notMet: 'unknown',
  notAvailable: 'unknown',
  boardLost: 'unknown',
  unclear: 'unknown',
};

function reactionOf({ during, isHung }: FaultTrial, before: Boot | undefined): FaultReaction {
  if (during.crashedLine !== undefined) return 'crashed';
  if (isHung) return 'hung';
  const last = during.laterBoots.at(-1);
  if (last === undefined) return during.succeededLine === undefined && during.hasStarted ? 'kept' : 'unclear';
  if (!isSameApp(before, last)) return 'installed';
  return during.succeededLine === undefined ? 'kept' : 'fellBack';
}

/** Whether the board had to do with the fault at all. A connection that nobody accepts leaves no trace but that nobody came. */
function hasMet({ profile, during, versionUnderFault }: FaultTrial): boolean {
  if (during.startedIn?.version === versionUnderFault) return false;
  return profile.id === 'connectionRefused' ? during.hasStarted && during.requests === 0 : during.faultsMet > 0;
}

function reasonOf(
  trial: FaultTrial,
  reaction: FaultReaction,
  oldStillBoots: boolean | undefined,
  cameBack: boolean,
): FaultReason {
  if (!hasMet(trial)) return 'notMet';
  if (reaction === 'hung' || reaction === 'crashed') return reaction;
  if (oldStillBoots === false) return 'oldIsGone';
  if (!cameBack) return 'didNotComeBack';
  if (reaction === 'unclear') return 'unclear';
  switch (faultKind(trial.profile.id).healthy) {
    case 'keeps':
      return reaction === 'kept' ? 'asExpected' : 'tookFaulty';
    case 'installs':
      return reaction === 'installed' || needsLength(trial.profile.id, trial.during) ? 'asExpected' : 'refusedGood';
    case 'either':
      return 'asExpected';
  }
}

/** A download in parts begins with the size, which is what these faults keep back.
 * @see ESP-IDF v5.5 `esp_https_ota.c`, `esp_https_ota_begin` with `partial_http_download` */
function needsLength(id: FaultId, during: Watched): boolean {
  return (id === 'chunked' || id === 'untilClose') && during.usesParts;
}

function noticeOf(id: FaultId, reaction: FaultReaction, during: Watched): FaultNotice | undefined {
  if (needsLength(id, during) && reaction === 'kept') return 'needsLength';
  const [installed, kept] = NOTICES[id] ?? [];
  if (reaction === 'installed') return installed;
  return reaction === 'kept' ? kept : undefined;
}

/** What it says of a firmware that it installed, and that it kept what it had. */
const NOTICES: Readonly<Partial<Record<FaultId, readonly [FaultNotice | undefined, FaultNotice | undefined]>>> = {
  otherApp: ['takesOtherApps', undefined],
  olderVersion: ['takesOlderVersions', undefined],
  sameVersion: ['takesSameVersion', undefined],
  expired: ['ignoresDates', undefined],
  redirectAbsolute: [undefined, 'followsNoRedirects'],
  redirectToHttp: ['followsToHttp', undefined],
  redirectRelative: ['followsRelative', 'refusesRelative'],
  tls13Only: [undefined, 'noTls13'],
  noRanges: [undefined, 'needsRanges'],
  stall: [undefined, 'gaveUpWaiting'],
};

function evidenceOf(reason: FaultReason, { during, after }: FaultTrial): string {
  switch (reason) {
    case 'tookFaulty':
      return during.succeededLine ?? during.laterBoots.at(-1)?.line ?? '';
    case 'crashed':
      return during.crashedLine ?? '';
    case 'hung':
      return during.lastLine;
    case 'oldIsGone':
      return after.startedIn?.line ?? after.lastLine;
    case 'didNotComeBack':
      return after.crashedLine ?? after.failedLine ?? after.lastLine;
    default:
      return during.failedLine ?? during.laterBoots.at(-1)?.line ?? during.lastLine;
  }
}
