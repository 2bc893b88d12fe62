import { fixesFor } from '../../../doctor/causes.ts';
import type { IdfVersion } from '../../../idf/idf-version.ts';
import { timelineJson } from '../../../json/timeline-json.ts';
import type { BoardUpdate, Delivery, Work } from '../../../ota/delivery.ts';
import { deliveryText } from '../../../texts/delivery-texts.ts';
import type { Evidence } from '../../../ota/update-state.ts';
import { maskSecrets } from '../mask.ts';
import { cut, type ToolValue } from '../output.ts';

/** How much of a line that proves something is told. */
const EVIDENCE_CHARACTERS = 160;
/** Beyond these an answer would be cut. */
const MOST_BOARDS = 16;
const MOST_BOARDS_WITH_EVIDENCE = 8;
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
  const { endedMs, work, updates, held, end } = delivery;
  const most = options.hasEvidence ? MOST_BOARDS_WITH_EVIDENCE : MOST_BOARDS;
  return {
    ...deliverySummary(delivery),
    project: delivery.project,
    message: deliveryText(delivery),
    ...(endedMs === undefined ? { isRunning: true } : { endedMs }),
    ...(end === undefined ? {} : { end: end.kind }),
    ...(end?.kind === 'stopped' ? { stopped: { step: end.at, code: end.code, details: { ...end.details } } } : {}),
    work: work.map(workAnswer),
    boards: updates.slice(0, most).map((one) => boardAnswer(one, options)),
    leftOut: Math.max(0, updates.length - most),
    ...(held === undefined
      ? {}
      : {
          notTold: { boards: held.boards.map(({ name }) => name), because: held.because.name, ...ended(held.because) },
        }),
  };
}

/** One line of a list of deliveries. */
export function deliverySummary(delivery: Delivery) {
  const { id, kind, version, startedMs } = delivery;
  return {
    id,
    kind,
    ...(version === undefined ? {} : { version }),
    startedMs,
    // the same in ISO 8601, which a model reads more surely than a number
    startedAt: new Date(startedMs).toISOString(),
    outcome: outcomeOf(delivery),
  } satisfies ToolValue;
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
    startedMs,
    ...(endedMs === undefined ? {} : { endedMs }),
  };
}

/** The timeline of a board as `--json` has it, with what can be done about its failures. Of its steps without the words, and with the proofs on
 * request: there are many. */
function boardAnswer({ id, name, trigger, timeline }: BoardUpdate, options: DeliveryOptions): ToolValue {
  const { runningVersion, client, faults } = timeline;
  const { steps, failures, verdict, ...told } = timelineJson(timeline);
  return {
    board: id,
    name,
    trigger,
    ...told,
    ...(verdict === undefined ? {} : { verdict: { ...verdict, ...fixesOf(verdict.cause, options) } }),
    ...(runningVersion === undefined ? {} : { runningVersion }),
    ...(client === undefined ? {} : { client: { address: client.address, knownBy: client.by } }),
    ...(faults === undefined || faults.length === 0 ? {} : { serverFaults: [...faults] }),
    steps: steps.map(({ id: step, outcome, startedMs, endedMs, evidence }) => ({
      id: step,
      outcome,
      startedMs,
      ...(endedMs === undefined ? {} : { endedMs }),
      ...(options.hasEvidence ? { evidence: proof(evidence, options) } : {}),
    })),
    failures: failures.slice(0, MOST_FAILURES).map(({ evidence, ...failure }) => ({
      ...failure,
      evidence: proof(evidence, options),
      ...fixesOf(failure.cause, options),
    })),
  };
}

/** Masked before it is cut: half a password is one that nobody recognises. */
function proof({ source, text }: Evidence, { secrets }: DeliveryOptions): ToolValue {
  return { source, text: cut(maskSecrets(text, secrets), EVIDENCE_CHARACTERS) };
}

function fixesOf(cause: string | undefined, { idfVersion }: DeliveryOptions): { readonly fixes?: readonly string[] } {
  return cause === undefined ? {} : { fixes: fixesFor(cause, idfVersion).map(({ id }) => id) };
}

function ended({ outcome, cause }: NonNullable<Delivery['held']>['because']): Record<string, ToolValue> {
  return { outcome, ...(cause === undefined ? {} : { cause }) };
}
