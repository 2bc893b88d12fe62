import { execFileSync } from 'node:child_process';
import { mkdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { diskFiles } from '../../../src/base/files.ts';
import { gitPlaces } from '../../../src/idf/git-places.ts';
import { describeGit } from '../../../src/ota/describe-git.ts';
import { addFiles, makeFolder } from './project-folder.ts';

function git(folder: string, ...args: string[]): void {
  const identity = ['-c', 'user.name=a', '-c', 'user.email=a@example.com', '-c', 'protocol.file.allow=always'];
  execFileSync('git', [...identity, ...args], { cwd: folder, stdio: 'pipe' });
}

async function makeRepository(): Promise<string> {
  const folder = realpathSync(await makeFolder({ 'app/version.txt': '1.0.0\n' }));
  git(folder, 'init', '-q');
  commit(folder, 'first');
  return folder;
}

function commit(folder: string, message: string): void {
  git(folder, 'add', '.');
  git(folder, 'commit', '-q', '--allow-empty', '-m', message);
}

/** Paths of the places with when each was written last. */
async function stamps(folder: string): Promise<Record<string, number | undefined>> {
  const places = await gitPlaces(folder, diskFiles);
  const paths = places.map((place) => join(place.folder, place.glob === '**' ? '' : place.glob));
  return Object.fromEntries(paths.map((path) => [path, statSync(path, { throwIfNoEntry: false })?.mtimeMs] as const));
}

describe('where git keeps head and tags of a project', () => {
  it('is its own folder, which is watched with the project, at the root of a repository', async () => {
    expect(await gitPlaces(await makeRepository(), diskFiles)).toEqual([]);
  });

  it('is nowhere without a repository, or with a .git that is none', async () => {
    expect(await gitPlaces(await makeFolder({ 'a/.git': '' }), diskFiles)).toEqual([]);
    for (const text of ['', 'gitdir:', 'gitdir: ', 'nothing', 'x'.repeat(5000), 'gitdir: a\0b'])
      expect(await gitPlaces(await makeFolder({ '.git': text }), diskFiles)).toEqual([]);
  });

  it.each(['a commit', 'a tag', 'packed tags'])('is written by %s, for a project below the root', async (what) => {
    const root = await makeRepository();
    git(root, 'tag', 'v1.0.0');
    await expectWritten(root, join(root, 'app'), what);
  });

  it.each(['a commit', 'a tag', 'packed tags'])('is written by %s, for a work tree', async (what) => {
    const root = await makeRepository();
    git(root, 'tag', 'v1.0.0');
    const tree = join(realpathSync(await makeFolder()), 'tree');
    git(root, 'worktree', 'add', '-q', tree);
    await expectWritten(tree, tree, what);
    await expectWritten(tree, join(tree, 'app'), what);
  });

  it.each(['a commit', 'a tag', 'packed tags'])('is written by %s, for a submodule', async (what) => {
    const root = await makeRepository();
    git(root, 'submodule', '--quiet', 'add', await makeRepository(), 'product');
    const product = join(root, 'product');
    git(product, 'tag', 'v1.0.0');
    await expectWritten(product, product, what);
  });

  /** What makes git say something else writes one of the places. */
  async function expectWritten(at: string, project: string, what: string): Promise<void> {
    const before = await stamps(project);
    const said = await describeGit(project);
    await aLittleLater(at);
    if (what === 'a commit') commit(at, 'second');
    else if (what === 'a tag') git(at, 'tag', `v2.0.0-${Date.now()}`);
    else git(at, 'pack-refs', '--all');
    if (what === 'a commit') expect(await describeGit(project)).not.toBe(said);
    expect(await stamps(project)).not.toEqual(before);
  }

  /** Files that are written from now on have another time. */
  async function aLittleLater(folder: string): Promise<void> {
    const first = join(folder, 'first-time');
    mkdirSync(first, { recursive: true });
    const { mtimeMs } = statSync(first);
    await expect
      .poll(async () => {
        await addFiles(folder, { 'first-time/now': 'x' });
        return statSync(join(first, 'now')).mtimeMs;
      })
      .toBeGreaterThan(mtimeMs);
  }
});
