import { sleep } from '../base/abort.ts';
import { systemClock, type Clock } from '../base/clock.ts';
import { DisposableStore } from '../base/disposable.ts';
import type { Event } from '../base/emitter.ts';
import { isOtaError } from '../base/ota-error.ts';
import { ConsoleFollower } from '../monitor/console-follower.ts';
import type { TransferEvent } from '../server/transfer-events.ts';
import { advance, startTimeline, type TimelineEvent } from './timeline.ts';
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

/** How long the server's view of a failure is waited for, in milliseconds. */
const ECHO_MS = 150;

export interface RehearsalOptions {
  readonly board: RehearsalBoard;
  readonly subject: UpdateSubject;
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
export async function rehearse(options: RehearsalOptions): Promise<Timeline> {
  const { board, subject, onTransfer, onTimeline, signal } = options;
  const clock = options.clock ?? systemClock;
  const silenceMs = options.silenceMs ?? 120_000;
  const store = new DisposableStore();
  const stop = new AbortController();
  const cancel = (): void => {
    stop.abort();
  };
  let timeline = startTimeline({ ...subject, countsItself: board.onProgress !== undefined }, clock.now());
  let silence = store.add(clock.after(silenceMs, giveUp));

  function giveUp(): void {
    stop.abort('silent');
  }

  function observe(event: TimelineEvent): void {
    silence.dispose();
    silence = clock.after(silenceMs, giveUp);
    const next = advance(timeline, event);
    if (next === timeline) return;
    timeline = next;
    onTimeline(timeline);
  }

  onTimeline(timeline);
  const follower = new ConsoleFollower();
  if (board.onProgress !== undefined) {
    store.add(
      board.onProgress((receivedBytes) => {
        observe({ kind: 'received', atMs: clock.now(), receivedBytes });
      }),
    );
  }
  store.add(
    board.onLine((line) => {
      for (const event of follower.line(line)) observe({ kind: 'stage', atMs: clock.now(), event });
    }),
  );
  store.add(
    onTransfer((event) => {
      observe({ kind: 'transfer', event });
    }),
  );
  signal.addEventListener('abort', cancel, { once: true });
  if (signal.aborted) cancel();
  let why: 'settled' | 'timeout' | 'cancelled' = 'settled';
  try {
    await board.update(stop.signal, options.url);
    // the board may know that it failed before the server does, and the server knows better why
    if (timeline.runsRelease !== true) await sleep(ECHO_MS, stop.signal, clock);
  } catch (error) {
    if (!isOtaError(error, 'cancelled')) throw error;
    why = stop.signal.reason === 'silent' ? 'timeout' : 'cancelled';
  } finally {
    signal.removeEventListener('abort', cancel);
    silence.dispose();
    store.dispose();
  }
  observe({ kind: 'ended', atMs: clock.now(), why });
  silence.dispose();
  return timeline;
}
