import type { Frame, Locator, Page } from 'playwright-core';
import { SELECTORS } from './selectors.ts';
import { linesFromTop } from './text.ts';
import { waitUntil } from './wait-until.ts';
import type { CommandRunner } from './workbench.ts';

/** The editor area: text editors, their tabs, webview panels. */
export function editors(page: () => Page, runner: CommandRunner) {
  const active = (): Locator => page().locator(SELECTORS.editor).first();
  return {
    active,

    /** The names of the open tabs, in order. */
    tabs: (): Promise<string[]> =>
      page()
        .locator(SELECTORS.editorTab)
        .evaluateAll((tabs) => tabs.map((tab) => tab.getAttribute('data-resource-name') ?? '')),

    /** Waits until a tab of that name is in front. */
    async shown(name: string | RegExp): Promise<void> {
      await page().locator(`${SELECTORS.editorTab}.active`, { hasText: name }).first().waitFor();
    },

    /** Opens a file of the workspace by (the end of) its path. */
    async open(file: string): Promise<void> {
      const name = file.split('/').at(-1) ?? file;
      // a file that was made a moment ago may not be listed yet
      await waitUntil(async () => {
        await page().keyboard.press('Escape');
        await page().keyboard.press('Control+P');
        await runner.pick(name, file, 2000);
        return true;
      }, `${file} in the list of files`);
      await page().locator(`${SELECTORS.editorTab}.active[data-resource-name="${name}"]`).first().waitFor();
      await active().locator(SELECTORS.editorLine).first().waitFor();
    },

    /** The lines in sight of the editor in front. */
    async lines(): Promise<string[]> {
      await active().locator(SELECTORS.editorLine).first().waitFor();
      return linesFromTop(active().locator(SELECTORS.editorLine));
    },

    async closeAll(): Promise<void> {
      await runner.runCommand('View: Close All Editors');
    },
  };
}

/**
 * The frame of a webview that has an element of the selector: a webview is two frames deep, and several may be open.
 * @param timeoutMs default 15,000
 */
export async function webviewFrame(page: Page, selector: string, timeoutMs = 45_000): Promise<Frame> {
  return waitUntil(
    async () => {
      for (const frame of page.frames()) {
        // frames come and go while they are asked
        const count =
          frame === page.mainFrame()
            ? 0
            : await frame
                .locator(selector)
                .count()
                .catch(() => 0);
        if (count > 0) return frame;
      }
      return undefined;
    },
    `a webview with ${selector}`,
    timeoutMs,
  );
}
