// Which tabs may be the walkthrough. Knows no VS Code.

/** A tab, as far as extensions know what is in it. */
export interface ShownTab {
  /** Undefined for the pages of VS Code itself, such as the walkthrough. */
  readonly input: unknown;
}

/** Waits for the walkthrough: who never opens it pays nothing for its steps.
 * @param watchSteps called once, when it may be open for the first time
 * @param complete called each time that it may have been opened, with its steps watched, or not when that fails
 * @returns to be told the tabs that there are, and those that are opened or changed */
export function walkthroughTabs(
  watchSteps: () => Promise<unknown>,
  complete: () => void,
): (tabs: readonly ShownTab[]) => void {
  let watched: Promise<unknown> | undefined;
  return (tabs) => {
    if (!tabs.some(({ input }) => input === undefined)) return;
    watched ??= watchSteps();
    void watched.then(complete, complete);
  };
}
