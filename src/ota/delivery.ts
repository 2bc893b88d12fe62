import type { TriggerKind } from './triggers.ts';
import type { Step, Timeline, UpdateSubject, Verdict } from './update-state.ts';

/** What is done on this side before a board is told, in order. */
export const WORK_IDS = ['check', 'bump', 'build', 'checkImage', 'publish'] as const;

export type WorkId = (typeof WORK_IDS)[number];

export interface Work {
  readonly id: WorkId;
  readonly outcome: 'running' | 'done' | 'skipped' | 'failed' | 'cancelled';
  readonly startedMs: number;
  readonly endedMs?: number;
  /** In words that need no translation, such as `1.0.0 → 1.0.1`. */
  readonly note?: string;
}

export interface BoardName {
  readonly id: string;
  readonly name: string;
  readonly trigger: TriggerKind;
}

/** The update of one board within a delivery. */
export interface BoardUpdate extends BoardName {
  readonly timeline: Timeline;
}

/** Why boards were not told: what became of the one before them. */
export interface Held {
  readonly boards: readonly { readonly id: string; readonly name: string }[];
  readonly because: {
    readonly id: string;
    readonly name: string;
    readonly outcome: Verdict['outcome'];
    readonly cause?: string;
  };
}

/** How a delivery came to its end. `finished`: the verdicts of its updates say the rest. `interrupted`: the editor ended before it did. */
export type DeliveryEnd =
  | { readonly kind: 'finished' }
  | {
      readonly kind: 'stopped';
      readonly at: WorkId;
      readonly code: string;
      readonly details: Readonly<Record<string, string | number | boolean>>;
    }
  | { readonly kind: 'cancelled'; readonly at: WorkId | 'update' }
  | { readonly kind: 'interrupted' };

/** One delivery of a project: what was done, and the updates of its boards. Plain JSON. */
export interface Delivery {
  readonly id: string;
  /** A rehearsal has no work of its own before it: it takes what is built. */
  readonly kind: 'delivery' | 'rehearsal';
  readonly project: string;
  readonly startedMs: number;
  readonly endedMs?: number;
  /** Of the release, once it is published. */
  readonly version?: string;
  readonly work: readonly Work[];
  readonly updates: readonly BoardUpdate[];
  readonly held?: Held;
  readonly end?: DeliveryEnd;
}

/** One line of the history: something that happened to a delivery. */
export type DeliveryRecord =
  | {
      readonly t: 'begin';
      readonly id: string;
      readonly atMs: number;
      readonly kind: Delivery['kind'];
      readonly project: string;
      /** Of the process that delivers. */
      readonly pid?: number;
    }
  | { readonly t: 'work'; readonly id: string; readonly work: Work }
  | { readonly t: 'version'; readonly id: string; readonly version: string }
  | {
      readonly t: 'board';
      readonly id: string;
      readonly atMs: number;
      readonly board: BoardName;
      readonly subject: UpdateSubject;
    }
  | { readonly t: 'step'; readonly id: string; readonly board: string; readonly step: Step }
  | { readonly t: 'update'; readonly id: string; readonly board: string; readonly timeline: Timeline }
  | { readonly t: 'held'; readonly id: string; readonly held: Held }
  | { readonly t: 'end'; readonly id: string; readonly atMs: number; readonly end: DeliveryEnd };

/** The delivery after one more record; undefined for one that belongs to nothing that began. Pure. */
export function withRecord(before: Delivery | undefined, record: DeliveryRecord): Delivery | undefined {
  if (record.t === 'begin') {
    const { id, kind, project, atMs } = record;
    return { id, kind, project, startedMs: atMs, work: [], updates: [] };
  }
  if (before === undefined) return undefined;
  switch (record.t) {
    case 'work':
      return { ...before, work: [...before.work.filter((one) => one.id !== record.work.id), record.work] };
    case 'version':
      return { ...before, version: record.version };
    case 'board': {
      const timeline: Timeline = { subject: record.subject, startedMs: record.atMs, steps: [], failures: [] };
      const others = before.updates.filter((one) => one.id !== record.board.id);
      return { ...before, updates: [...others, { ...record.board, timeline }] };
    }
    case 'step':
      return withTimeline(before, record.board, (timeline) => ({
        ...timeline,
        steps: [...timeline.steps.filter((one) => one.id !== record.step.id), record.step],
      }));
    case 'update':
      return withTimeline(before, record.board, () => record.timeline);
    case 'held':
      return { ...before, held: record.held };
    case 'end':
      return { ...before, endedMs: record.atMs, end: record.end };
  }
}

function withTimeline(before: Delivery, board: string, change: (timeline: Timeline) => Timeline): Delivery {
  return {
    ...before,
    updates: before.updates.map((one) => (one.id === board ? { ...one, timeline: change(one.timeline) } : one)),
  };
}

/** A delivery that nobody goes on with any more: everything that was under way has ended with it. */
export function interrupted(delivery: Delivery): Delivery {
  return {
    ...delivery,
    work: delivery.work.map((one) => (one.outcome === 'running' ? { ...one, outcome: 'cancelled' } : one)),
    updates: delivery.updates.map((one) => ({
      ...one,
      timeline: {
        ...one.timeline,
        steps: one.timeline.steps.map((step) => (step.outcome === 'running' ? { ...step, outcome: 'failed' } : step)),
      },
    })),
    end: { kind: 'interrupted' },
  };
}
