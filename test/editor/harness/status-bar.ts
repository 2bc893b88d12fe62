import type { Locator, Page } from 'playwright-core';
import { SELECTORS } from './selectors.ts';
import { plain, textOf } from './text.ts';

/** The line at the bottom. */
export function statusBar(page: () => Page) {
  const item = (text: string | RegExp): Locator =>
    page().locator(SELECTORS.statusBarItem).filter({ hasText: text }).first();

  /** The item by the id an extension gave it, whatever it says now. */
  const byId = (id: string): Locator => page().locator(`${SELECTORS.statusBarItem}[id$="${id}"]`).first();

  return {
    item,
    byId,

    /** The text of an item, without its icons. */
    text: (locator: Locator): Promise<string> => textOf(locator),

    /** What a screen reader says of an item. */
    label: async (locator: Locator): Promise<string> => plain((await locator.getAttribute('aria-label')) ?? ''),

    async click(text: string | RegExp): Promise<void> {
      await item(text).locator('a').first().click();
    },

    /** Points at an item and gives the box that appears, for its text and its links. */
    async hover(locator: Locator): Promise<Locator> {
      await locator.hover();
      const box = page().locator(SELECTORS.hover).last();
      await box.waitFor();
      return box;
    },
  };
}
