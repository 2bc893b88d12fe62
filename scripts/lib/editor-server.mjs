import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { endTree } from './process-tree.mjs';
import { runOrThrow, startApart } from './processes.mjs';
import { PlainError } from './terminal.mjs';

/**
 * @typedef {object} EditorFolders
 * @property {string} data user settings, extension storage, logs
 * @property {string} extensions what is installed
 */

/** User settings that keep VS Code quiet and off the network. Each caller adds its own. */
export const QUIET_SETTINGS = {
  'chat.disableAIFeatures': true,
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': 'off',
  'extensions.ignoreRecommendations': true,
  'files.simpleDialog.enable': true,
  'git.autofetch': false,
  'git.openRepositoryInParentFolders': 'never',
  'json.schemaDownload.enable': false,
  'remote.autoForwardPorts': false,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'window.commandCenter': false,
  'workbench.enableExperiments': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
};

/** @param {EditorFolders} folders */
const folderArguments = ({ data, extensions }) => [
  `--user-data-dir=${data}`,
  `--server-data-dir=${path.join(data, 'server')}`,
  `--extensions-dir=${extensions}`,
];

/**
 * The environment for VS Code: without what npm, the test runner and another VS Code around us have put there, and with an empty
 * gallery, so that neither server nor page looks for a marketplace.
 * @param {NodeJS.ProcessEnv} [extra]
 */
function editorEnvironment(extra) {
  const foreign = /^(npm_|VSCODE_|VITEST|ELECTRON_|NODE_OPTIONS$|NODE_ENV$|TEST$|INIT_CWD$)/;
  const own = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  return { ...Object.fromEntries(own), EXTENSIONS_GALLERY: '{}', ...extra };
}

/**
 * Installs a VSIX; no server has to run for it.
 * @param {import('./editor-host.mjs').EditorHost} host
 * @param {EditorFolders} folders
 * @param {string} vsix
 */
export async function installExtension(host, folders, vsix) {
  for (const folder of [folders.data, folders.extensions]) mkdirSync(folder, { recursive: true });
  await runOrThrow(host.node, [host.server, '--install-extension', vsix, '--force', ...folderArguments(folders)], {
    cwd: host.folder,
    env: editorEnvironment({ VSCODE_AGENT_FOLDER: path.join(folders.data, 'server') }),
  });
}

/**
 * Removes what {@link installExtension} installed.
 * @param {import('./editor-host.mjs').EditorHost} host
 * @param {EditorFolders} folders
 * @param {string} id `publisher.name`
 */
export async function uninstallExtension(host, folders, id) {
  await runOrThrow(host.node, [host.server, '--uninstall-extension', id, ...folderArguments(folders)], {
    cwd: host.folder,
    env: editorEnvironment({ VSCODE_AGENT_FOLDER: path.join(folders.data, 'server') }),
  });
}

/**
 * Writes the user settings, the quiet ones and those given on top of them.
 * @param {EditorFolders} folders
 * @param {Record<string, unknown>} [settings]
 */
