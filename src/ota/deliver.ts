import { throwIfCancelled } from '../base/abort.ts';
import { systemClock, type Clock } from '../base/clock.ts';
import type { Event } from '../base/emitter.ts';
import { isOtaError, type OtaError } from '../base/ota-error.ts';
import type { TransferEvent } from '../server/transfer-events.ts';
import { updateSeveral } from './canary.ts';
import { ClientRouter, type RoutedBoard } from './client-router.ts';
import {
  withRecord,
  type Delivery,
  type DeliveryEnd,
  type DeliveryRecord,
  type Work,
  type WorkId,
} from './delivery.ts';
import { followUpdate, type FollowedBoard } from './follow-update.ts';
import type { Patience } from './patience.ts';
import type { Trigger, TriggerKind } from './triggers.ts';
import type { Step, Timeline, UpdateSubject } from './update-state.ts';

/** A board that an update can be brought to: how it is told, and what it lets see. */
export interface DeliveryBoard extends FollowedBoard, RoutedBoard {
  readonly id: string;
  readonly name: string;
  readonly triggerKind: TriggerKind;
  readonly trigger: Trigger;
  /** What it runs, when that is known. */
  readonly runningVersion?: string;
}

export interface WorkResult {
  readonly isSkipped?: boolean;
  /** For the history, in words that need no translation. */
  readonly note?: string;
}

/** What is published, and for whom. */
export interface Published {
  readonly subject: Omit<UpdateSubject, 'board' | 'previousVersion' | 'countsItself' | 'isWithoutConsole'>;
  readonly url: string;
  readonly boards: readonly DeliveryBoard[];
}

/** The steps before a board is told. Each throws an `OtaError` to stop the delivery, `cancelled` among them. */
export interface DeliverSteps {
  /** Whether anything is known already that would make the update fail. */
  readonly check: (signal: AbortSignal) => Promise<WorkResult>;
  /** Raises the version when the board would refuse the one that it runs already. */
  readonly bump: (signal: AbortSignal) => Promise<WorkResult>;
  readonly build: (signal: AbortSignal) => Promise<WorkResult>;
  /** As `check`, with what was built. */
  readonly checkImage: (signal: AbortSignal) => Promise<WorkResult>;
  readonly publish: (signal: AbortSignal) => Promise<Published>;
}

export interface DeliverOptions {
  readonly id: string;
  readonly kind: Delivery['kind'];
  readonly project: string;
  /** Left out: a rehearsal, which only publishes. */
  readonly steps: Partial<DeliverSteps> & Pick<DeliverSteps, 'publish'>;
  readonly onTransfer: Event<TransferEvent>;
  readonly isCanary: boolean;
  readonly signal: AbortSignal;
  /** Everything worth keeping, at the moment it happens. */
  readonly onRecord: (record: DeliveryRecord, delivery: Delivery) => void;
  /** Every new state of a board's update, progress of downloads too. */
  readonly onTimeline?: (board: DeliveryBoard, timeline: Timeline) => void;
  readonly patience?: Partial<Patience>;
  readonly clock?: Clock;
}

/** Delivers a change: checks, builds, publishes, tells the boards and follows each to its verdict. The delivery says how it ended, cancelled and
 * stopped included; `error` is what stopped it.
 * @throws what a step throws that is no `OtaError`; its end is recorded before */
