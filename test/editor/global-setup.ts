import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { ensureChromium } from '../../scripts/lib/chromium.mjs';
import { ensureEditorHost } from '../../scripts/lib/editor-host.mjs';
import {
  addLanguage,
  installExtension,
  startEditorServer,
  writeUserSettings,
} from '../../scripts/lib/editor-server.mjs';
import { inRoot } from '../../scripts/lib/repository.mjs';
import { packageExtension } from '../../scripts/lib/vsix.mjs';
import { startBrowser } from './harness/browser.ts';
import type { EditorSession } from './harness/session.ts';

/** Starts VS Code's server with the packaged extension installed, and Chromium, once for all test files, or as many of both as files run side
 * by side. Gives what ends them. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  delete process.env['IDF_PATH']; // the same on a computer with ESP-IDF
  const [chromium, host, vsix] = await Promise.all([ensureChromium(), ensureEditorHost(), packagedExtension()]);

  const scratchFolder = mkdtempSync(path.join(os.tmpdir(), 'esp32-ota-editor-'));
  const examplesFolder = path.join(scratchFolder, 'examples');
  cpSync(inRoot('examples'), examplesFolder, { recursive: true });
  mkdirSync(inRoot('test-results'), { recursive: true });
  for (const name of readdirSync(inRoot('test-results'))) {
    if (name.startsWith('failed-')) rmSync(inRoot('test-results', name));
  }

  const stops: (() => Promise<void>)[] = [];
  const stopAll = async (): Promise<void> => {
    await Promise.all(stops.map((stop) => stop()));
    rmSync(scratchFolder, { recursive: true, force: true, maxRetries: 5 });
  };
  const start = async (index: number): Promise<EditorSession> => {
    const own = path.join(scratchFolder, String(index));
    const folders = { data: path.join(own, 'data'), extensions: path.join(own, 'extensions') };
    writeUserSettings(folders);
    addLanguage(folders, 'zh-cn');
    await installExtension(host, folders, vsix);
    // whether a folder has to be trusted is decided by a user setting, per test file
    const server = await startEditorServer(host, folders, { asksForTrust: true });
    stops.push(() => server.stop());
    const browser = await startBrowser(chromium, path.join(own, 'browser'));
    stops.push(() => browser.stop());
    return {
      serverUrl: server.url,
      serverPid: server.pid,
      browserUrl: browser.url,
      dataFolder: folders.data,
      extensionsFolder: folders.extensions,
      examplesFolder,
      scratchFolder,
    };
  };
  try {
    const count = Number(process.env['ESP32_OTA_EDITORS'] ?? 1);
    project.provide('editorSessions', await Promise.all(Array.from({ length: count }, (_, index) => start(index))));
    return stopAll;
  } catch (error) {
    await stopAll();
    throw error;
  }
}

/** The VSIX that `npm test` has made, or one made now. */
async function packagedExtension(): Promise<string> {
  const made = process.env['ESP32_OTA_VSIX'];
  return made ?? (await packageExtension()).file;
}
