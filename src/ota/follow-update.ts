import { sleep } from '../base/abort.ts';
import { systemClock, type Clock } from '../base/clock.ts';
import { DisposableStore, type Disposable } from '../base/disposable.ts';
import type { Event } from '../base/emitter.ts';
import { isOtaError } from '../base/ota-error.ts';
import { ConsoleFollower } from '../monitor/console-follower.ts';
import type { Route } from './client-router.ts';
import { hasNews, PATIENCE, patienceFor, patienceWithoutNews, type Patience } from './patience.ts';
import { advance, startTimeline, type TimelineEvent } from './timeline.ts';
import type { OwnWords, Timeline, UpdateSubject } from './update-state.ts';

/** What a board lets see of itself while it is updated. */
export interface FollowedBoard {
  /** One console line without its line end, as it was printed. Left out: nobody reads the console. */
  readonly onLine?: Event<string>;
  /** Bytes of the image that it has received, counted from the start of the image. Heard before the line that is printed at that moment.
   * Left out: what the server sends counts. */
  readonly onProgress?: Event<number>;
}

export interface FollowOptions {
  readonly board: FollowedBoard;
  readonly subject: UpdateSubject;
  /** What the server sees of this board. */
  readonly route: Route;
  /** Makes the board ask for the update, or lets it. `settled`: it is through, the verdict can be given; `asked`: it was told, and `text` says how,
   * for a log; `waiting`: it asks when it likes. Aborting the signal stops it at once; `onAddress` hears from where the board will ask.
   * @throws {OtaError} `cancelled`; any other becomes the failure of the step `triggered` */
  readonly begin: (signal: AbortSignal, onAddress: (address: string) => void) => Promise<Begun>;
  readonly signal: AbortSignal;
  /** Hears every new state, the last one with its verdict. */
  readonly onTimeline: (timeline: Timeline) => void;
  readonly patience?: Partial<Patience>;
  readonly clock?: Clock;
}

export type Begun =
  | { readonly kind: 'settled' }
  | { readonly kind: 'asked'; readonly text: string; readonly says?: OwnWords }
  | { readonly kind: 'waiting' };

type Why = 'settled' | 'timeout' | 'cancelled';

/** Follows one update until the board has settled, has been silent for too long, or the signal is aborted, and gives its timeline with the
 * verdict. Cancelling is a verdict too, not an error. */
export async function followUpdate(options: FollowOptions): Promise<Timeline> {
  const { board, onTimeline, signal } = options;
  const clock = options.clock ?? systemClock;
  const patience = { ...PATIENCE, ...options.patience };
  const store = new DisposableStore();
  const stop = new AbortController();
  const subject = withSources(options.subject, board);
  let timeline = startTimeline(subject, clock.now());
  let isOnItsOwn = false;
  let newsAtMs = clock.now();
  let timer: Disposable | undefined;
  let finish: (why: Why) => void = () => undefined;
  const over = new Promise<Why>((resolve) => {
    finish = resolve;
  });

  const waitOn = (): void => {
    timer?.dispose();
    // a board that is still being told, or says itself when it has settled, is only watched for silence
    const wait = isOnItsOwn ? patienceFor(timeline, patience) : { waitMs: patience.silenceMs, why: 'timeout' as const };
    const untilMs = isOnItsOwn ? newsAtMs + patienceWithoutNews(wait, patience) : Infinity;
    timer = clock.after(Math.max(0, Math.min(wait.waitMs, untilMs - clock.now())), () => {
      finish(wait.why);
    });
  };
  const observe = (event: TimelineEvent): void => {
    const before = timeline;
    timeline = advance(before, event);
    if (timeline !== before) onTimeline(timeline);
    // who is perhaps not the board neither ends the wait nor makes it longer
    if (event.kind === 'stranger') return;
    if (hasNews(before, timeline)) newsAtMs = clock.now();
    waitOn();
  };
  const cancel = (): void => {
    finish('cancelled');
  };

  const learnAddress = (address: string): void => {
    options.route.learnAddress(address);
  };

  onTimeline(timeline);
  listen(store, options, clock, observe);
  signal.addEventListener('abort', cancel, { once: true });
  waitOn();
  if (signal.aborted) cancel();
  const begun = options.begin(stop.signal, learnAddress).then(
    async (how) => {
      if (how.kind === 'settled') {
        // the board may know that it failed before the server does, and the server knows better why
        if (timeline.runsRelease !== true) await sleep(patience.echoMs, stop.signal, clock).catch(() => undefined);
        finish('settled');
        return;
      }
      isOnItsOwn = true;
      newsAtMs = clock.now();
      if (how.kind === 'asked') {
        const { text, says } = how;
        observe({ kind: 'triggered', atMs: clock.now(), text, ...(says === undefined ? {} : { says }) });
      } else waitOn();
    },
    (error: unknown) => {
      if (stop.signal.aborted) return;
      if (!isOtaError(error)) throw error;
      if (!isOtaError(error, 'cancelled')) {
        observe({ kind: 'notTriggered', atMs: clock.now(), cause: error.code, text: JSON.stringify(error.details) });
      }
      finish(isOtaError(error, 'cancelled') ? 'cancelled' : 'settled');
    },
  );
  try {
    const why = await Promise.race([over, begun.then(() => over)]);
    stop.abort();
    await begun;
    const ended = advance(timeline, { kind: 'ended', atMs: clock.now(), why });
    onTimeline(ended);
    return ended;
  } finally {
    stop.abort();
    signal.removeEventListener('abort', cancel);
    timer?.dispose();
    store.dispose();
  }
}

/** Hears the board's console and the server's view of it. */
function listen(
  store: DisposableStore,
  { board, route }: FollowOptions,
  clock: Clock,
  observe: (event: TimelineEvent) => void,
): void {
  if (board.onProgress !== undefined) {
    store.add(
      board.onProgress((receivedBytes) => {
        observe({ kind: 'received', atMs: clock.now(), receivedBytes });
      }),
    );
  }
  if (board.onLine !== undefined) {
    const follower = new ConsoleFollower();
    store.add(
      board.onLine((line) => {
        for (const event of follower.line(line)) {
          if (event.stage === 'gotIp' && event.values['ip'] !== undefined) route.learnAddress(event.values['ip']);
          observe({ kind: 'stage', atMs: clock.now(), event });
        }
      }),
    );
  }
  store.add(
    route.onLink((client) => {
      observe({ kind: 'linked', client });
    }),
  );
  store.add(
    route.onTransfer((event) => {
      observe({ kind: 'transfer', event });
    }),
  );
  store.add(
    route.onStranger((event) => {
      observe({ kind: 'stranger', event });
    }),
  );
}

function withSources(subject: UpdateSubject, board: FollowedBoard): UpdateSubject {
  return {
    ...subject,
    ...(board.onProgress === undefined ? {} : { countsItself: true }),
    ...(board.onLine === undefined ? { isWithoutConsole: true } : {}),
  };
}
