import { isAbsolute, join } from 'node:path';
import type { FileStore } from '../base/files.ts';

const SKIPPED = new Set(['main', 'components', 'managed_components', 'node_modules', 'server_certs', 'docs']);

/** Folders with outputs of a build: those that hold a `project_description.json`, one level down from the project, `build` first and then by name;
 * a `build` folder with `flasher_args.json` only counts too. */
export async function findBuildFolders(folder: string, files: FileStore): Promise<readonly string[]> {
  const names = (await files.list(folder)).filter(
    (name) => !name.startsWith('.') && !SKIPPED.has(name) && !/\.\w{1,5}$/.test(name),
  );
  const found = await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      const marks = name === 'build' ? ['project_description.json', 'flasher_args.json'] : ['project_description.json'];
      const stats = await Promise.all(marks.map((mark) => files.stat(join(path, mark))));
      return stats.some((stat) => stat?.isDirectory === false) ? path : undefined;
    }),
  );
  return found
    .filter((path) => path !== undefined)
    .sort((one, other) => Number(other === join(folder, 'build')) - Number(one === join(folder, 'build')));
}

/** Whether a folder has what a build leaves. */
export async function holdsBuild(folder: string, files: FileStore): Promise<boolean> {
  const stats = await Promise.all(
    ['project_description.json', 'flasher_args.json'].map((mark) => files.stat(join(folder, mark))),
  );
  return stats.some((stat) => stat?.isDirectory === false);
}

/** The build folder to use: the one that is set, `build`, or the one that was configured last. */
export async function chooseBuildFolder(
  folder: string,
  found: readonly string[],
  setting: string | undefined,
  files: FileStore,
): Promise<string | undefined> {
  if (setting !== undefined && setting !== '') return isAbsolute(setting) ? setting : join(folder, setting);
  const usual = found.find((path) => path === join(folder, 'build'));
  if (usual !== undefined) return usual;
  const times = await Promise.all(
    found.map(async (path) => ({
      path,
      ms: (await files.stat(join(path, 'project_description.json')))?.modifiedMs ?? 0,
    })),
  );
  return times.sort((one, other) => other.ms - one.ms)[0]?.path;
}

/** A path that a build wrote down, on this computer: a project built in a container (`/project/sdkconfig`) lies elsewhere here. */
export function mapBuiltPath(path: string, builtProjectPath: string | undefined, folder: string): string {
  if (builtProjectPath === undefined) return path;
  const plain = path.replaceAll('\\', '/');
  const base = builtProjectPath.replaceAll('\\', '/').replace(/\/+$/, '');
  if (base === '' || !plain.startsWith(`${base}/`)) return path;
  return join(folder, plain.slice(base.length + 1));
}
