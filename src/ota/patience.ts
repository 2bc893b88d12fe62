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
  /** For what comes behind the sign that decides, such as the server's view of a failure. Default 150 ms. */
  readonly echoMs: number;
}

export const PATIENCE: Patience = {
  firstSignMs: 600_000,
  silenceMs: 120_000,
  confirmMs: 60_000,
  firstStepsMs: 5_000,
  retryMs: 8_000,
  echoMs: 150,
};

/** How long the next sign of a board may take before the update is judged, and whether that is its end (`settled`) or a time that ran out. */
export function patienceFor(
  timeline: Timeline,
  patience: Patience,
): { readonly waitMs: number; readonly why: 'settled' | 'timeout' } {
  const { subject, failures, runsRelease } = timeline;
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