export async function deliver(
  options: DeliverOptions,
): Promise<{ readonly delivery: Delivery; readonly error?: OtaError }> {
  const { id, kind, project, steps, signal } = options;
  const clock = options.clock ?? systemClock;
  let delivery: Delivery = { id, kind, project, startedMs: clock.now(), work: [], updates: [] };
  const record = (one: DeliveryRecord): void => {
    delivery = withRecord(delivery, one) ?? delivery;
    options.onRecord(one, delivery);
  };
  const end = (how: DeliveryEnd): void => {
    record({ t: 'end', id, atMs: clock.now(), end: how });
  };
  let at: WorkId | 'update' = 'check';
  let boardCount = 0;

  const run = async <T extends WorkResult | Published>(
    work: WorkId,
    step: ((signal: AbortSignal) => Promise<T>) | undefined,
  ): Promise<T | undefined> => {
    if (step === undefined) return undefined;
    at = work;
    const startedMs = clock.now();
    const say = (outcome: Work['outcome'], note?: string): void => {
      record({
        t: 'work',
        id,
        work: {
          id: work,
          outcome,
          startedMs,
          ...(outcome === 'running' ? {} : { endedMs: clock.now() }),
          ...(note === undefined ? {} : { note }),
        },
      });
    };
    say('running');
    try {
      throwIfCancelled(signal, work);
      const result = await step(signal);
      throwIfCancelled(signal, work);
      const isWork = !('subject' in result);
      say(isWork && result.isSkipped === true ? 'skipped' : 'done', isWork ? result.note : undefined);
      return result;
    } catch (error) {
      say(isOtaError(error, 'cancelled') ? 'cancelled' : 'failed', isOtaError(error) ? error.code : undefined);
      throw error;
    }
  };

  record({ t: 'begin', id, atMs: delivery.startedMs, kind, project });
  try {
    await run('check', steps.check);
    await run('bump', steps.bump);
    await run('build', steps.build);
    await run('checkImage', steps.checkImage);
    const published = await run('publish', steps.publish);
    at = 'update';
    boardCount = published?.boards.length ?? 0;
    if (published !== undefined) await updateBoards(published, options, clock, record);
  } catch (error) {
    if (isOtaError(error, 'cancelled')) {
      end({ kind: 'cancelled', at });
      return { delivery };
    }
    const [code, details] = isOtaError(error)
      ? [error.code, error.details as Readonly<Record<string, string | number | boolean>>]
      : ['unexpected', { message: error instanceof Error ? error.message : String(error) }];
    end({ kind: 'stopped', at: at === 'update' ? 'publish' : at, code, details });
    if (!isOtaError(error)) throw error;
    return { delivery, error };
  }
  // called off when all was over already, it has not been cut short
  const isCutShort = delivery.updates.some((one) => one.timeline.verdict?.outcome === 'cancelled');
  const isWhole = delivery.updates.length === boardCount || delivery.held !== undefined;
  end(signal.aborted && (isCutShort || !isWhole) ? { kind: 'cancelled', at: 'update' } : { kind: 'finished' });
  return { delivery };
}

async function updateBoards(
  { subject, url, boards }: Published,
  options: DeliverOptions,
  clock: Clock,
  record: (one: DeliveryRecord) => void,
): Promise<void> {
  const { id, signal } = options;
  record({ t: 'version', id, version: subject.version });
  const router = new ClientRouter(options.onTransfer);
  try {
    const held = await updateSeveral({
      boards,
      isCanary: options.isCanary && boards.length > 1,
      signal,
      update: async (board) => {
        const route = router.add(board);
        try {
          return await followUpdate({
            board,
            route,
            subject: {
              ...subject,
              board: board.name,
              ...(board.runningVersion === undefined ? {} : { previousVersion: board.runningVersion }),
            },
            begin: (stop, onAddress) => board.trigger(url, stop, onAddress),
            signal,
            onTimeline: recordedTimeline(board, options, record),
            clock,
            ...(options.patience === undefined ? {} : { patience: options.patience }),
          });
        } finally {
          route.dispose();
        }
      },
    });
    if (held !== undefined) record({ t: 'held', id, held });
  } finally {
    router.dispose();
  }
}

/** Records the steps as they come, and the whole timeline with its verdict; the progress of a download is not worth a record. */
function recordedTimeline(
  board: DeliveryBoard,
  { id, onTimeline }: DeliverOptions,
  record: (one: DeliveryRecord) => void,
): (timeline: Timeline) => void {
  const known = new Map<Step['id'], Step>();
  let hasBegun = false;
  return (timeline) => {
    if (!hasBegun) {
      hasBegun = true;
      const { name, triggerKind } = board;
      record({
        t: 'board',
        id,
        atMs: timeline.startedMs,
        board: { id: board.id, name, trigger: triggerKind },
        subject: timeline.subject,
      });
    }
    if (timeline.verdict !== undefined) record({ t: 'update', id, board: board.id, timeline });
    else {
      for (const step of timeline.steps) {
        if (known.get(step.id) === step) continue;
        known.set(step.id, step);
        record({ t: 'step', id, board: board.id, step });
      }
    }
    onTimeline?.(board, timeline);
  };
}
