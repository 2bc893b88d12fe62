import { withoutColours } from '../monitor/log-line.ts';
import type { StageEvent } from '../monitor/stages.ts';
import { plainAddress } from '../server/client-address.ts';
import type { TransferEvent } from '../server/transfer-events.ts';
import { withSample } from './download-samples.ts';
import {
  STEP_IDS,
  type ClientLink,
  type Evidence,
  type Failure,
  type Step,
  type StepId,
  type Timeline,
  type UpdateSubject,
  type OwnWords,
} from './update-state.ts';
import { judge } from './verdict.ts';

export type TimelineEvent =
  | { readonly kind: 'stage'; readonly atMs: number; readonly event: StageEvent }
  | { readonly kind: 'transfer'; readonly event: TransferEvent }
  /** Of a client that is perhaps the board. */
  | { readonly kind: 'stranger'; readonly event: TransferEvent }
  /** From a board that counts itself. */
  | { readonly kind: 'received'; readonly atMs: number; readonly receivedBytes: number }
  /** The board was told to ask; `text` says how, for a log. */
  | { readonly kind: 'triggered'; readonly atMs: number; readonly text: string; readonly says?: OwnWords }
  /** It could not be told. */
  | { readonly kind: 'notTriggered'; readonly atMs: number; readonly cause: string; readonly text: string }
  | { readonly kind: 'linked'; readonly client: ClientLink }
  /** The board has settled, its time is over, or the user called it off. Gives the verdict. */
  | { readonly kind: 'ended'; readonly atMs: number; readonly why: 'settled' | 'timeout' | 'cancelled' };

export function startTimeline(subject: UpdateSubject, atMs: number): Timeline {
  const published: Step = {
    id: 'published',
    outcome: 'done',
    startedMs: atMs,
    endedMs: atMs,
    evidence: {
      source: 'publish',
      text: `${subject.project} ${subject.version}, ${subject.totalBytes} bytes, sha256 ${subject.sha256}`,
      says: {
        id: 'published',
        release: `${subject.project} ${subject.version}`,
        bytes: subject.totalBytes,
        sha256: subject.sha256,
      },
    },
  };
  return { subject, startedMs: atMs, steps: [published], failures: [] };
}

/** The timeline after one more observation. Pure; after the verdict nothing changes any more. */
export function advance(timeline: Timeline, event: TimelineEvent): Timeline {
  if (timeline.verdict !== undefined) return timeline;
  switch (event.kind) {
    case 'stage':
      return afterStage(timeline, event.event, event.atMs);
    case 'transfer':
      return afterTransfer(timeline, event.event);
    case 'stranger':
      return afterStranger(timeline, event.event);
    case 'received':
      return withDownload(timeline, event.receivedBytes, event.atMs);
    case 'triggered':
      return mark(timeline, 'triggered', 'done', event.atMs, {
        source: 'trigger',
        text: event.text,
        ...(event.says === undefined ? {} : { says: event.says }),
      });
    case 'notTriggered':
      return fail(timeline, 'triggered', event.cause, event.atMs, { source: 'trigger', text: event.text });
    case 'linked':
      return { ...timeline, client: event.client, failures: failuresOf(timeline, event.client) };
    case 'ended':
      return { ...closeRunning(timeline, event.atMs), endedMs: event.atMs, verdict: judge(timeline, event.why) };
  }
}

export function stepOf(timeline: Timeline, id: StepId): Step | undefined {
  return timeline.steps.find((step) => step.id === id);
}

function isDone(timeline: Timeline, id: StepId): boolean {
  return stepOf(timeline, id)?.outcome === 'done';
}

/** Opens the step, or changes its outcome; a step that is done or failed keeps its first outcome. */
function mark(timeline: Timeline, id: StepId, outcome: Step['outcome'], atMs: number, evidence: Evidence): Timeline {
  const old = stepOf(timeline, id);
  if (old !== undefined && old.outcome !== 'running') return timeline;
  const step: Step = {
    id,
    outcome,
    startedMs: old?.startedMs ?? atMs,
    ...(outcome === 'running' ? {} : { endedMs: atMs }),
    evidence,
  };
  const others = timeline.steps.filter((one) => one.id !== id);
  const steps = [...others, step].sort((a, b) => STEP_IDS.indexOf(a.id) - STEP_IDS.indexOf(b.id));
  return { ...timeline, steps };
}

function fail(timeline: Timeline, id: StepId, cause: string, atMs: number, evidence: Evidence): Timeline {
  return mark(withFailure(timeline, { step: id, cause, evidence }), id, 'failed', atMs, evidence);
}

/** Of those who are perhaps the board, no more is kept than anybody would read. */
const MOST_STRANGERS = 20;

