import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { SELECTORS } from './selectors.ts';
import { linesFromTop, textsOf } from './text.ts';
import type { CommandRunner } from './workbench.ts';

/** The newest file of a name below a folder. */
function newestFile(folder: string, name: string): string | undefined {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((entry) => path.basename(entry) === name)
    .map((entry) => path.join(folder, entry))
    .map((file) => ({ file, modifiedMs: statSync(file).mtimeMs }))
    .sort((one, other) => other.modifiedMs - one.modifiedMs)[0]?.file;
}

/** The output channels. */
export function output(page: () => Page, runner: CommandRunner) {
  return {
    /** Opens the panel on a channel. */
    async show(channel: string): Promise<void> {
      await runner.runCommand('Output: Show Output Channels...');
      await runner.pick(channel);
      await page().locator(SELECTORS.outputPanel).waitFor();
    },

    /** The lines in sight. */
    lines: (): Promise<string[]> => linesFromTop(page().locator(SELECTORS.outputLine)),

    /** Everything that a log channel (`createOutputChannel(name, { log: true })`) has written since the window was opened. */
    log(channel: string): string {
      const file = newestFile(runner.logsFolder(), `${channel}.log`);
      return file === undefined ? '' : readFileSync(file, 'utf8');
    },
  };
}

/** The Problems panel. */
export function problems(page: () => Page, runner: CommandRunner) {
  return {
    /** Opens the panel and gives its rows: files, and below them what was found in them. */
    async rows(): Promise<string[]> {
      await runner.runCommand('Problems: Focus on Problems View');
      await page().locator(SELECTORS.problemRow).first().waitFor();
      return (await textsOf(page().locator(SELECTORS.problemRow))).map((text) => text.replaceAll(/\s+/g, ' '));
    },
  };
}

/** The terminal in front. */
export function terminal(page: () => Page) {
  return {
    /** The lines in sight, without the blanks at their ends. Needs the DOM renderer, which the harness sets. */
    async lines(): Promise<string[]> {
      await page().locator(SELECTORS.terminalLine).first().waitFor({ state: 'attached' });
      return textsOf(page().locator(SELECTORS.terminalLine));
    },

    /** Gives it the keys. */
    async focus(): Promise<void> {
      await page().locator(SELECTORS.terminal).first().click();
    },

    /** Types into it. */
    async type(text: string): Promise<void> {
      await page().locator(SELECTORS.terminal).first().click();
      await page().keyboard.type(text);
    },
  };
}
