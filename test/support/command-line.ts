import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn as spawnPty, type IPty } from '@lydell/node-pty';
import { afterAll, beforeAll } from 'vitest';
import { commandLineBundle } from '../../scripts/lib/bundle.mjs';

/** How a run of the command line ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningCommand {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves when what was printed so far matches. */
  seen(pattern: RegExp): Promise<void>;
  readonly ended: Promise<Ended>;
}

/** The same in a terminal of its own. */
export interface CommandInTerminal {
  /** Everything it has shown, with what acts on the terminal. */
  readonly shown: () => string;
  readonly pid: number;
  type(keys: string): void;
  /** Closes its window. What was shown is all that will be seen. */
  close(): void;
  seen(pattern: RegExp): Promise<void>;
  readonly ended: Promise<number>;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

/** The command line as it is shipped, built anew into a folder of its own, run as a process of its own with an empty home. */
export interface CommandLine {
  /** The home of the user who runs it. */
  readonly home: () => string;
  run(argv: readonly string[], options?: RunOptions): Promise<Ended>;
  start(argv: readonly string[], options?: RunOptions): RunningCommand;
  terminal(argv: readonly string[], options?: RunOptions & { readonly columns?: number }): CommandInTerminal;
}

/** To be called at the top of a test file. */
export function useCommandLine(): CommandLine {
  let folder = '';
  const children = new Set<ChildProcess>();
  const terminals = new Set<IPty>();
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'esp32-ota-cli-'));
    const build = await commandLineBundle({ isProduction: false, folder: join(folder, 'dist') });
    await build.rebuild();
    await build.dispose();
  }, 120_000);
  afterAll(() => {
    for (const child of children) child.kill('SIGKILL');
    for (const terminal of terminals) process.kill(terminal.pid, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  const main = (): string => join(folder, 'dist', 'cli.js');
  const home = (): string => join(folder, 'home');
  const environment = (env: RunOptions['env']): Record<string, string> => ({
    PATH: process.env['PATH'] ?? '',
    HOME: home(),
    LOCALAPPDATA: home(),
    LANG: 'C',
    TERM: 'xterm',
    TZ: 'UTC',
    ...env,
  });

  const start = (argv: readonly string[], options: RunOptions = {}): RunningCommand => {
    const child = spawn(process.execPath, [main(), ...argv], {
      cwd: options.cwd ?? folder,
      env: environment(options.env),
      stdio: 'pipe',
    });
    children.add(child);
    if (options.stdin !== undefined) child.stdin.write(options.stdin);
    child.stdin.end();
    const watch = watchText();
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      watch.look(stdout + stderr);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      watch.look(stdout + stderr);
    });
    const ended = new Promise<Ended>((resolve) => {
      child.on('close', (code) => {
        children.delete(child);
        watch.end();
        resolve({ code, stdout, stderr });
      });
    });
    return { child, stdout: () => stdout, stderr: () => stderr, seen: watch.seen, ended };
  };

  return {
    home,
    start,
    run: (argv, options) => start(argv, options).ended,
    terminal: (argv, { cwd = folder, env, columns = 100 } = {}) => {
      const terminal = spawnPty(process.execPath, [main(), ...argv], {
        cwd,
        env: environment(env),
        cols: columns,
        rows: 30,
      });
      terminals.add(terminal);
      const watch = watchText();
      let shown = '';
      terminal.onData((text) => {
        shown += text;
        watch.look(shown);
      });
      const ended = new Promise<number>((resolve) => {
        terminal.onExit(({ exitCode }) => {
          terminals.delete(terminal);
          watch.end();
          resolve(exitCode);
        });
      });
      return {
        shown: () => shown,
        pid: terminal.pid,
        type: (keys) => {
          terminal.write(keys);
        },
        close: () => {
          // what a shell does besides: its window sends SIGHUP, and so does it
          (terminal as IPty & { destroy(): void }).destroy();
        },
        seen: watch.seen,
        ended,
      };
    },
  };
}

/** Sooner than the test itself is given up, so that what was seen is told. */
const MOST_MS = 25_000;

/** Waits for text that is still to come. */
function watchText(): {
  readonly look: (text: string) => void;
  readonly seen: (pattern: RegExp) => Promise<void>;
  readonly end: () => void;
} {
  let all = '';
  let isEnded = false;
  const waiting = new Set<() => void>();
  const tell = (): void => {
    for (const check of waiting) check();
  };
  return {
    look: (text) => {
      all = text;
      tell();
    },
    end: () => {
      isEnded = true;
      tell();
    },
    seen: (pattern) =>
      new Promise((resolve, reject) => {
        const failed = (why: string): void => {
          reject(new Error(`${why} without ${String(pattern)}:\n${JSON.stringify(all)}`));
        };
        const timer = setTimeout(failed, MOST_MS, `${MOST_MS} ms`);
        const check = (): void => {
          if (pattern.test(all)) resolve();
          else if (isEnded) failed('ended');
          else return;
          clearTimeout(timer);
          waiting.delete(check);
        };
        waiting.add(check);
        check();
      }),
  };
}
