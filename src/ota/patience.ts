import type { Timeline } from './update-state.ts';
import { stepOf } from './timeline.ts';

/** How long is waited for what, in milliseconds. */
export interface Patience {
  /** For the first sign of a board that asks by itself, such as one that looks for updates every hour. Default 10 min. */
  readonly firstSignMs: number;
  /** Between two signs of a board that is at it. Default 120 s, twice the longest pause of a healthy one. */
  readonly silenceMs: number;
  /** For the application to confirm itself, once it runs. Default 60 s. */
  readonly confirmMs: number;
  /** For a crash of an application that nothing confirms. Default 5 s. */
  readonly firstStepsMs: number;
  /** For another try of a board that has failed. Default 8 s; a download that broke off may be taken up again after a reboot: `silenceMs`. */
  readonly retryMs: number;
  /** Signs of a board put off a verdict that stands already by no more than this, as long as they bring nothing new: a board that fails every five
   * seconds, or asks every half minute whether there is an update, would never get one. Default 60 s. */
  readonly putOffMs: number;
  /** For what comes behind the sign that decides, such as the server's view of a failure. Default 150 ms. */
  readonly echoMs: number;
}

export const PATIENCE: Patience = {
  firstSignMs: 600_000,
  silenceMs: 120_000,
  confirmMs: 60_000,
  firstStepsMs: 5_000,
  retryMs: 8_000,
  putOffMs: 60_000,
  echoMs: 150,
};

/** How long the next sign of a board may take before the update is judged, and whether that is its end (`settled`) or a time that ran out. */
export function patienceFor(
  timeline: Timeline,
  patience: Patience,
): { readonly waitMs: number; readonly why: 'settled' | 'timeout' } {
  const { subject, runsRelease } = timeline;
  const failures = timeline.failures.filter((failure) => failure.stranger === undefined);
  const isDone = (id: Parameters<typeof stepOf>[1]): boolean => stepOf(timeline, id)?.outcome === 'done';
  if (isDone('confirmed')) return { waitMs: 0, why: 'settled' };
  if (failures.some((failure) => failure.cause === 'rolledBack')) return { waitMs: patience.echoMs, why: 'settled' };
  // a board that crashed starts again and shows what it runs then
  if (runsRelease === true && failures.some((failure) => failure.cause === 'crashed'))
    return { waitMs: patience.silenceMs, why: 'settled' };
  if (runsRelease === true)
    return { waitMs: subject.isRollbackEnabled ? patience.confirmMs : patience.firstStepsMs, why: 'settled' };
  if (runsRelease === false) return { waitMs: patience.retryMs, why: 'settled' };
  const lastStep = timeline.steps.at(-1)?.id;
  if (failures.length > 0 && !isDone('slotSet')) {
    const canResume = failures.every((failure) => failure.cause === 'download.aborted');
    return { waitMs: canResume ? patience.silenceMs : patience.retryMs, why: 'settled' };
  }
  if (lastStep === 'published') return { waitMs: patience.firstSignMs, why: 'timeout' };
  // nobody will ever tell more than that the image was fetched, unless the board asks again
  if (subject.isWithoutConsole === true && isDone('download')) return { waitMs: patience.confirmMs, why: 'timeout' };
  return { waitMs: patience.silenceMs, why: 'timeout' };
}

/** When the verdict is given whatever the board still lets see of itself, unless that is news: in milliseconds after the last news. */
export function patienceWithoutNews({ waitMs, why }: ReturnType<typeof patienceFor>, patience: Patience): number {
  return why === 'settled' ? waitMs + patience.putOffMs : Math.max(waitMs, patience.firstSignMs);
}

/** So often a board may fail in one way while what it downloads again still counts as news. */
const MOST_TRIES = 3;

/** Whether a timeline has come further: a step, a failure that is new, more of the image than ever, another application. Downloading what it had
 * before counts for the first tries. */
export function hasNews(before: Timeline, after: Timeline): boolean {
  if (before === after) return false;
  if (before.runsRelease !== after.runsRelease || before.failures.length !== after.failures.length) return true;
  if (before.steps.some((step, place) => step !== after.steps[place]) || before.steps.length !== after.steps.length)
    return true;
  if (before.download?.sentBytes !== after.download?.sentBytes) return true;
  const isTriedOut = after.failures.some(({ times = 1 }) => times >= MOST_TRIES);
  return before.download !== after.download && !isTriedOut;
}
