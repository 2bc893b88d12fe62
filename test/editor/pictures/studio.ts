import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, inject } from 'vitest';
import { inRoot, readJson } from '../../../scripts/lib/repository.mjs';
import { SELECTORS } from '../harness/selectors.ts';
import { createWorkbench } from '../harness/workbench.ts';
import type { Workbench, WorkbenchOptions } from '../harness/workbench.ts';

/** A language that pictures are taken in, as VS Code names it. */
export type PictureLanguage = 'en' | 'zh-cn';

/** Those that pictures are wanted in: ESP32_OTA_PICTURE_LANGUAGES, all by default. */
export const PICTURE_LANGUAGES = (process.env['ESP32_OTA_PICTURE_LANGUAGES'] ?? 'en zh-cn').split(
  ' ',
) as PictureLanguage[];

export interface Studio {
  readonly workbench: Workbench;
  /** A text of package.nls*.json in the language of the window. */
  readonly text: (key: string) => string;
  /** A text of the extension in the language of the window, by its English words. */
  readonly words: (english: string) => string;
  /** Runs a command of the extension by its id without prefix. */
  readonly run: (command: string) => Promise<void>;
  /** Drags the edge of the side bar. */
  readonly widenSideBar: (widthPx: number) => Promise<void>;
  readonly hidePanel: () => Promise<void>;
  /** Takes a picture of the window, or of a part of it, once at each scale. */
  readonly take: (name: string, part?: Locator) => Promise<void>;
}

const SIZE = { width: 1200, height: 760 };

/** The look of the window in the documents: nothing in it but what the picture is about. */
const LOOK = {
  'window.title': '${activeEditorShort}${separator}${rootName}',
  'workbench.layoutControl.enabled': false,
  'window.menuBarVisibility': 'hidden',
  'workbench.editor.empty.hint': 'hidden',
  'terminal.integrated.fontFamily': 'monospace',
  'terminal.integrated.fontSize': 12,
};

function bundle(language: PictureLanguage): Record<string, string> {
  return language === 'en' ? {} : (readJson(inRoot(`l10n/bundle.l10n.${language}.json`)) as Record<string, string>);
}

/** Opens VS Code in a language for the pictures of a file, at the scale of the sharper one. */
export function openStudio(language: PictureLanguage, options: WorkbenchOptions): Studio {
  const [session] = inject('editorSessions');
  if (!session) throw new Error('there is no editor');
  const workbench = createWorkbench(session, {
    ...options,
    settings: { ...LOOK, ...options.settings },
  });
  const folder = path.join(process.env['ESP32_OTA_PICTURES'] ?? inRoot('test-results/pictures'), language);
  const nls = readJson(inRoot(language === 'en' ? 'package.nls.json' : `package.nls.${language}.json`)) as Record<
    string,
    string
  >;
  const words = bundle(language);
  let browser: Browser | undefined;

  beforeAll(async () => {
    mkdirSync(folder, { recursive: true });
    browser = await chromium.connectOverCDP(session.browserUrl);
    const context = await browser.newContext({ viewport: SIZE, deviceScaleFactor: 2 });
    // VS Code in a browser takes its language from here; its own texts stay English, for which a pack would be needed
    rmSync(path.join(session.dataFolder, 'languagepacks.json'), { force: true });
    await context.addInitScript((chosen) => {
      if (chosen !== 'en')
        Object.defineProperty(globalThis, '_VSCODE_NLS_LANGUAGE', { get: () => chosen, set: () => undefined });
    }, language);
    const page = await context.newPage();
    page.setDefaultTimeout(45_000);
    await workbench.start(page);
  });

  beforeEach(({ task, onTestFailed }) => {
    onTestFailed(async () => {
      await workbench.screenshot(`failed picture ${language} ${task.name}`);
    });
  });

  afterAll(async () => {
    try {
      await workbench.stop();
    } finally {
      await browser?.close();
    }
  });

  const text = (key: string): string => {
    const found = nls[key];
    if (found === undefined) throw new Error(`package.nls has no ${key}`);
    return found;
  };
  return {
    workbench,
    text,
    words: (english) => {
      if (language === 'en') return english;
      const found = words[english];
      if (found === undefined) throw new Error(`the l10n bundle has no "${english}"`);
      return found;
    },
    run: (command) => workbench.runCommand(`ESP32 OTA: ${text(`command.${command}`)}`),
    async widenSideBar(widthPx) {
      const page = workbench.page();
      const bar = await page.locator('.part.sidebar').boundingBox();
      if (bar === null) throw new Error('there is no side bar');
      await page.mouse.move(bar.x + bar.width, bar.y + 300);
      await page.mouse.down();
      await page.mouse.move(bar.x + widthPx, bar.y + 300, { steps: 5 });
      await page.mouse.up();
    },
    async hidePanel() {
      const panel = workbench.page().locator(SELECTORS.panel);
      if (!(await panel.isVisible())) return;
      await workbench.press('Control+J');
      await panel.waitFor({ state: 'hidden' });
    },
    async take(name, part) {
      const page: Page = workbench.page();
      await page.mouse.move(20, SIZE.height / 2); // nothing is pointed at
      const target = part ?? page;
      await target.screenshot({ path: path.join(folder, `${name}@2x.png`), animations: 'disabled', scale: 'device' });
      await target.screenshot({ path: path.join(folder, `${name}.png`), animations: 'disabled', scale: 'css' });
    },
  };
}
