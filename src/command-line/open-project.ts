import * as l10n from '@vscode/l10n';
import { relative, resolve } from 'node:path';
import { isWithin } from '../base/files.ts';
import { OtaError } from '../base/ota-error.ts';
import type { IdfProject } from '../idf/project.ts';
import type { ProjectLoader } from '../idf/project-loader.ts';
import type { CommandContext, Operand } from './command.ts';
import { UsageError } from './usage-error.ts';

/** The operand that names a project. */
export const PROJECT_OPERAND: Operand = {
  usage: '[project]',
  describe: () =>
    l10n.t('folder of an ESP-IDF project, or one with a single project in it; by default the current folder'),
};

export interface OpenProject {
  readonly folder: string;
  readonly project: IdfProject;
  /** Gives the project as it is now. */
  readonly loader: ProjectLoader;
}

/** Reads the project in a folder.
 * @param given as the user typed it
 * @throws {OtaError} `project.notIdf`, `file.unreadable`, `cancelled`
 * @throws {UsageError} `usage.severalProjects` */
export async function openProject(context: CommandContext, given: string | undefined): Promise<OpenProject> {
  const folder = await findProject(context, given ?? '.');
  const [{ ProjectLoader: Loader }, { describeGit }] = await Promise.all([
    import('../idf/project-loader.ts'),
    import('../ota/describe-git.ts'),
  ]);
  const loader = new Loader(context.files, { environment: context.env, describeGit });
  return { folder, loader, project: await loader.load(folder, context.signal) };
}

async function findProject({ cwd, files, signal }: CommandContext, given: string): Promise<string> {
  const root = resolve(cwd, given);
  const found = await files.stat(root);
  if (found === undefined) throw new OtaError('file.unreadable', { path: root, reason: 'ENOENT' });
  const { findProjects } = await import('../idf/find-projects.ts');
  const folders = found.isDirectory ? await findProjects([root], files, signal) : [];
  const [first, ...others] = folders;
  if (first === undefined) throw new OtaError('project.notIdf', { folder: root });
  if (first === root || others.length === 0) return first;
  const names = folders.map((one) => shownPath(cwd, one));
  throw new UsageError(
    'usage.severalProjects',
    l10n.t('There are several projects in {0}: name one of {1}.', shownPath(cwd, root), names.join(', ')),
    { folder: root, projects: folders.join('\n') },
  );
}

/** A path as people name it: relative where it lies below the current folder. */
export function shownPath(cwd: string, path: string): string {
  const inside = relative(cwd, path);
  if (inside === '') return '.';
  return isWithin(path, cwd) && resolve(cwd, inside) === path ? inside : path;
}
