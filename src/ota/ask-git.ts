import { execFile } from 'node:child_process';
import { dirname } from 'node:path';

/** Git answers at once or something is wrong with it. */
const TIMEOUT_MS = 5000;

/** Programs that a repository's configuration could name are not to run. */
const NO_PROGRAMS = ['-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null', '--no-optional-locks'];

/** Nor is anything fetched that a partial clone lacks, which would run the programs of a remote. */
const NO_FETCHING = { GIT_OPTIONAL_LOCKS: '0', GIT_NO_LAZY_FETCH: '1', GIT_ALLOW_PROTOCOL: '' };

type Variables = Readonly<Record<string, string | undefined>>;

/** What git says about a folder, without running a program that its repository names: what it printed, undefined when it failed or is not there. */
export function askGit(
  folder: string,
  args: readonly string[],
  { signal, more = {} }: { readonly signal?: AbortSignal | undefined; readonly more?: Variables } = {},
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const options = {
      // Windows looks for a program in the folder first in which it is to run
      cwd: dirname(process.execPath),
      env: { ...process.env, ...more, ...NO_FETCHING },
      timeout: TIMEOUT_MS,
      ...(signal === undefined ? {} : { signal }),
    };
    execFile('git', [...NO_PROGRAMS, '-C', folder, ...args], options, (error, stdout) => {
      resolve(error === null ? stdout : undefined);
    });
  });
}

/** Variables with which git sees no filter of the repository: `.gitattributes` can have each file that changed go through a program of its
 * configuration. Filters of the user's own configuration stay. Undefined for a git that knows no such variables.
 * @see gitattributes(5), "filter"; git(1), `GIT_CONFIG_COUNT`, since 2.31 */
export async function withoutFilters(folder: string, signal?: AbortSignal): Promise<Variables | undefined> {
  const probe = variablesOf(['filter.probe.clean']);
  const list = ['config', '-z', '--show-scope', '--name-only', '--get-regexp', '^filter\\.'];
  const told = (await askGit(folder, list, { signal, more: probe }))?.split('\0') ?? [];
  const found = told.flatMap((scope, place) => (place % 2 === 0 ? [{ scope, key: told[place + 1] ?? '' }] : []));
  if (!found.some(({ scope, key }) => scope === 'command' && key === 'filter.probe.clean')) return undefined;
  return variablesOf(found.flatMap(({ scope, key }) => (scope === 'local' || scope === 'worktree' ? [key] : [])));
}

/** Sets each of the keys to nothing, behind what the user has set in this way. */
function variablesOf(keys: readonly string[]): Variables {
  const first = Number(process.env['GIT_CONFIG_COUNT'] ?? 0) || 0;
  return Object.fromEntries([
    ['GIT_CONFIG_COUNT', String(first + keys.length)],
    ...keys.flatMap((key, place) => [
      [`GIT_CONFIG_KEY_${first + place}`, key],
      [`GIT_CONFIG_VALUE_${first + place}`, ''],
    ]),
  ]) as Variables;
}