export function writeUserSettings(folders, settings = {}) {
  const file = path.join(folders.data, 'User/settings.json');
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ ...QUIET_SETTINGS, ...settings }, undefined, 2)}\n`);
}

/**
 * Lets VS Code's server take a language for browsers that ask for it first (`Accept-Language`), with nothing translated of its own: its words
 * stay English, and those of extensions are theirs in that language.
 * @param {EditorFolders} folders
 * @param {string} language such as `zh-cn`
 */
export function addLanguage({ data }, language) {
  const translations = path.join(data, 'no-translations.json');
  mkdirSync(data, { recursive: true });
  writeFileSync(translations, JSON.stringify({ contents: {} }));
  const from = { extensionIdentifier: { id: 'esp32-ota.no-translations' }, version: '0.0.0' };
  const pack = { hash: 'empty', label: language, extensions: [from], translations: { vscode: translations } };
  writeFileSync(path.join(data, 'languagepacks.json'), JSON.stringify({ [language]: pack }));
  // without this file the server takes English for everybody
  const options = path.join(data, 'User/argv.json');
  mkdirSync(path.dirname(options), { recursive: true });
  writeFileSync(options, '{}\n');
}

/**
 * A port of 127.0.0.1 that is free now.
 * @returns {Promise<number>}
 */
export function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port);
      });
    });
  });
}

/**
 * @param {number} port of 127.0.0.1
 * @returns {Promise<string | undefined>} why it cannot be listened on, as the system's code
 */
function portTrouble(port) {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', (/** @type {NodeJS.ErrnoException} */ error) => resolve(error.code ?? error.message));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(undefined)));
  });
}

/**
 * Whether a port of 127.0.0.1 can be listened on now.
 * @param {number} port
 */
export const isPortFree = async (port) => (await portTrouble(port)) === undefined;

/**
 * @param {number} port
 * @throws {PlainError} with words for the user, when it cannot be listened on
 */
export async function checkPort(port) {
  const trouble = await portTrouble(port);
  if (trouble === undefined) return;
  const why = trouble === 'EADDRINUSE' ? 'is in use' : `cannot be used (${trouble})`;
  throw new PlainError(`Port ${port} of 127.0.0.1 ${why}. Choose another one: npm start -- --port ${port + 1}`);
}

/**
 * @typedef {object} EditorServer
 * @property {string} url `http://127.0.0.1:<port>`
 * @property {number} pid
 * @property {Promise<void>} ended settles when the server has ended, for whatever reason
 * @property {(graceMs?: number) => Promise<void>} stop ends the server, its extension hosts and what they started
 */

/**
 * Starts VS Code's server on 127.0.0.1 and waits until it answers.
 * @param {import('./editor-host.mjs').EditorHost} host
 * @param {EditorFolders} folders
 * @param {object} [options]
 * @param {number} [options.port] default: a free one
 * @param {boolean} [options.asksForTrust] whether an opened folder has to be trusted by the user first; default false
 * @param {NodeJS.ProcessEnv} [options.env] added to the environment of the server and of the extensions
 * @returns {Promise<EditorServer>}
 */
export async function startEditorServer(host, folders, { port, asksForTrust = false, env } = {}) {
  if (port !== undefined) await checkPort(port);
  const actualPort = port ?? (await freePort());
  for (const folder of [folders.data, folders.extensions]) mkdirSync(folder, { recursive: true });
  const log = path.join(folders.data, 'server.log');
  // sockets between the server's processes are files, and their paths may have 107 characters at most (unix(7))
  const sockets = mkdtempSync(path.join(os.tmpdir(), 'vs-'));
  const descriptor = openSync(log, 'w');

  const child = startApart(
    host.node,
    [
      host.server,
      '--host=127.0.0.1',
      `--port=${actualPort}`,
      '--without-connection-token',
      '--accept-server-license-terms',
      '--telemetry-level=off',
      '--disable-telemetry',
      '--disable-experiments',
      '--disable-getting-started-override',
      ...(asksForTrust ? [] : ['--disable-workspace-trust']),
      ...folderArguments(folders),
    ],
    {
      cwd: host.folder,
      env: editorEnvironment({
        XDG_CONFIG_HOME: path.join(folders.data, 'xdg-config'),
        XDG_DATA_HOME: path.join(folders.data, 'xdg-data'),
        XDG_RUNTIME_DIR: sockets,
        ...env,
      }),
      stdio: ['ignore', descriptor, descriptor],
    },
  );
  let hasEnded = false;
  /** @type {Promise<void>} */
  const ended = new Promise((resolve) => {
    child.once('close', () => {
      hasEnded = true;
      resolve();
    });
    child.once('error', () => {
      hasEnded = true;
      resolve();
    });
  });
  const pid = child.pid;
  if (pid === undefined) throw new PlainError(`${host.node} cannot be started`);

  const url = `http://127.0.0.1:${actualPort}`;
  const stop = async (graceMs = 3000) => {
    await endTree(pid, graceMs);
    rmSync(sockets, { recursive: true, force: true });
  };
  const deadline = performance.now() + 60_000;
  while (!(await answers(`${url}/version`))) {
    if (hasEnded || performance.now() > deadline) {
      await stop();
      throw new PlainError(`VS Code's server did not start:\n${readFileSync(log, 'utf8').slice(-3000)}`);
    }
    await wait(25);
  }
  return { url, pid, ended, stop };
}

/** @param {string} address */
async function answers(address) {
  try {
    const response = await fetch(address);
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
