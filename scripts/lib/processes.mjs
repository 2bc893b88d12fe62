import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { endTree } from './process-tree.mjs';
import { PlainError } from './terminal.mjs';

/**
 * What was started here and has not ended yet.
 * @type {Set<import('node:child_process').ChildProcess>}
 */
const running = new Set();

/**
 * Starts a program that is remembered until it ends, so that {@link endEverything} can end it.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 */
export function start(command, args, options = {}) {
  const child = spawn(command, args, options);
  running.add(child);
  const forget = () => running.delete(child);
  child.once('exit', forget);
  child.once('error', forget);
  return child;
}

/**
 * Starts a program that stays, apart from the terminal's own process group: Ctrl+C reaches us alone, and we end the program with all that
 * it has started. Were it reached too, it could be gone before its children are known, and they would stay.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 */
export function startApart(command, args, options = {}) {
  return start(command, args, { ...options, detached: process.platform !== 'win32' });
}

/**
 * @typedef {object} RunOptions
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env] replaces the environment
 * @property {'collect' | 'inherit'} [output] `inherit` shows what is printed as it comes; the default collects it
 */

/**
 * Runs a program to its end. Exit codes are values here, not failures; only a program that cannot be started throws.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<{ code: number, stdout: string, output: string }>} `output` is both streams in the order they came
 */
export function run(command, args, { cwd, env, output = 'collect' } = {}) {
  return new Promise((resolve, reject) => {
    const child = start(command, args, {
      ...(cwd === undefined ? {} : { cwd }),
      ...(env === undefined ? {} : { env }),
      stdio: output === 'inherit' ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let both = '';
    child.stdout?.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
      stdout += text;
      both += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
      both += text;
    });
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ code: code ?? 1, stdout, output: both });
    });
  });
}

/**
 * Runs a program that has to succeed.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 * @throws {PlainError} with what it printed, when it ends with another code than 0
 */
export async function runOrThrow(command, args, options) {
  const result = await run(command, args, options);
  if (result.code === 0) return result;
  throw new PlainError(`${[command, ...args].join(' ')} failed with code ${result.code}\n${result.output.trim()}`);
}

/**
 * Runs npm with this Node. The npm that started us is preferred: its own `npm_execpath` needs no shell, also on Windows.
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 */
export function npm(args, options) {
  const all = [...args, '--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'];
  const program = process.env['npm_execpath'];
  if (program?.endsWith('.js') === true) return runOrThrow(process.execPath, [program, ...all], options);
  if (process.platform !== 'win32') return runOrThrow('npm', all, options);
  // npm.cmd is a batch file, which only the shell can start
  return runOrThrow(process.env['ComSpec'] ?? 'cmd.exe', ['/d', '/s', '/c', 'npm.cmd', ...all], options);
}

/**
 * The path of a program on PATH, or undefined.
 * @param {readonly string[]} names in order of preference
 */
export function findProgram(names) {
  const endings = process.platform === 'win32' ? ['.exe', '.cmd', '.bat'] : [''];
  const folders = (process.env['PATH'] ?? '').split(path.delimiter).filter((folder) => folder !== '');
  const contents = folders.map((folder) => ({ folder, entries: entriesOf(folder) }));
  for (const name of names.flatMap((bare) => endings.map((ending) => bare + ending))) {
    const place = contents.find(({ entries }) => entries.has(name));
    if (place) return path.join(place.folder, name);
  }
  return undefined;
}

/** @param {string} folder */
function entriesOf(folder) {
  try {
    return new Set(readdirSync(folder));
  } catch {
    return new Set(/** @type {string[]} */ ([])); // PATH may name folders that do not exist
  }
}

/** Ends everything that was started here and still runs, with its descendants. */
export async function endEverything() {
  await Promise.all([...running].flatMap((child) => (child.pid === undefined ? [] : [endTree(child.pid)])));
}

/**
 * On Ctrl+C, SIGTERM or a closed terminal: ends everything, then exits as a shell expects it (128 + signal number).
 * @param {() => Promise<void>} [first] what to stop before the processes are ended
 */
export function endEverythingOnSignals(first) {
  let isEnding = false;
  const end = (/** @type {number} */ code) => {
    if (isEnding) return;
    isEnding = true;
    void (async () => {
      try {
        await first?.();
      } finally {
        await endEverything();
        process.exit(code);
      }
    })();
  };
  process.on('SIGINT', () => end(130));
  process.on('SIGTERM', () => end(143));
  process.on('SIGHUP', () => end(129));
}
