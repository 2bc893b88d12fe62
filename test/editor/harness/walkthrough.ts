import type { Locator, Page } from 'playwright-core';
import { SELECTORS } from './selectors.ts';
import { textsOf } from './text.ts';
import type { CommandRunner } from './workbench.ts';

/** VS Code's page of a walkthrough. */
export function walkthrough(page: () => Page, runner: CommandRunner) {
  const step = (id: string): Locator => page().locator(`${SELECTORS.walkthroughStep}[data-step-id$="#${id}"]`);
  return {
    step,

    /** VS Code remembers which steps were done, from one window and one test file to the next. */
    forget: (): Promise<void> => runner.runCommand('Developer: Reset Welcome Page Walkthrough Progress'),

    shown: (): Promise<void> => page().locator(SELECTORS.walkthroughStep).first().waitFor(),

    /** Waits until a step has its check mark. */
    done: (id: string): Promise<void> => step(id).locator(SELECTORS.walkthroughStepDone).first().waitFor(),

    isDone: async (id: string): Promise<boolean> => (await step(id).locator(SELECTORS.walkthroughStepDone).count()) > 0,

    titles: (): Promise<string[]> => textsOf(page().locator(`${SELECTORS.walkthroughStep} .step-title`)),

    /** Opens a step and clicks a button or link in its description. */
    async click(id: string, label: string): Promise<void> {
      if ((await step(id).getAttribute('aria-expanded')) !== 'true') await step(id).locator('.step-title').click();
      await step(id)
        .getByRole('button', { name: label, exact: true })
        .or(step(id).locator('a', { hasText: label }))
        .first()
        .click();
    },
  };
}
