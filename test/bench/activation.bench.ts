import { chromium } from 'playwright-core';
import setup from '../editor/global-setup.ts';
import type { EditorSession } from '../editor/harness/session.ts';
import { createWorkbench } from '../editor/harness/workbench.ts';

// How long the packaged extension takes to activate in a real VS Code, as VS Code itself measures it, beside its own Git extension.
const ROUNDS = 5;

interface Provided {
  session?: EditorSession;
}

async function main(): Promise<void> {
  const provided: Provided = {};
  const project = {
    provide: (_: string, [session]: readonly EditorSession[]) => {
      if (session !== undefined) provided.session = session;
    },
  };
  const stop = await setup(project as unknown as Parameters<typeof setup>[0]);
  const { session } = provided;
  if (session === undefined) throw new Error('no editor');
  const browser = await chromium.connectOverCDP(session.browserUrl);
  try {
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const workbench = createWorkbench(session, { settings: { 'git.enabled': true } });
      const page = await (browser.contexts()[0] ?? (await browser.newContext())).newPage();
      await page.setViewportSize({ width: 1280, height: 2000 });
      await workbench.start(page);
      await workbench.runCommand('Developer: Show Running Extensions');
      const row = (name: string): Promise<string> =>
        page.locator('.part.editor .monaco-list-row', { hasText: name }).first().innerText({ timeout: 20_000 });
      ours.push(milliseconds(await row('ESP32 OTA')));
      theirs.push(milliseconds(await row('Git')));
      await workbench.stop();
      await page.close();
    }
    const mine = median(ours);
    const git = median(theirs);
    console.log(`activation, median of ${ROUNDS}: ${mine} ms (${ours.join(', ')}); VS Code's Git extension ${git} ms`);
    console.log(`ratio to Git: ${(mine / git).toFixed(2)}; limit of 40 ms: ${(mine / 40).toFixed(2)}`);
  } finally {
    await browser.close();
    await stop();
  }
}

/** `… Activation: 23ms (Startup) …` */
function milliseconds(text: string): number {
  const found = /(\d+)\s*ms/.exec(text.replaceAll('\u00a0', ' '))?.[1];
  if (found === undefined) throw new Error(`no time in: ${text}`);
  return Number(found);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

await main();
