import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { npm } from './processes.mjs';
import { fingerprint, inRoot } from './repository.mjs';
import { PlainError } from './terminal.mjs';

const RECIPE = inRoot('test/editor/host');
const STAND_INS = ['spdlog', 'native-watchdog'];

/** Built-in extensions that are kept. The others (debuggers, notebooks, web languages, accounts …) would only cost start time. */
const BUILT_IN_EXTENSIONS = new Set([
  'configuration-editing',
  'cpp',
  'diff',
  'git',
  'git-base',
  'ini',
  'javascript',
  'json',
  'json-language-features',
  'log',
  'make',
  'markdown-basics',
  'markdown-language-features',
  'media-preview',
  'merge-conflict',
  'python',
  'references-view',
  'search-result',
  'shellscript',
  'theme-defaults',
  'theme-seti',
  'typescript-basics',
  'yaml',
]);

/** Folders of VS Code's server that nothing here uses: an assistant, sandboxes, dev containers. About 260 MB. */
const UNUSED = ['node_modules/@github', 'node_modules/@microsoft/mxc-sdk', 'node_modules/@devcontainers'];

/** Where binaries for every platform lie side by side; only ours is kept. */
const PLATFORM_FOLDERS = ['node_modules/@vscode/ripgrep-universal/bin', 'node_modules/node-pty/prebuilds'];

/** Where the editor host is, or will be: `.editor-host/`, or a place that several clones share through ESP32_OTA_EDITOR_HOST. */
export function editorHostFolder() {
  const shared = process.env['ESP32_OTA_EDITOR_HOST'];
  return shared === undefined || shared === '' ? inRoot('.editor-host') : path.resolve(shared);
}

/** @param {string} host */
const vscodeFolder = (host) => path.join(host, 'node_modules/code-server/lib/vscode');

/** @param {string} host */
const stampFile = (host) => path.join(host, 'installed');

/** What the installation was made of. Another lock file, other stand-ins or another version of this file make it stale. */
function recipe() {
  const files = ['package.json', 'package-lock.json', ...STAND_INS.map((name) => `stand-ins/${name}.cjs`)];
  const platform = `${process.platform}-${process.arch}`;
  return `${platform} ${fingerprint([...files.map((file) => path.join(RECIPE, file)), inRoot('scripts/lib/editor-host.mjs')])}\n`;
}

/**
 * Removes what is in a folder, except what the filter keeps.
 * @param {string} folder
 * @param {(name: string) => boolean} keep
 */
function prune(folder, keep) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory() && !keep(entry.name)) rmSync(path.join(folder, entry.name), { recursive: true });
  }
}

/**
 * The Node that runs VS Code's server: one of the npm packages that ship a Node binary, else our own if it is new enough.
 * @param {string} host
 * @throws {PlainError} where there is neither
 */
function serverNode(host) {
  const binary = process.platform === 'win32' ? 'bin/node.exe' : 'bin/node';
  const packages = readdirSync(path.join(host, 'node_modules')).filter((name) => name.startsWith('node-'));
  const found = packages
    .map((name) => path.join(host, 'node_modules', name, binary))
    .find((candidate) => existsSync(candidate));
  if (found !== undefined) return found;
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  throw new PlainError(
    `VS Code's server needs Node 24, and no npm package has one for ${process.platform} ${process.arch}. ` +
      'Run this with Node 24 or newer, or install desktop VS Code.',
  );
}

/**
 * @typedef {object} EditorHost
 * @property {string} node the Node that runs the server
 * @property {string} server VS Code's server, a JavaScript file
 * @property {string} folder the server's own folder
 */

/** @returns {EditorHost | undefined} undefined when it is not installed, or not this version of it */
export function installedEditorHost() {
  const host = editorHostFolder();
  if (!existsSync(stampFile(host)) || readFileSync(stampFile(host), 'utf8') !== recipe()) return undefined;
  const folder = vscodeFolder(host);
  return { node: serverNode(host), server: path.join(folder, 'out/server-main.js'), folder };
}

/**
 * Installs VS Code's server and its Node from npm packages, unless it is there. Runs no package's script and needs no compiler: the two
 * native addons that would have to be built are replaced by stand-ins. It is made beside its place and renamed when it is complete.
 * @returns {Promise<EditorHost>}
 */
export async function ensureEditorHost() {
  const present = installedEditorHost();
  if (present) return present;

  const host = editorHostFolder();
  const partial = `${host}.partial-${process.pid}`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  for (const file of ['package.json', 'package-lock.json']) cpSync(path.join(RECIPE, file), path.join(partial, file));
  await npm(['ci', '--ignore-scripts', '--engine-strict=false'], { cwd: partial });

  const vscode = vscodeFolder(partial);
  // pinned by the npm-shrinkwrap.json inside the package; it lacks one peer, which npm would refuse without the flag
  await npm(['ci', '--omit=dev', '--ignore-scripts', '--legacy-peer-deps', '--engine-strict=false'], { cwd: vscode });
  for (const name of STAND_INS) {
    cpSync(path.join(RECIPE, `stand-ins/${name}.cjs`), path.join(vscode, 'node_modules/@vscode', name, 'index.js'));
  }
  for (const folder of UNUSED) rmSync(path.join(vscode, folder), { recursive: true, force: true });
  for (const folder of PLATFORM_FOLDERS) {
    prune(path.join(vscode, folder), (name) => name === `${process.platform}-${process.arch}`);
  }
  prune(path.join(vscode, 'extensions'), (name) => BUILT_IN_EXTENSIONS.has(name));
  for (const name of readdirSync(path.join(partial, 'node_modules')).filter((entry) => entry.startsWith('node-'))) {
    rmSync(path.join(partial, 'node_modules', name, 'include'), { recursive: true, force: true });
  }
  serverNode(partial);

  writeFileSync(stampFile(partial), recipe());
  const complete = installedEditorHost(); // another run may have been faster
  if (complete) {
    rmSync(partial, { recursive: true, force: true });
    return complete;
  }
  rmSync(host, { recursive: true, force: true });
  renameSync(partial, host);
  const installed = installedEditorHost();
  if (!installed) throw new Error(`the editor host in ${host} is not what was just installed`);
  return installed;
}
