import { join } from 'node:path';
import type { IdfProject } from './project.ts';

/** Where the last build put the application with its symbols; undefined when there is no build. The file need not be there.
 * @see ESP-IDF v5.5 `project_description.json`, `app_elf` */
export function appElfPath({ buildFolder, description, name }: IdfProject): string | undefined {
  return buildFolder === undefined ? undefined : join(buildFolder, description?.appElf ?? `${name}.elf`);
}

/** Where to look up addresses of the application that was built last: the file with its symbols, and the folder that its own sources are named
 * from. */
export function appSymbols(
  project: IdfProject | undefined,
): { readonly elfPath: string; readonly projectFolder: string } | undefined {
  const elfPath = project === undefined ? undefined : appElfPath(project);
  return project === undefined || elfPath === undefined ? undefined : { elfPath, projectFolder: project.folder };
}
