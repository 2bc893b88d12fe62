import { join } from 'node:path';
import type { IdfProject } from './project.ts';

/** Where the last build put the application with its symbols; undefined when there is no build. The file need not be there.
 * @see ESP-IDF v5.5 `project_description.json`, `app_elf` */
export function appElfPath({ buildFolder, description, name }: IdfProject): string | undefined {
  return buildFolder === undefined ? undefined : join(buildFolder, description?.appElf ?? `${name}.elf`);
}
