/** What is waited with, so that it can be driven otherwise. */
export interface Timer {
  now(): number;
  /** Calls once, after so many milliseconds; what it gives takes that back. */
  after(ms: number, call: () => void): () => void;
}

/** Between two things that are said of something that goes on. */
export const PAUSE_MS = 10_000;

export interface Announcer {
  /** Says a state when it is new: at once when another one has begun or ended (`phase`), else with a pause since the last one, and of those
   * that came meanwhile only the latest. What holds when the page opens is not said: it is read with the page. */
  tell(text: string, phase: string): void;
}

/** Tells a screen reader what changes, without talking all the time: an update reports its progress many times a second.
 * @param say puts a text where it is read out */
export function createAnnouncer(say: (text: string) => void, timer: Timer): Announcer {
  let known: { readonly text: string; readonly phase: string } | undefined;
  let saidAtMs = timer.now();
  let takeBack: (() => void) | undefined;
  const speak = (text: string): void => {
    takeBack?.();
    takeBack = undefined;
    saidAtMs = timer.now();
    say(text);
  };
  return {
    tell: (text, phase) => {
      const before = known;
      known = { text, phase };
      if (before === undefined || before.text === text) return;
      if (before.phase !== phase) {
        speak(text);
        return;
      }
      takeBack?.();
      takeBack = timer.after(Math.max(0, saidAtMs + PAUSE_MS - timer.now()), () => {
        speak(text);
      });
    },
  };
}
