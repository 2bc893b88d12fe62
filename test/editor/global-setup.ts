import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { ensureChromium } from '../../scripts/lib/chromium.mjs';
import { ensureEditorHost } from '../../scripts/lib/editor-host.mjs';
import { installExtension, startEditorServer, writeUserSettings } from '../../scripts/lib/editor-server.mjs';
import { inRoot } from '../../scripts/lib/repository.mjs';
import { packageExtension } from '../../scripts/lib/vsix.mjs';
import { startBrowser } from './harness/browser.ts';

/** Starts, once for all test files, VS Code's server with the packaged extension installed, and Chromium. Gives what ends them. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  delete process.env['IDF_PATH']; // the same on a computer with ESP-IDF
  const [chromium, host, vsix] = await Promise.all([ensureChromium(), ensureEditorHost(), packagedExtension()]);

  const scratchFolder = mkdtempSync(path.join(os.tmpdir(), 'esp32-ota-editor-'));
  const folders = { data: path.join(scratchFolder, 'data'), extensions: path.join(scratchFolder, 'extensions') };
  const examplesFolder = path.join(scratchFolder, 'examples');
  cpSync(inRoot('examples'), examplesFolder, { recursive: true });
  mkdirSync(inRoot('test-results'), { recursive: true });
  for (const name of readdirSync(inRoot('test-results'))) {
    if (name.startsWith('failed-')) rmSync(inRoot('test-results', name));
  }

  writeUserSettings(folders);
  await installExtension(host, folders, vsix);
  // whether a folder has to be trusted is decided by a user setting, per test file
  const server = await startEditorServer(host, folders, { asksForTrust: true });
  try {
    const browser = await startBrowser(chromium, path.join(scratchFolder, 'browser'));
    project.provide('editorSession', {
      serverUrl: server.url,
      serverPid: server.pid,
      browserUrl: browser.url,
      dataFolder: folders.data,
      extensionsFolder: folders.extensions,
      examplesFolder,
      scratchFolder,
    });
    return async () => {
      await Promise.all([browser.stop(), server.stop()]);
      rmSync(scratchFolder, { recursive: true, force: true, maxRetries: 5 });
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** The VSIX that `npm test` has made, or one made now. */
async function packagedExtension(): Promise<string> {
  const made = process.env['ESP32_OTA_VSIX'];
  return made ?? (await packageExtension()).file;
}
