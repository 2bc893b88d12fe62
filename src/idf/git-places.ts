import { dirname, join, resolve } from 'node:path';
import type { FileStore } from '../base/files.ts';

/** Files that change with what git says of a folder: a glob in each of some folders, `**` in small ones only. */
export interface GitPlace {
  readonly folder: string;
  readonly glob: string;
}

/** A `.git` file is one line. */
const MOST_BYTES = 4096;

/** Where git keeps its head and its tags for a folder, when that is elsewhere than in its own `.git`: the folder lies below the root of the
 * repository, or in a work tree or submodule, whose `.git` is a file. None without a repository. What that file names is looked into: only
 * for folders in which git may be asked too.
 * @throws {OtaError} `file.unreadable`
 * @see gitrepository-layout(5) */
export async function gitPlaces(folder: string, files: FileStore): Promise<readonly GitPlace[]> {
  const own = await findGit(folder, files);
  if (own === undefined || own === join(folder, '.git')) return [];
  const common = await readPath(join(own, 'commondir'), own, '', files);
  return [
    { folder: own, glob: 'HEAD' },
    { folder: join(own, 'logs'), glob: 'HEAD' },
    { folder: common ?? own, glob: 'packed-refs' },
    { folder: join(common ?? own, 'refs', 'tags'), glob: '**' },
  ];
}

/** Git's own folder of the repository or work tree that a folder is in. */
async function findGit(folder: string, files: FileStore): Promise<string | undefined> {
  for (let at = folder; ; at = dirname(at)) {
    const path = join(at, '.git');
    const stat = await files.stat(path);
    if (stat?.isDirectory === true) return path;
    if (stat !== undefined) return readPath(path, at, 'gitdir:', files);
    if (dirname(at) === at) return undefined;
  }
}

/** A path that stands in a file, which may be relative to a folder. */
async function readPath(file: string, from: string, before: string, files: FileStore): Promise<string | undefined> {
  const stat = await files.stat(file);
  if (stat === undefined || stat.isDirectory || stat.sizeBytes > MOST_BYTES) return undefined;
  const text = (await files.readText(file))?.trim();
  if (text?.startsWith(before) !== true) return undefined;
  const path = text.slice(before.length).trim();
  return path === '' || path.includes('\0') ? undefined : resolve(from, path);
}
