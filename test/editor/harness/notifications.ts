import type { Locator, Page } from 'playwright-core';
import { SELECTORS } from './selectors.ts';
import { exactly, textOf, textsOf } from './text.ts';

/** The messages at the lower right: information, warnings, errors, and progress. They vanish after a while, so ask for them soon. */
export function notifications(page: () => Page) {
  const all = (): Locator => page().locator(SELECTORS.notification);
  const find = (text: string | RegExp): Locator => all().filter({ hasText: text }).first();

  return {
    /** Waits for the message that holds the text, and gives all of its text. */
    async shown(text: string | RegExp, timeoutMs = 45_000): Promise<string> {
      const message = find(text);
      await message.waitFor({ timeout: timeoutMs });
      return textOf(message.locator(SELECTORS.notificationMessage));
    },

    async hidden(text: string | RegExp, timeoutMs = 45_000): Promise<void> {
      await find(text).waitFor({ state: 'hidden', timeout: timeoutMs });
    },

    /** The messages in sight. */
    texts: (): Promise<string[]> => textsOf(all().locator(SELECTORS.notificationMessage)),

    /** The labels of a message's buttons. */
    buttons: async (text: string | RegExp): Promise<string[]> => {
      await find(text).locator(SELECTORS.notificationButton).first().waitFor();
      return textsOf(find(text).locator(SELECTORS.notificationButton));
    },

    /** Clicks a button of a message. */
    async click(text: string | RegExp, button: string): Promise<void> {
      await find(text)
        .locator(SELECTORS.notificationButton, { hasText: exactly(button) })
        .click();
    },

    /** Closes a message (or cancels what it shows the progress of). */
    async close(text: string | RegExp): Promise<void> {
      await find(text).hover();
      await find(text).locator(SELECTORS.notificationClose).first().click();
    },

    find,
  };
}
