import type { Evidence, Failure, Step, Timeline, Verdict } from '../ota/update-state.ts';
import { failureText } from '../texts/cause-texts.ts';
import { stepName, stepResult, verdictText } from '../texts/timeline-texts.ts';

/** The update of one board: what was seen of it so far, and its verdict once there is one. */
export function timelineJson(timeline: Timeline) {
  const { subject, steps, download, failures, verdict, startedMs, endedMs } = timeline;
  return {
    release: {
      project: subject.project,
      version: subject.version,
      sha256: subject.sha256,
      bytes: subject.totalBytes,
      ...(subject.previousVersion === undefined ? {} : { previousVersion: subject.previousVersion }),
    },
    startedMs,
    ...(endedMs === undefined ? {} : { endedMs }),
    steps: steps.map((step) => stepJson(step, timeline)),
    ...(download === undefined ? {} : { download: downloadJson(download) }),
    failures: failures.map(failureJson),
    ...(verdict === undefined ? {} : { verdict: { ...verdictJson(verdict), message: verdictText(timeline) } }),
  };
}

function stepJson(step: Step, timeline: Timeline) {
  const { id, outcome, startedMs, endedMs } = step;
  return {
    id,
    outcome,
    startedMs,
    ...(endedMs === undefined ? {} : { endedMs }),
    evidence: evidenceJson(step.evidence),
    message: `${stepName(id)}: ${stepResult(step, timeline)}`,
  };
}

function failureJson(failure: Failure) {
  const { step, cause, evidence } = failure;
  return { step, cause, evidence: evidenceJson(evidence), message: failureText(failure) };
}

function evidenceJson({ source, text }: Evidence) {
  return { source, text };
}

function downloadJson({ sentBytes, totalBytes, bytesPerSecond, requests }: NonNullable<Timeline['download']>) {
  return { sentBytes, totalBytes, bytesPerSecond: Math.round(bytesPerSecond), requests };
}

function verdictJson(verdict: Verdict) {
  const { outcome } = verdict;
  return {
    outcome,
    ...('isRollbackEnabled' in verdict ? { isRollbackEnabled: verdict.isRollbackEnabled } : {}),
    ...('failure' in verdict ? { step: verdict.failure.step, cause: verdict.failure.cause } : {}),
    ...('missing' in verdict ? { missing: verdict.missing } : {}),
    ...('during' in verdict ? { during: verdict.during } : {}),
  };
}
