import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Frame, Page } from 'playwright-core';
import { writeUserSettings } from '../../../scripts/lib/editor-server.mjs';
import { inRoot } from '../../../scripts/lib/repository.mjs';
import { installCompanions, uninstallCompanions, type Companion } from './companions.ts';
import { dialogs } from './dialogs.ts';
import { editors, webviewFrame } from './editors.ts';
import { extensionHostsGone } from './extension-host.ts';
import { notifications } from './notifications.ts';
import { output, problems, terminal } from './panel.ts';
import { quickInput } from './quick-input.ts';
import { SELECTORS } from './selectors.ts';
import type { EditorSession } from './session.ts';
import { statusBar } from './status-bar.ts';
import { openContainer, treeView } from './views.ts';
import { walkthrough } from './walkthrough.ts';
import { waitUntil } from './wait-until.ts';

/** What the parts of the workbench need of each other. */
export interface CommandRunner {
  runCommand(title: string): Promise<void>;
  /** Chooses a row of the pick list that is open, after filtering it. */
  pick(label: string, filter?: string, timeoutMs?: number): Promise<void>;
  logsFolder(): string;
}

export interface WorkbenchOptions {
  /** The example that is copied and opened; `none` opens an empty folder. Default: `simple_ota`. */
  readonly example?: 'simple_ota' | 'hello_world' | 'none';
  /** User settings on top of the harness's own. They are read when the window opens. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Whether the opened folder is trusted without asking. Default: true. */
  readonly isTrusted?: boolean;
  /** The language that the browser asks for. VS Code's own words are English in every one, ours are translated. Default: English. */
  readonly language?: 'zh-cn';
  /** Extensions that are installed beside ours for this file. */
  readonly companions?: readonly Companion[];
  /** A `.code-workspace` file beside the folder that is opened in place of it; `prepare` writes it. */
  readonly workspaceFile?: string;
  /** Runs in the new workspace folder before it is opened, to prepare its files. */
  readonly prepare?: (folder: string) => void | Promise<void>;
}

/** Settings that make the workbench the same in each run, and readable for the driver. */
const HARNESS_SETTINGS = {
  'git.enabled': false,
  'workbench.colorTheme': 'Dark Modern',
  'workbench.reduceMotion': 'on',
  // settings open as a tab; VS Code would show them in a box that takes all keys
  'workbench.editor.useModal': 'off',
  // text of terminals is in the page only with this renderer
  'terminal.integrated.gpuAcceleration': 'off',
  'terminal.integrated.shellIntegration.enabled': false,
  'editor.minimap.enabled': false,
  // rows that stay at the top cover others from the mouse
  'workbench.tree.enableStickyScroll': false,
};

/** What a color theme setting makes of the page. */
export const THEMES = {
  dark: { theme: 'Dark Modern', marker: 'vs-dark' },
  light: { theme: 'Light Modern', marker: 'vs' },
  'high contrast': { theme: 'Default High Contrast', marker: 'hc-black' },
  'high contrast light': { theme: 'Default High Contrast Light', marker: 'hc-light' },
} as const;

/** Removes the traces of earlier test files: what the extension has stored, window layouts, logs. */
function forgetState(session: EditorSession): void {
  for (const folder of ['User/globalStorage', 'User/workspaceStorage', 'server/logs', 'logs']) {
    rmSync(path.join(session.dataFolder, folder), { recursive: true, force: true, maxRetries: 5 });
  }
}

/** A copy of an example in a folder of its own, beside the tools that its build command names. */
function newWorkspace(session: EditorSession, example: 'simple_ota' | 'hello_world' | 'none'): string {
  const parent = mkdtempSync(path.join(session.scratchFolder, 'workspace-'));
  const folder = path.join(parent, example === 'none' ? 'empty' : example);
  if (example === 'none') mkdirSync(folder);
  else {
    const examples = readdirSync(session.examplesFolder).filter((name) => name === example || name === 'tools');
    for (const name of examples)
      cpSync(path.join(session.examplesFolder, name), path.join(parent, name), { recursive: true });
  }
  return folder;
}

