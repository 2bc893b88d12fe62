import type { Locator, Page } from 'playwright-core';
import { SELECTORS } from './selectors.ts';
import { exactly, plain, textsOf } from './text.ts';
import { waitUntil } from './wait-until.ts';

/** One row of a tree view as it is seen. */
export interface TreeRow {
  readonly label: string;
  readonly description: string;
  /** 1 for the outermost rows. */
  readonly level: number;
  readonly isExpanded: boolean | undefined;
}

/** Opens a container of the activity bar by its name, if it is not open. */
export async function openContainer(page: Page, name: string): Promise<void> {
  const item = page.locator(SELECTORS.activityBarItem, { has: page.locator(`a[aria-label^="${name}"]`) }).first();
  await item.waitFor();
  const isOpen = (await item.getAttribute('class'))?.split(' ').includes('checked') === true;
  if (!isOpen) await item.locator('a.action-label').click();
}

/** A view of the side bar or panel by its title. Open its container first. */
export function treeView(page: () => Page, title: string) {
  const pane = (): Locator =>
    page()
      .locator(SELECTORS.view, { has: page().locator(SELECTORS.viewTitle, { hasText: exactly(title) }) })
      .first();

  /** Rows whose label is the one given, or whose whole text matches the pattern. Only what is scrolled into sight exists. */
  const row = (label: string | RegExp): Locator => {
    const rows = pane().locator(SELECTORS.treeRow);
    return typeof label === 'string'
      ? rows.filter({ has: page().locator(SELECTORS.treeRowLabel, { hasText: exactly(label) }) }).first()
      : rows.filter({ hasText: label }).first();
  };

  const view = {
    pane,
    row,

    /** Unfolds the view itself when it is collapsed. */
    async open(): Promise<void> {
      const header = pane().locator(SELECTORS.viewHeader);
      await header.waitFor();
      if ((await header.getAttribute('aria-expanded')) === 'false') await header.click();
    },

    /** Everything in sight, from top to bottom. */
    async rows(): Promise<TreeRow[]> {
      const found = await pane()
        .locator(SELECTORS.treeRow)
        .evaluateAll(
          (elements, [label, description]) =>
            elements
              .map((element) => ({
                top: element.getBoundingClientRect().top,
                label: element.querySelector(label)?.textContent ?? '',
                description: element.querySelector(description)?.textContent ?? '',
                level: Number(element.getAttribute('aria-level')),
                expanded: element.getAttribute('aria-expanded'),
              }))
              .sort((one, other) => one.top - other.top),
          [SELECTORS.treeRowLabel, SELECTORS.treeRowDescription] as const,
        );
      return found.map(({ label, description, level, expanded }) => ({
        label: plain(label),
        description: plain(description),
        level,
        isExpanded: expanded === null ? undefined : expanded === 'true',
      }));
    },

    /** Waits for a row; scrolls to find it, from the top down. */
    async reveal(label: string | RegExp): Promise<Locator> {
      await view.open();
      const wanted = row(label);
      const list = pane().locator(SELECTORS.list).first();
      // what is looked for may come while it is looked for, above as well as below: from the end it begins at the top again
      const deadline = performance.now() + 45_000;
      for (let isAtEnd = true; (await wanted.count()) === 0 && performance.now() < deadline;) {
        if ((await list.count()) > 0) {
          await list.hover();
          await page().mouse.wheel(0, isAtEnd ? -100_000 : 200);
        }
        await wanted.waitFor({ timeout: 200 }).catch(() => undefined); // the loop asks again
        isAtEnd = (await list.count()) === 0 || (await isScrolledDown(list));
      }
      await wanted.waitFor();
      // rows just outside of what is in sight are there too
      for (let tries = 0; tries < 10; tries += 1) {
        const outside = await distanceFromSight(wanted, list).catch(() => 0); // a row that has just gone is for the caller to notice
        if (outside === 0) break;
        await list.hover();
        await page().mouse.wheel(0, outside);
        await page().waitForTimeout(50); // the list scrolls with the next picture
      }
      return wanted;
    },

    /** Expands rows one inside the other, from the outermost, and gives the last one. */
    async expand(...path: (string | RegExp)[]): Promise<Locator> {
      let last: Locator | undefined;
      for (const label of path) {
        last = await view.reveal(label);
        const opened = last;
        // a click on a row that is being drawn anew is lost
        await waitUntil(
          async () => {
            if ((await opened.getAttribute('aria-expanded', { timeout: 1000 })) !== 'false') return true;
            await opened.locator(SELECTORS.treeTwistie).click({ timeout: 1000 });
            return opened
              .and(page().locator('[aria-expanded="true"]'))
              .waitFor({ timeout: 2000 })
              .then(() => true);
          },
          `${String(label)} to unfold`,
        );
      }
      if (!last) throw new Error('expand needs a row');
      return last;
    },

    /** Clicks a row, which selects it and runs its command if it has one. */
    async click(label: string | RegExp): Promise<void> {
      await (await view.reveal(label)).click();
    },

    /** Clicks one of the small buttons at the end of a row, by its title. */
    async clickInline(label: string | RegExp, action: string): Promise<void> {
      // a row that is drawn anew loses its buttons until the mouse comes again
      await waitUntil(
        async () => {
          const wanted = await view.reveal(label);
          await page().mouse.move(0, 0); // what is shown for the place where the mouse was could cover the row
          await wanted.hover({ timeout: 3000 });
          await wanted.locator(`${SELECTORS.treeRowActions}[aria-label^="${action}"]`).first().click({ timeout: 3000 });
          return true;
        },
        `the button "${action}" of ${String(label)}`,
      );
    },

    /** Titles of the small buttons at the end of a row. */
    async inlineActions(label: string | RegExp): Promise<string[]> {
      const wanted = await view.reveal(label);
      await wanted.hover();
      const actions = wanted.locator(SELECTORS.treeRowActions);
      return actions.evaluateAll((elements) => elements.map((element) => element.getAttribute('aria-label') ?? ''));
    },

    /** Chooses an entry of the context menu of a row. */
    async clickMenu(label: string | RegExp, entry: string): Promise<void> {
      await (await view.reveal(label)).click({ button: 'right' });
      const item = page()
        .locator(SELECTORS.menuItem, { hasText: exactly(entry) })
        .first();
      await item.waitFor();
      // a menu that has just opened ignores clicks, lest the one that opened it chooses something
      await waitUntil(async () => {
        if (await item.isVisible()) await item.click({ timeout: 1000 });
        await item.waitFor({ state: 'hidden', timeout: 500 });
        return true;
      }, `the menu to take "${entry}"`);
    },

    /** The entries of the context menu of a row; closes the menu again. */
    async menu(label: string | RegExp): Promise<string[]> {
      await (await view.reveal(label)).click({ button: 'right' });
      await page().locator(SELECTORS.menuItem).first().waitFor();
      const entries = await textsOf(page().locator(SELECTORS.menuItem));
      await page().keyboard.press('Escape');
      await page().locator(SELECTORS.menu).first().waitFor({ state: 'hidden' });
      return entries.filter((text) => text !== '');
    },

    /** Clicks a button of the view's title bar, by its title. */
    async clickTitleAction(action: string): Promise<void> {
      await view.open();
      await waitUntil(async () => {
        await pane().hover({ timeout: 3000 });
        await pane().locator(`${SELECTORS.viewActions}[aria-label^="${action}"]`).first().click({ timeout: 3000 });
        return true;
      }, `the button "${action}" of ${title}`);
    },

    /** Clicks a button of an empty view. */
    async clickWelcome(button: string): Promise<void> {
      await view.open();
      await pane()
        .locator(SELECTORS.viewWelcome)
        .locator(SELECTORS.viewWelcomeButton, { hasText: exactly(button) })
        .click();
    },

    /** Waits until an empty view says something: what it says follows the context keys, one after the other. */
    async welcome(expected: RegExp): Promise<void> {
      await view.open();
      const content = pane().locator(SELECTORS.viewWelcome);
      let text = '';
      await waitUntil(
        async () => {
          text = plain(await content.innerText({ timeout: 2000 }));
          return expected.test(text);
        },
        () => `"${title}" to say ${String(expected)}; it says "${text}"`,
      );
    },
  };
  return view;
}

async function isScrolledDown(list: Locator): Promise<boolean> {
  return list.evaluate((element) => {
    const rows = [...element.querySelectorAll('.monaco-list-row')];
    const bottom = Math.max(0, ...rows.map((row) => row.getBoundingClientRect().bottom));
    return bottom <= element.getBoundingClientRect().bottom;
  });
}

/** How far the list has to be scrolled, in pixels, until the row is in sight; upwards is negative. */
async function distanceFromSight(row: Locator, list: Locator): Promise<number> {
  const frame = await list.boundingBox({ timeout: 1000 });
  const box = await row.boundingBox({ timeout: 1000 });
  if (frame === null || box === null) return 0;
  const below = box.y + box.height - (frame.y + frame.height);
  const above = box.y - frame.y;
  return below > 1 ? below : above < -1 ? above : 0;
}
