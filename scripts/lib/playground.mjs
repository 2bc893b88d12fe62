import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { addLanguage, installExtension, writeUserSettings } from './editor-server.mjs';
import { run } from './processes.mjs';
import { inRoot } from './repository.mjs';
import { say, timed } from './terminal.mjs';
import { buildForProduction, packageBuilt, packagedContent } from './vsix.mjs';

/** Where `npm start` keeps what it makes: a copy of the examples to play with, and the editor's settings. Not in git. */
export const PLAYGROUND = inRoot('.playground');

/** Of VS Code's server; a name that no project has. */
export const EDITOR_FOLDERS = {
  data: path.join(PLAYGROUND, '.editor/data'),
  extensions: path.join(PLAYGROUND, '.editor/extensions'),
};

const BUILD_COMMAND = inRoot('.playground/tools/build-outputs.mjs');

/**
 * Copies the examples, so that playing with them leaves the checkout as it is. What was played with is kept between runs; the tools
 * beside them, which are their build command, are always the checkout's.
 * @param {boolean} isFresh forgets what was played with
 * @returns {Promise<string>} the folder to open
 */
export async function prepareExample(isFresh) {
  const project = path.join(PLAYGROUND, 'simple_ota');
  if (isFresh) rmSync(PLAYGROUND, { recursive: true, force: true, maxRetries: 5 });
  mkdirSync(PLAYGROUND, { recursive: true });
  for (const example of ['simple_ota', 'hello_world']) {
    const copy = path.join(PLAYGROUND, example);
    if (existsSync(copy)) continue;
    // outputs of a build in the checkout were made for its folder
    cpSync(inRoot('examples', example), copy, {
      recursive: true,
      filter: (source) => path.basename(source) !== 'build',
    });
  }
  cpSync(inRoot('examples/tools'), path.dirname(BUILD_COMMAND), { recursive: true });

  for (const example of ['simple_ota', 'hello_world']) {
    const folder = path.join(PLAYGROUND, example);
    if (existsSync(path.join(folder, 'build'))) continue;
    const built = await run(process.execPath, [BUILD_COMMAND, '--allow-missing-certificate', '--quiet'], {
      cwd: folder,
    });
    if (built.code !== 0)
      say(`  ${example} could not be built, which can be done in the editor too:\n${built.output.trim()}`);
  }
  return project;
}

/**
 * Builds the extension and installs it for VS Code's server, unless it is what is installed there.
 * @param {Promise<import('./editor-host.mjs').EditorHost>} host awaited when it is needed
 */
export async function installBuiltExtension(host) {
  const stamp = path.join(EDITOR_FOLDERS.extensions, '..', 'installed');
  await timed('building the extension', buildForProduction);
  const content = packagedContent();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === content) return;
  const { file } = await timed('packaging it', () => packageBuilt());
  const installedHost = await host;
  await timed('installing it', () => installExtension(installedHost, EDITOR_FOLDERS, file));
  writeFileSync(stamp, content);
}

/** Settings for the first run; later ones keep what was changed in the editor. A Chinese browser gets the extension in Chinese. */
export function prepareSettings() {
  addLanguage(EDITOR_FOLDERS, 'zh-cn');
  if (existsSync(path.join(EDITOR_FOLDERS.data, 'User/settings.json'))) return;
  writeUserSettings(EDITOR_FOLDERS, { 'workbench.startupEditor': 'readme' });
}
