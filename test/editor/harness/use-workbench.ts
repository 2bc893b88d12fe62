import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, inject } from 'vitest';
import type { EditorSession } from './session.ts';
import { createWorkbench } from './workbench.ts';
import type { Workbench, WorkbenchOptions } from './workbench.ts';

/**
 * Opens VS Code for the tests of this file, on a workspace of their own, and closes it after the last. Call it once, at the top of the file;
 * what it gives can be used inside tests and hooks. A test that fails leaves a picture in `test-results/`.
 */
export function useWorkbench(options: WorkbenchOptions = {}): Workbench {
  const session = ownSession();
  const workbench = createWorkbench(session, options);
  let browser: Browser | undefined;

  beforeAll(async () => {
    browser = await chromium.connectOverCDP(session.browserUrl);
    const context = browser.contexts()[0];
    if (!context) throw new Error('Chromium has no default context');
    const page = await context.newPage();
    await page.setViewportSize({ width: 1280, height: 900 });
    page.setDefaultTimeout(45_000);
    await workbench.start(page);
  });

  beforeEach(({ task, onTestFailed }) => {
    onTestFailed(async () => {
      await workbench.screenshot(`failed ${task.file.name.replace(/^.*\//, '')} ${task.name}`);
    });
  });

  afterAll(async () => {
    try {
      await workbench.stop();
    } finally {
      for (const page of browser?.contexts()[0]?.pages().slice(1) ?? []) await page.close();
      await browser?.close(); // disconnects; the browser itself ends with the run
    }
  });

  return workbench;
}

/** Workers have numbers from 1 on, and no two that run have the same. */
function ownSession(): EditorSession {
  const number = Number(process.env['VITEST_POOL_ID']);
  const session = inject('editorSessions')[number - 1];
  if (!session) throw new Error(`there is no editor for worker ${number}`);
  return session;
}
