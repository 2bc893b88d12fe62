import { fixesFor } from '../../../doctor/causes.ts';
import type { IdfVersion } from '../../../idf/idf-version.ts';
import type { BoardUpdate, Delivery, Work } from '../../../ota/delivery.ts';
import { downloadFacts } from '../../../ota/download-facts.ts';
import type { Evidence, Failure, Step, Verdict } from '../../../ota/update-state.ts';
import { causeText } from '../../../texts/cause-texts.ts';
import { deliveryText } from '../../../texts/delivery-texts.ts';
import { verdictText } from '../../../texts/timeline-texts.ts';
import { maskSecrets } from '../mask.ts';
import { cut, type ToolValue } from '../output.ts';

/** How much of a line that proves something is told. */
const EVIDENCE_CHARACTERS = 160;
const MOST_BOARDS = 16;
const MOST_FAILURES = 12;

export interface DeliveryOptions {
  /** Tells the line or event that proves each step. */
  readonly hasEvidence: boolean;
  /** What can be done about a failure depends on it. */
  readonly idfVersion: IdfVersion | undefined;
  /** Values that must not be told. */
  readonly secrets: readonly string[];
}

/** A delivery or rehearsal with the timelines of its boards. */
export function deliveryAnswer(delivery: Delivery, options: DeliveryOptions): ToolValue {
  const { id, kind, project, version, startedMs, endedMs, work, updates, held, end } = delivery;
  return {
    id,
    kind,
    project,
    version: version ?? null,
    started: timeOf(startedMs),
    ...(endedMs === undefined ? { isRunning: true } : { durationMs: endedMs - startedMs }),
    outcome: outcomeOf(delivery),
    summary: deliveryText(delivery),
    ...(end === undefined ? {} : { end: end.kind }),
    ...(end?.kind === 'stopped' ? { stoppedAt: end.at, error: end.code } : {}),
    work: work.map(workAnswer),
    boards: updates.slice(0, MOST_BOARDS).map((one) => boardAnswer(one, options)),
    ...(held === undefined
      ? {}
      : {
          notTold: { boards: held.boards.map(({ name }) => name), because: held.because.name, ...ended(held.because) },
        }),
  };
}

/** One line of a list of deliveries. */
export function deliverySummary(delivery: Delivery): ToolValue {
  const { id, kind, version, startedMs } = delivery;
  return { id, kind, version: version ?? null, started: timeOf(startedMs), outcome: outcomeOf(delivery) };
}

/** Every board's verdict when they are one, else `mixed`; how it ended when no board was told. */
function outcomeOf({ updates, held, end }: Delivery): string {
  const outcomes = new Set(updates.map(({ timeline }) => timeline.verdict?.outcome ?? 'running'));
  const [first] = outcomes;
  if (first === undefined) return end?.kind ?? 'running';
  return outcomes.size === 1 && held === undefined ? first : 'mixed';
}

function workAnswer({ id, outcome, note, startedMs, endedMs }: Work): ToolValue {
  return {
    id,
    outcome,
    ...(note === undefined ? {} : { note }),
    ...(endedMs === undefined ? {} : { ms: endedMs - startedMs }),
  };
}

function boardAnswer({ id, name, trigger, timeline }: BoardUpdate, options: DeliveryOptions): ToolValue {
  const { steps, download, failures, verdict, runningVersion, client, faults } = timeline;
  return {
    board: id,
    name,
    trigger,
    verdict: verdict === undefined ? { outcome: 'running' } : verdictAnswer(verdict, options),
    summary: verdictText(timeline),
    ...(runningVersion === undefined ? {} : { runningVersion }),
    ...(client === undefined ? {} : { client: { address: client.address, knownBy: client.by } }),
    ...(download === undefined
      ? {}
      : {
          download: downloadFacts(download),
        }),
    ...(faults === undefined || faults.length === 0 ? {} : { serverFaults: [...faults] }),
    steps: steps.map((one) => stepAnswer(one, timeline.startedMs, options)),
    failures: failures.slice(0, MOST_FAILURES).map((one) => failureAnswer(one, options)),
  };
}

function stepAnswer(
  { id, outcome, startedMs, endedMs, evidence }: Step,
  fromMs: number,
  options: DeliveryOptions,
): ToolValue {
  return {
    id,
    outcome,
    atMs: startedMs - fromMs,
    ...(endedMs === undefined ? {} : { ms: endedMs - startedMs }),
    ...(options.hasEvidence ? { by: evidence.source, evidence: proof(evidence, options) } : {}),
  };
}

/** Masked before it is cut: half a password is one that nobody recognises. */
function proof({ text }: Evidence, { secrets }: DeliveryOptions): string {
  return cut(maskSecrets(text, secrets), EVIDENCE_CHARACTERS);
}

function verdictAnswer(verdict: Verdict, options: DeliveryOptions): ToolValue {
  return {
    outcome: verdict.outcome,
    ...('failure' in verdict ? failureFields(verdict.failure, options) : {}),
    ...('missing' in verdict ? { missing: verdict.missing } : {}),
    ...('during' in verdict ? { during: verdict.during } : {}),
  };
}

function failureAnswer(failure: Failure, options: DeliveryOptions): ToolValue {
  return { ...failureFields(failure, options), evidence: proof(failure.evidence, options) };
}

function failureFields({ step, cause }: Failure, { idfVersion }: DeliveryOptions): Record<string, ToolValue> {
  return { step, cause, message: causeText(cause), fixes: fixesFor(cause, idfVersion).map(({ id }) => id) };
}

function ended({ outcome, cause }: NonNullable<Delivery['held']>['because']): Record<string, ToolValue> {
  return { outcome, ...(cause === undefined ? {} : { cause }) };
}

function timeOf(atMs: number): string {
  return new Date(atMs).toISOString();
}
