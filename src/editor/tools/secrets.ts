import type { IdfProject } from '../../idf/project.ts';
import { secretValues } from './mask.ts';

/** Passwords and keys that the selected project is configured with: what its firmware may print. */
export function secretsOf(project: IdfProject | undefined): readonly string[] {
  if (project === undefined) return [];
  const files = [project.sdkconfig, ...project.defaults.map(({ content }) => content)];
  return secretValues(
    files.flatMap((file) =>
      [...(file?.entries.values() ?? [])]
        .filter(({ isQuoted }) => isQuoted)
        .map(({ name, value }): [string, string] => [name, value]),
    ),
  );
}
