import type { Clock } from '../base/clock.ts';
import type { Event } from '../base/emitter.ts';
import type { TransferEvent } from '../server/transfer-events.ts';
import { unrouted } from './client-router.ts';
import { followUpdate } from './follow-update.ts';
import type { Timeline, UpdateSubject } from './update-state.ts';

/** A board that a rehearsal can drive: the virtual board, seen from outside. */
export interface RehearsalBoard {
  /** One console line without its line end, as it was printed. */
  readonly onLine: Event<string>;
  /** Bytes of the image that it has received, counted from the start of the image. Heard before the line that is printed at that moment.
   * Left out: what the server sends counts. */
  readonly onProgress?: Event<number>;
  /** The board asks the server for an update, as its firmware does after a start. Resolves when it has settled: the new application runs and
   * was confirmed (or nothing is left to confirm), or the old one goes on. Aborting the signal stops the board's update at once.
   * @param url typed into the console of firmware that asks for one
   * @throws {OtaError} `cancelled` */
  update(signal: AbortSignal, url: string): Promise<void>;
}

export interface RehearsalOptions {
  readonly board: RehearsalBoard;
  readonly subject: UpdateSubject;
  /** What the server sees of this board, and of no other. */
  readonly onTransfer: Event<TransferEvent>;
  /** Where the release is served. */
  readonly url: string;
  readonly signal: AbortSignal;
  /** Hears every new state, the last one with its verdict. */
  readonly onTimeline: (timeline: Timeline) => void;
  /** How long the board may stay without any sign before the rehearsal gives up. Default 120 s, twice the longest pause of a healthy one. */
  readonly silenceMs?: number;
  readonly clock?: Clock;
}

/** Rehearses one update and gives its timeline with the verdict. Cancelling is a verdict too, not an error. */
export function rehearse(options: RehearsalOptions): Promise<Timeline> {
  const { board, url, silenceMs, clock } = options;
  return followUpdate({
    board,
    subject: options.subject,
    route: unrouted(options.onTransfer),
    begin: async (signal) => {
      await board.update(signal, url);
      return { kind: 'settled' };
    },
    signal: options.signal,
    onTimeline: options.onTimeline,
    patience: silenceMs === undefined ? {} : { silenceMs },
    ...(clock === undefined ? {} : { clock }),
  });
}