/** A board that tries again and again fails in the same way again and again: that is counted, not listed. */
function withFailure(timeline: Timeline, failure: Failure): Timeline {
  const { failures } = timeline;
  const place = failures.findIndex(
    (one) => one.step === failure.step && one.cause === failure.cause && one.stranger === failure.stranger,
  );
  const known = failures[place];
  if (known === undefined) {
    const isTooMuch = failure.stranger !== undefined && failures.length >= MOST_STRANGERS;
    return isTooMuch ? timeline : { ...timeline, failures: [...failures, failure] };
  }
  return { ...timeline, failures: failures.with(place, { ...known, times: (known.times ?? 1) + 1 }) };
}

function closeRunning(timeline: Timeline, atMs: number): Timeline {
  return {
    ...timeline,
    steps: timeline.steps.map((step) =>
      step.outcome === 'running' ? { ...step, outcome: 'failed', endedMs: atMs } : step,
    ),
  };
}

/** The step in which the console says a failure happened: the last one that began. */
function currentStep(timeline: Timeline): StepId {
  const running = timeline.steps.findLast((step) => step.outcome === 'running');
  return running?.id ?? timeline.steps.at(-1)?.id ?? 'started';
}

function afterStage(timeline: Timeline, event: StageEvent, atMs: number): Timeline {
  const evidence: Evidence = { source: 'console', text: withoutColours(event.line) };
  const isAfterUpdate = isDone(timeline, 'slotSet');
  switch (event.stage) {
    case 'otaStarted':
      return isAfterUpdate ? timeline : mark(timeline, 'started', 'done', atMs, evidence);
    case 'verifying':
      return stepOf(timeline, 'download') === undefined || isAfterUpdate
        ? timeline
        : mark(downloaded(timeline, atMs, evidence), 'verify', 'running', atMs, evidence);
    case 'succeeded': {
      const verified = mark(downloaded(timeline, atMs, evidence), 'verify', 'done', atMs, evidence);
      return mark(verified, 'slotSet', 'done', atMs, evidence);
    }
    case 'rom':
    case 'reset':
    case 'bootloader':
      return isAfterUpdate ? mark(timeline, 'reboot', 'done', atMs, evidence) : timeline;
    case 'appInfo':
      return isAfterUpdate ? afterAppInfo(timeline, event, atMs, evidence) : timeline;
    case 'appStarted':
    case 'exampleStarted':
      return isAfterUpdate && timeline.runsRelease === undefined && timeline.runningVersion !== undefined
        ? withRunning(timeline, timeline.runningVersion === timeline.subject.version, atMs, evidence)
        : timeline;
    case 'confirmed':
      return timeline.runsRelease === true ? mark(timeline, 'confirmed', 'done', atMs, evidence) : timeline;
    case 'rollingBack':
      return isAfterUpdate ? fail(timeline, 'confirmed', 'diagnosticsFailed', atMs, evidence) : timeline;
    case 'rolledBack':
      return fail(timeline, 'confirmed', 'rolledBack', atMs, evidence);
    case 'crashed':
      return fail(timeline, isAfterUpdate ? 'confirmed' : currentStep(timeline), 'crashed', atMs, evidence);
    case 'failed':
      return afterFailure(timeline, event, atMs, evidence);
    default:
      return timeline;
  }
}

/** A board that goes on to verify has the whole image, whether or not the server has seen the connection end by then. */
function downloaded(timeline: Timeline, atMs: number, evidence: Evidence): Timeline {
  const { download } = timeline;
  const isWhole = download !== undefined && download.sentBytes >= download.totalBytes;
  return isWhole ? mark(timeline, 'download', 'done', atMs, evidence) : timeline;
}

/** A line that only repeats that something failed adds nothing once a cause is known. */
function afterFailure(timeline: Timeline, event: StageEvent, atMs: number, evidence: Evidence): Timeline {
  const cause = event.values['cause'] ?? 'earlier';
  if (isDone(timeline, 'slotSet') && timeline.runsRelease === true) return timeline;
  if (timeline.failures.some((failure) => failure.cause === cause)) return timeline;
  if (cause === 'earlier' && timeline.failures.length > 0) return timeline;
  return fail(timeline, currentStep(timeline), cause, atMs, evidence);
}

/** An all-zero digest is what a build leaves that does not fill it in. */
function hasElfDigest(timeline: Timeline): boolean {
  return /[1-9a-f]/.test(timeline.subject.elfSha256);
}

function afterAppInfo(timeline: Timeline, event: StageEvent, atMs: number, evidence: Evidence): Timeline {
  const { version, elfSha256 } = event.values;
  const next = version === undefined ? timeline : { ...timeline, runningVersion: version };
  if (elfSha256 === undefined || !hasElfDigest(timeline)) return next;
  return withRunning(next, timeline.subject.elfSha256.startsWith(elfSha256.replace(/\.+$/, '')), atMs, evidence);
}

function withRunning(timeline: Timeline, runsRelease: boolean, atMs: number, evidence: Evidence): Timeline {
  const next = { ...timeline, runsRelease };
  if (runsRelease) return mark(next, 'running', 'done', atMs, evidence);
  // a board that ran the release and now runs another one went back
  return timeline.runsRelease === true
    ? fail(next, 'confirmed', 'rolledBack', atMs, evidence)
    : fail(next, 'running', 'otherImageRuns', atMs, evidence);
}

