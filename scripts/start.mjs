import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ensureDependencies } from './lib/dependencies.mjs';
import { ensureEditorHost, installedEditorHost } from './lib/editor-host.mjs';
import { checkPort, freePort, isPortFree, startEditorServer } from './lib/editor-server.mjs';
import {
  EDITOR_FOLDERS,
  PLAYGROUND,
  installBuiltExtension,
  prepareExample,
  prepareSettings,
} from './lib/playground.mjs';
import { endEverything, endEverythingOnSignals, findProgram, runOrThrow, startApart } from './lib/processes.mjs';
import { ROOT, inRoot } from './lib/repository.mjs';
import { PlainError, explain, say, seconds, timed } from './lib/terminal.mjs';

const USUAL_PORT = 8090;

const HELP = `npm start -- [options]

Installs what is needed, builds the extension and opens it in VS Code with an example ESP-IDF project: in desktop VS Code
where "code" and a display are there, else in VS Code's server on 127.0.0.1, for a browser. Ctrl+C ends everything.

  --project DIR   opens this folder, in place, instead of a copy of examples/simple_ota
  --server        takes the server even where desktop VS Code is there
  --port N        the same, on this port (default: ${USUAL_PORT}, or a free one)
  --fresh         forgets what was changed in the copies of the examples (.playground)
  --help          this text`;

/** @type {(() => Promise<void>) | undefined} */
let stopServer;
let isEnding = false;

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        project: { type: 'string' },
        port: { type: 'string' },
        server: { type: 'boolean', default: false },
        fresh: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    return values;
  } catch (error) {
    throw new PlainError(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
  }
}

/** @param {string | undefined} text */
function readPort(text) {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new PlainError(`--port ${text}: a port is a number from 1 to 65535.`);
}

/**
 * The folder of --project, which has to be there.
 * @param {string} folder
 */
function readProject(folder) {
  // npm starts scripts in the checkout; the user gave a path from where they are
  const absolute = path.resolve(process.env['INIT_CWD'] ?? process.cwd(), folder);
  if (existsSync(absolute) && statSync(absolute).isDirectory()) return absolute;
  throw new PlainError(`--project ${folder}: there is no folder ${absolute}.`);
}

/** Desktop VS Code, if it is there and has a display. Not the `code` of a remote window's terminal, which only talks to that window. */
function desktopCode() {
  if (process.env['VSCODE_IPC_HOOK_CLI'] !== undefined) return undefined;
  const hasDisplay =
    process.platform !== 'linux' ||
    process.env['DISPLAY'] !== undefined ||
    process.env['WAYLAND_DISPLAY'] !== undefined;
  return hasDisplay ? findProgram(['code', 'code-insiders', 'codium']) : undefined;
}

/**
 * Opens desktop VS Code as an instance of its own, so that it can be ended with us, and waits until its window is closed.
 * @param {string} code
 * @param {string} project
 */
async function openDesktop(code, project) {
  await timed('building the extension', () =>
    runOrThrow(process.execPath, [inRoot('scripts/build.mjs')], { cwd: ROOT }),
  );
  const args = [
    `--extensionDevelopmentPath=${ROOT}`,
    `--user-data-dir=${path.join(PLAYGROUND, '.editor/desktop')}`,
    '--disable-workspace-trust',
    '--skip-welcome',
    '--new-window',
    '--wait',
    project,
  ];
  const child =
    process.platform === 'win32'
      ? // code.cmd lies below "Program Files": /s takes the outermost quotes away, so all of it needs a pair of its own
        startApart(
          process.env['ComSpec'] ?? 'cmd.exe',
          ['/d', '/s', '/c', `"${[code, ...args].map((word) => `"${word}"`).join(' ')}"`],
          { stdio: 'ignore', windowsVerbatimArguments: true },
        )
      : startApart(code, args, { stdio: 'ignore' });
  say(`\n  ${project} is open in VS Code. Ctrl+C here, or closing the window, ends it.\n`);
  await new Promise((resolve, reject) => {
    child.once('exit', resolve);
    child.once('error', reject);
  });
}

/**
 * Opens VS Code's server and stays until it ends.
 * @param {string} project
 * @param {number | undefined} port
 */
async function openServer(project, port) {
  const host = installedEditorHost() ? ensureEditorHost() : timed("installing VS Code's server", ensureEditorHost);
  await Promise.all([host, installBuiltExtension(host)]);
  prepareSettings();

  const usual = (await isPortFree(USUAL_PORT)) ? USUAL_PORT : await freePort();
  const server = await timed("starting VS Code's server", async () =>
    startEditorServer(await host, EDITOR_FOLDERS, { port: port ?? usual }),
  );
  stopServer = () => server.stop();
  say(`\n  ${server.url}/?folder=${encodeURIComponent(project).replaceAll('%2F', '/')}\n`);
  say('  Open this address in a browser on this computer. Ctrl+C here ends it.\n');
  await server.ended;
  if (isEnding) return; // Ctrl+C
  throw new PlainError(
    `VS Code's server has ended by itself; its log is ${path.join(EDITOR_FOLDERS.data, 'server.log')}`,
  );
}

endEverythingOnSignals(async () => {
  isEnding = true;
  await stopServer?.();
});

try {
  const options = readOptions();
  if (options.help) {
    say(HELP);
    process.exit(0);
  }
  const port = readPort(options.port);
  const chosen = options.project === undefined ? undefined : readProject(options.project);
  if (port !== undefined) await checkPort(port);
  const started = performance.now();
  await ensureDependencies();
  const project = chosen ?? (await timed('preparing the example', () => prepareExample(options.fresh)));
  const code = options.server || port !== undefined ? undefined : desktopCode();
  if (code === undefined) {
    await openServer(project, port);
  } else {
    await openDesktop(code, project);
  }
  say(`  ended after ${seconds(performance.now() - started)}`);
} catch (error) {
  say(explain(error));
  await endEverything();
  process.exitCode = 1;
}
