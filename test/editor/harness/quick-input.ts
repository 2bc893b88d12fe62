import type { Locator, Page } from 'playwright-core';
import { SELECTORS } from './selectors.ts';
import { exactly, plain, textOf, textsOf } from './text.ts';
import { waitUntil } from './wait-until.ts';

/** The box at the top: palette, pick lists, input boxes. */
export function quickInput(page: () => Page) {
  const box = (): Locator => page().locator(SELECTORS.quickInput);
  const field = (): Locator => box().locator(SELECTORS.quickInputField);

  /** The rows of a pick list whose label is (or, with a pattern, matches) the one given. */
  const row = (label: string | RegExp): Locator =>
    box()
      .locator(SELECTORS.quickInputRow)
      .filter({
        has: page().locator(SELECTORS.quickInputRowLabel, {
          hasText: typeof label === 'string' ? exactly(label) : label,
        }),
      });

  return {
    /** Waits until the box is open. With a title, until it is the box of that title (multi-step inputs reuse the box). */
    async shown(title?: string | RegExp): Promise<void> {
      await field().waitFor({ state: 'visible' });
      if (title !== undefined) await box().locator(SELECTORS.quickInputTitle, { hasText: title }).waitFor();
    },

    async hidden(): Promise<void> {
      await box().waitFor({ state: 'hidden' });
    },

    /** Whether the box is open as the command palette. */
    isPalette: async (): Promise<boolean> =>
      (await field().isVisible()) && (await field().inputValue({ timeout: 1000 })).startsWith('>'),

    title: (): Promise<string> => textOf(box().locator(SELECTORS.quickInputTitle)),

    placeholder: async (): Promise<string> => plain((await field().getAttribute('placeholder')) ?? ''),

    value: (): Promise<string> => field().inputValue(),

    /** What stands below the field: the prompt, or why the value is not accepted. */
    message: (): Promise<string> => textOf(box().locator(SELECTORS.quickInputMessage)),

    /** The rows in sight: label, description and detail in one text each. */
    async rows(): Promise<string[]> {
      await box().locator(SELECTORS.quickInputRow).first().waitFor();
      return (await textsOf(box().locator(SELECTORS.quickInputRow))).map((text) => text.replaceAll(/\s+/g, ' '));
    },

    /** The labels of the rows in sight. */
    async labels(): Promise<string[]> {
      await box().locator(SELECTORS.quickInputRow).first().waitFor();
      return textsOf(box().locator(`${SELECTORS.quickInputRow} ${SELECTORS.quickInputRowLabel}`));
    },

    row,

    /** Chooses a row of a pick list by its label, as with the mouse. */
    async pick(label: string | RegExp, timeoutMs = 45_000): Promise<void> {
      await row(label).first().click({ timeout: timeoutMs });
    },

    /** Types over what the field holds, without accepting it. */
    async type(text: string, timeoutMs = 45_000): Promise<void> {
      await field().waitFor({ state: 'visible', timeout: timeoutMs });
      await field().fill(text, { timeout: timeoutMs });
    },

    /** Types over what the field holds and accepts it with Enter. */
    async enter(text: string): Promise<void> {
      await this.type(text);
      await field().press('Enter');
    },

    async accept(): Promise<void> {
      await field().press('Enter');
    },

    /** Chooses a file in VS Code's own file dialog, by its path. */
    async chooseFile(title: string | RegExp, file: string): Promise<void> {
      await this.shown(title);
      // the dialog looks at the disk when it opens, which puts its own path back, and after each change of the path; until it has, its
      // button takes the old one, and the dialog asks whether to create that
      const titled = (text: string | RegExp): Locator => box().locator(SELECTORS.quickInputTitle, { hasText: text });
      const dialog = titled(title)
        .or(titled(/does not exist\. Would you like to create it/))
        .first();
      const isSettled = async (): Promise<boolean> =>
        (await this.value()) === file && !(await box().locator(SELECTORS.quickInputBusy).first().isVisible());
      await waitUntil(async () => {
        if ((await dialog.isVisible()) && (await this.value()) !== file) await this.type(file, 1000);
        for (let times = 0; times < 5; times++) {
          await page().waitForTimeout(100);
          if ((await dialog.isVisible()) && !(await isSettled())) return false;
        }
        if (await dialog.isVisible()) await box().locator(SELECTORS.quickInputOk).first().click({ timeout: 1000 });
        await dialog.waitFor({ state: 'hidden', timeout: 500 });
        return true;
      }, `the dialog to take ${file}`);
    },

    async cancel(): Promise<void> {
      await field().press('Escape');
      await this.hidden();
    },
  };
}
