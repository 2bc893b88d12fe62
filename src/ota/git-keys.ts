import { relative } from 'node:path';
import type { PrivateKeyFile } from '../doctor/facts.ts';
import { askGit } from './ask-git.ts';

/** Which of the files git tracks and which it ignores. No git and no repository are "neither". */
export async function gitFacts(folder: string, paths: readonly string[]): Promise<readonly PrivateKeyFile[]> {
  if (paths.length === 0) return [];
  const names = paths.map((path) => relative(folder, path).replaceAll('\\', '/'));
  const [tracked = '', ignored = ''] = await Promise.all([
    askGit(folder, ['ls-files', '-z', '--', ...names]),
    // fails where none is ignored
    askGit(folder, ['check-ignore', '-z', '--', ...names]),
  ]);
  const trackedNames = new Set(tracked.split('\0'));
  const ignoredNames = new Set(ignored.split('\0'));
  return paths.map((path, index) => {
    const name = names[index] ?? '';
    return { path, isTracked: trackedNames.has(name), isIgnored: ignoredNames.has(name) };
  });
}