/** VS Code with the extension, in one window, driven as a user does: with mouse and keyboard. */
export function createWorkbench(session: EditorSession, options: WorkbenchOptions) {
  let current: Page | undefined;
  let folder = '';
  let settingsWritten = 0;

  const page = (): Page => {
    if (!current) throw new Error('the workbench is open in tests and in hooks only');
    return current;
  };
  const quick = quickInput(page);

  /**
   * Opens the palette with a filter and does something there. Keys that come while VS Code moves the focus elsewhere are lost, and a box
   * that loses the focus closes; then it begins again.
   */
  const inPalette = <T>(filter: string, act: () => Promise<T>): Promise<{ value: T }> =>
    waitUntil(
      async () => {
        await page().keyboard.press('F1');
        // a box that is still open looks for commands anew only when its text changes
        await quick.type('>', 5000);
        await quick.type(`>${filter}`, 5000);
        return { value: await act() };
      },
      `"${filter}" in the command palette`,
      60_000,
    );

  const runner: CommandRunner = {
    async runCommand(title) {
      await inPalette(title, () => quick.pick(title, 6000));
      // what the command shows may be in the same box: it must not be taken for the palette, nor the palette for it
      await waitUntil(async () => !(await quick.isPalette()), 'the command palette to close');
    },
    async pick(label, filter = label, timeoutMs) {
      await quick.type(filter, timeoutMs);
      await quick.pick(label, timeoutMs);
    },
    logsFolder: () => path.join(session.dataFolder, 'logs'),
  };

  const openFolder = async (next: string, isProject = true, workspaceFile?: string): Promise<void> => {
    folder = next;
    const opened =
      workspaceFile === undefined
        ? `folder=${encodeURIComponent(next)}`
        : `workspace=${encodeURIComponent(path.join(path.dirname(next), workspaceFile))}`;
    const open = async (): Promise<void> => {
      await page().goto(`${session.serverUrl}/?${opened}`, { waitUntil: 'commit' });
      await page().locator(SELECTORS.statusBarItem).first().waitFor({ timeout: 60_000 });
      await page().locator(SELECTORS.themed).waitFor({ timeout: 60_000 });
      await page().locator(SELECTORS.restored).waitFor({ timeout: 60_000 });
    };
    await open();
    if (workspaceFile !== undefined) {
      // VS Code may show a workspace without its folders when its file was read too late; the next time it knows them
      const noFolder = page().getByText('You have not yet added a folder to the workspace.').first();
      await page().locator(SELECTORS.explorerRow).first().or(noFolder).first().waitFor({ timeout: 60_000 });
      if (await noFolder.isVisible()) await open();
    }
    // activation is what makes the commands appear
    if (isProject) await page().locator(SELECTORS.extensionItem).first().waitFor({ timeout: 60_000 });
  };

  const workbench = {
    /** The page, for what the harness has no word for. */
    page,
    /** The opened folder, a copy made for this test file. */
    folder: (): string => folder,
    /** An absolute path in the opened folder. */
    inFolder: (...parts: string[]): string => path.join(folder, ...parts),
    /** Where the extension may keep files of its own between windows. */
    globalStorageFolder: (): string => path.join(session.dataFolder, 'User/globalStorage/esp32-ota.esp32-ota'),

    statusBar: statusBar(page),
    quickInput: quick,
    notifications: notifications(page),
    dialogs: dialogs(page),
    output: output(page, runner),
    problems: problems(page, runner),
    terminal: terminal(page),
    editors: editors(page, runner),
    walkthrough: walkthrough(page, runner),

    /** A tree view by its title. */
    view: (title: string) => treeView(page, title),
    openContainer: (name: string): Promise<void> => openContainer(page(), name),
    webview: (selector: string): Promise<Frame> => webviewFrame(page(), selector),

    /** Runs a command from the palette, by its whole title with category: `ESP32 OTA: Start Server`. */
    runCommand: (title: string): Promise<void> => runner.runCommand(title),

    /** Whether the palette offers a command. */
    async offersCommand(title: string): Promise<boolean> {
      // the palette always has a row: the command, a similar one, or "No matching commands"
      const { value: labels } = await inPalette(title, () => quick.labels());
      await quick.cancel();
      return labels.includes(title);
    },

    /** Presses keys: `Control+Shift+P`. */
    press: (keys: string): Promise<void> => page().keyboard.press(keys),

    /** Opens another folder in the same window, and waits for the extension if it is a project. The extension host is a new one afterwards. */
    openFolder: (next: string, isProject?: boolean): Promise<void> => openFolder(next, isProject),
    /** A window with no folder at all. */
    async openNothing(): Promise<void> {
      await page().goto(`${session.serverUrl}/?ew=true`, { waitUntil: 'commit' });
      await page().locator(SELECTORS.restored).waitFor({ timeout: 60_000 });
    },
    /** As "Developer: Reload Window" does. */
    reload: (): Promise<void> => openFolder(folder, true, options.workspaceFile),

    /** Changes settings of the opened folder, in its .vscode/settings.json; undefined removes one. They are in effect afterwards: what is done
     * next reaches the extension behind them.
     * @param opened where the window has gone to another folder by itself */
    async writeSettings(changes: Readonly<Record<string, unknown>>, opened = folder): Promise<void> {
      const file = path.join(opened, '.vscode/settings.json');
      // VS Code writes there too, and not all at once
      const read = (): object => (existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as object) : {});
      const present = await waitUntil(read, `settings in ${file}`);
      mkdirSync(path.dirname(file), { recursive: true });
      // the page's title comes from the same file, and so shows that VS Code has read it
      settingsWritten += 1;
      const title = `[settings ${settingsWritten}]`;
      const settings = { ...present, ...changes, 'window.title': title };
      writeFileSync(file, JSON.stringify(settings, undefined, 2));
      await waitUntil(async () => (await page().title()).includes(title), `${title} to take effect`);
    },

    /** Changes the colour theme and waits until the page shows it. */
    async setTheme(name: keyof typeof THEMES): Promise<void> {
      const { theme, marker } = THEMES[name];
      await workbench.writeSettings({ 'workbench.colorTheme': theme });
      await page().locator(`${SELECTORS.workbench}.${marker}`).waitFor();
    },

    /** Saves a picture as `test-results/<name>.png` and gives its path. */
    async screenshot(name: string): Promise<string> {
      const file = inRoot('test-results', `${name.replaceAll(/[^\w.-]+/g, '-').slice(0, 120)}.png`);
      await page().screenshot({ path: file, animations: 'disabled' });
      return file;
    },

    /** For the harness: opens the window in a page. */
    async start(inPage: Page): Promise<void> {
      current = inPage;
      forgetState(session);
      if (options.language !== undefined) await inPage.setExtraHTTPHeaders({ 'accept-language': options.language });
      // VS Code reads the user settings when a window opens; it does not watch them here
      writeUserSettings(
        { data: session.dataFolder, extensions: session.extensionsFolder },
        {
          ...HARNESS_SETTINGS,
          'security.workspace.trust.enabled': options.isTrusted === false,
          ...options.settings,
        },
      );
      await installCompanions(session, options.companions ?? []);
      const next = newWorkspace(session, options.example ?? 'simple_ota');
      await options.prepare?.(next);
      await openFolder(next, options.example !== 'none', options.workspaceFile);
    },

    /** For the harness: closes the window and waits until all is gone that the extension had started. */
    async stop(): Promise<void> {
      if (!current) return;
      await current.goto('about:blank');
      await extensionHostsGone(session.serverPid);
      current = undefined;
      await uninstallCompanions(session, options.companions ?? []);
    },
  };
  return workbench;
}

export type Workbench = ReturnType<typeof createWorkbench>;
