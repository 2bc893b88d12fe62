import { spawn } from 'node:child_process';
import { win32 } from 'node:path';
import { OtaError } from '../base/ota-error.ts';
import type { BuildInvocation } from '../idf/build-environment.ts';

/** Runs a build outside of an editor, and waits for its end. Cancelling ends it with all that it has started.
 * @param onOutput what it prints, to both of its streams
 * @throws {OtaError} `build.failed` with the exit code, -1 when it could not be started; `cancelled` */
export function runBuild(
  folder: string,
  { commandLine, shell, environment, program }: BuildInvocation,
  onOutput: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(new OtaError('cancelled', { what: 'build' }));
      return;
    }
    // a group of its own, so that what the shell started ends with it
    const isGroup = process.platform !== 'win32';
    const options = {
      cwd: folder,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'] as ['ignore', 'pipe', 'pipe'],
      detached: isGroup,
    };
    const child =
      program === undefined
        ? spawn(commandLine, { ...options, shell: shell?.path ?? true })
        : spawn(program.path, [...program.args], options);
    const stop = (): void => {
      if (child.pid === undefined) return;
      const how = endingOf(child.pid);
      if (how.kind === 'program') {
        // where it can't be started, the shell at least is ended
        spawn(how.path, how.args, { stdio: 'ignore', windowsHide: true }).on('error', () => child.kill());
        return;
      }
      try {
        process.kill(-how.group);
      } catch {
        // it has just ended
      }
    };
    const decoders = [child.stdout, child.stderr].map((stream) => stream.setEncoding('utf8'));
    for (const stream of decoders) stream.on('data', onOutput);
    signal.addEventListener('abort', stop, { once: true });
    child.on('error', () => {
      signal.removeEventListener('abort', stop);
      reject(new OtaError('build.failed', { exitCode: -1, path: folder }));
    });
    child.on('close', (code) => {
      signal.removeEventListener('abort', stop);
      if (signal.aborted) reject(new OtaError('cancelled', { what: 'build' }));
      else if (code === 0) resolve();
      else reject(new OtaError('build.failed', { exitCode: code ?? -1, path: folder }));
    });
  });
}

/** How a process ends with all that it has started: as a group, or on Windows, which has none, by a program that goes through its children. That
 * one is named by its whole path, since Windows looks for programs in the current folder first, which may be the project's.
 * @see Microsoft, "taskkill", `/t` and `/f` */
export function endingOf(
  pid: number,
  platform: NodeJS.Platform = process.platform,
  systemRoot = process.env['SystemRoot'] ?? 'C:\\Windows',
):
  | { readonly kind: 'group'; readonly group: number }
  | { readonly kind: 'program'; readonly path: string; readonly args: readonly string[] } {
  if (platform !== 'win32') return { kind: 'group', group: pid };
  const path = win32.join(systemRoot, 'System32', 'taskkill.exe');
  return { kind: 'program', path, args: ['/PID', String(pid), '/T', '/F'] };
}
