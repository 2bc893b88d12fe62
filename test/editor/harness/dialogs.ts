import type { Page } from 'playwright-core';
import { SELECTORS } from './selectors.ts';
import { exactly, textOf, textsOf } from './text.ts';

/** Modal dialogs: `showWarningMessage(…, { modal: true })` and VS Code's own questions. */
export function dialogs(page: () => Page) {
  const box = () => page().locator(SELECTORS.dialog);
  return {
    /** Waits for the dialog and gives its message and detail. */
    async shown(): Promise<{ message: string; detail: string; buttons: string[] }> {
      await box().waitFor();
      const detail = box().locator(SELECTORS.dialogDetail);
      return {
        message: await textOf(box().locator(SELECTORS.dialogMessage)),
        detail: (await detail.count()) > 0 ? await textOf(detail) : '',
        buttons: await textsOf(box().locator(SELECTORS.dialogButton)),
      };
    },

    /** Clicks a button, and waits until the dialog is gone. */
    async click(button: string): Promise<void> {
      await box()
        .locator(SELECTORS.dialogButton, { hasText: exactly(button) })
        .click();
      await box().waitFor({ state: 'hidden' });
    },

    /** Closes the dialog without an answer. */
    async cancel(): Promise<void> {
      await box().press('Escape');
      await box().waitFor({ state: 'hidden' });
    },
  };
}