/** What a client met that is perhaps the board: known, should it be needed, but no step of the update. */
function afterStranger(timeline: Timeline, event: TransferEvent): Timeline {
  if (event.kind === 'fault') return afterTransfer(timeline, event);
  const failures = afterTransfer({ ...timeline, steps: [], failures: [] }, event).failures;
  const stranger = event.client.address;
  return failures.reduce(
    (next, failure) =>
      withFailure(next, {
        ...failure,
        evidence: { ...failure.evidence, text: `${stranger}: ${failure.evidence.text}` },
        stranger,
      }),
    timeline,
  );
}

/** Once the board is known, what others met is not its own; what it met itself is. */
function failuresOf({ failures }: Timeline, { address }: ClientLink): readonly Failure[] {
  return failures.flatMap(({ stranger, ...failure }) =>
    stranger === undefined || plainAddress(stranger) === plainAddress(address) ? [failure] : [],
  );
}

function afterTransfer(timeline: Timeline, event: TransferEvent): Timeline {
  switch (event.kind) {
    case 'tlsFailed':
      return fail(timeline, 'tls', `tls.${event.cause}`, event.atMs, { source: 'server', text: event.detail });
    case 'refused':
      return fail(timeline, 'asked', `client.${event.reason}`, event.atMs, {
        source: 'server',
        text: event.client.address,
      });
    case 'fault':
      return timeline.faults?.includes(event.fault) === true
        ? timeline
        : { ...timeline, faults: [...(timeline.faults ?? []), event.fault] };
    case 'requested':
      return afterRequest(timeline, event);
    case 'progress':
      return event.releaseId === timeline.subject.releaseId && timeline.subject.countsItself !== true
        ? withDownload(timeline, event.offsetBytes, event.atMs)
        : timeline;
    case 'ended':
      return afterTransferEnd(timeline, event);
  }
}

function afterRequest(timeline: Timeline, event: TransferEvent & { kind: 'requested' }): Timeline {
  if (isDone(timeline, 'slotSet')) return timeline;
  const text = `${event.method} ${event.path}${event.range === undefined ? '' : ` (${event.range})`} → ${event.status}`;
  const evidence: Evidence = { source: 'server', text };
  let next = timeline;
  if (event.tls !== undefined) {
    next = mark(next, 'tls', 'done', event.atMs, {
      source: 'server',
      text: `${event.tls.version} ${event.tls.cipher}`,
    });
  }
  if (event.status >= 400) return fail(next, 'asked', `http.${event.status}`, event.atMs, evidence);
  next = mark(next, 'asked', 'done', event.atMs, evidence);
  if (event.method !== 'GET' || event.releaseId !== timeline.subject.releaseId) return next;
  const download = next.download ?? {
    sentBytes: 0,
    totalBytes: next.subject.totalBytes,
    bytesPerSecond: 0,
    requests: 0,
    samples: [{ atMs: event.atMs, bytes: 0 }],
  };
  next = {
    ...next,
    download: { ...download, requests: download.requests + 1 },
    downloadStartedMs: next.downloadStartedMs ?? event.atMs,
  };
  return mark(next, 'download', 'running', event.atMs, evidence);
}

function withDownload(timeline: Timeline, sentBytes: number, atMs: number): Timeline {
  if (timeline.download === undefined || timeline.downloadStartedMs === undefined) return timeline;
  const elapsedMs = Math.max(1, atMs - timeline.downloadStartedMs);
  const sent = Math.max(timeline.download.sentBytes, sentBytes);
  return {
    ...timeline,
    download: {
      ...timeline.download,
      sentBytes: sent,
      bytesPerSecond: (1000 * sent) / elapsedMs,
      samples: withSample(timeline.download.samples ?? [], { atMs, bytes: sent }),
    },
  };
}

function afterTransferEnd(timeline: Timeline, event: TransferEvent & { kind: 'ended' }): Timeline {
  if (event.releaseId !== timeline.subject.releaseId || stepOf(timeline, 'download')?.outcome !== 'running')
    return timeline;
  const isCounted = timeline.subject.countsItself === true;
  const next = isCounted ? timeline : withDownload(timeline, (event.startBytes ?? 0) + event.sentBytes, event.atMs);
  const { sentBytes, totalBytes } = next.download ?? { sentBytes: 0, totalBytes: 0 };
  const evidence: Evidence = {
    source: 'server',
    text: `${sentBytes} of ${totalBytes} bytes sent`,
    says: { id: 'sent', sentBytes, totalBytes },
  };
  if (sentBytes >= totalBytes && !isCounted) return mark(next, 'download', 'done', event.atMs, evidence);
  if (event.outcome === 'complete') return next;
  return withFailure(next, { step: 'download', cause: 'download.aborted', evidence });
}
