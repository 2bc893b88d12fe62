import { execFile } from 'node:child_process';
import { relative } from 'node:path';
import type { PrivateKeyFile } from '../doctor/facts.ts';
import { NO_PROGRAMS } from './describe-git.ts';

const TIMEOUT_MS = 5000;

function git(folder: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile('git', [...NO_PROGRAMS, ...args], { cwd: folder, timeout: TIMEOUT_MS }, (_error, stdout) => {
      resolve(stdout);
    });
  });
}

/** Which of the files git tracks and which it ignores. No git and no repository are "neither". */
export async function gitFacts(folder: string, paths: readonly string[]): Promise<readonly PrivateKeyFile[]> {
  if (paths.length === 0) return [];
  const names = paths.map((path) => relative(folder, path).replaceAll('\\', '/'));
  const [tracked, ignored] = await Promise.all([
    git(folder, ['ls-files', '-z', '--', ...names]),
    git(folder, ['check-ignore', '-z', '--', ...names]),
  ]);
  const trackedNames = new Set(tracked.split('\0'));
  const ignoredNames = new Set(ignored.split('\0'));
  return paths.map((path, index) => {
    const name = names[index] ?? '';
    return { path, isTracked: trackedNames.has(name), isIgnored: ignoredNames.has(name) };
  });
}
