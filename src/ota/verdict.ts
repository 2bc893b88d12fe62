import { explains, mainCauses } from '../doctor/main-cause.ts';
import type { Failure, StepId, Timeline, Verdict } from './update-state.ts';

/** Causes that are a decision of the board or its application, taken before the image counts. */
const REFUSALS: ReadonlySet<string> = new Set([
  'sameVersion',
  'versionRolledBackBefore',
  'wrongChip',
  'chipRevision',
  'spiMode',
  'secureVersion',
  'appNotConfirmed',
  'noServerVerification',
  'signature',
]);

function outcomeOf(failure: Failure): 'refused' | 'failed' | 'rolledBack' {
  if (failure.cause === 'rolledBack') return 'rolledBack';
  return REFUSALS.has(failure.cause) ? 'refused' : 'failed';
}

/** The verdict from what was observed; a board that recovered from a failure (a resumed download, say) is judged by where it ended. */
export function judge(timeline: Timeline, why: 'settled' | 'timeout' | 'cancelled'): Verdict {
  const done = (id: StepId): boolean => timeline.steps.some((step) => step.id === id && step.outcome === 'done');
  const last = timeline.steps.at(-1)?.id ?? 'published';
  const rolledBack = timeline.failures.find((failure) => failure.cause === 'rolledBack');
  if (rolledBack !== undefined) {
    const reason = timeline.failures.find((failure) => failure.step === 'confirmed' && failure.cause !== 'rolledBack');
    return { outcome: 'rolledBack', failure: reason ?? rolledBack };
  }
  if (timeline.runsRelease === true && done('confirmed')) return { outcome: 'confirmed' };
  const crash = timeline.failures.find((failure) => failure.step === 'confirmed' && failure.cause === 'crashed');
  if (timeline.runsRelease === true && crash !== undefined) return { outcome: 'failed', failure: crash };
  if (timeline.runsRelease === true && why !== 'cancelled') {
    return { outcome: 'delivered', isRollbackEnabled: timeline.subject.isRollbackEnabled };
  }
  if (why === 'cancelled') return { outcome: 'cancelled', during: last };
  const failure = timeline.failures.find((one) => outcomeOf(one) === 'refused') ?? mainFailure(timeline);
  if (failure !== undefined) return { outcome: outcomeOf(failure), failure };
  return { outcome: 'unknown', missing: missingStep(timeline, done) };
}

/** The first step behind the last one that was seen: what came before that one has happened, whoever was looking. */
function missingStep({ subject }: Timeline, done: (id: StepId) => boolean): StepId {
  const all: readonly StepId[] = ['started', 'asked', 'download', 'slotSet', 'reboot', 'running'];
  const order = subject.isWithoutConsole === true ? all.slice(1) : all;
  return order[order.findLastIndex(done) + 1] ?? 'confirmed';
}

/** The first one that is no echo of another: the board says only that it did not like the certificate, and the alert it sent to the server
 * says what about it. What a client met that is perhaps not the board counts only where it explains what the board itself said. */
function mainFailure(timeline: Timeline): Failure | undefined {
  const own = timeline.failures.filter((one) => one.stranger === undefined);
  const failures = timeline.failures.filter(
    (one) => one.stranger === undefined || own.some(({ cause }) => explains(one.cause, cause)),
  );
  const [cause] = mainCauses(failures.map((one) => one.cause));
  return failures.find((one) => one.cause === cause);
}
