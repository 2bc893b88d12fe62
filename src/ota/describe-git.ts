import type { DescribeGit } from '../idf/project-loader.ts';
import { askGit, withoutFilters } from './ask-git.ts';

/** Asks git for the version as ESP-IDF's build does. No git, no repository and no commit are all "nothing". Whether a file has changed is
 * only asked where that runs no program of the repository; what has changed within a submodule, whose configuration is one more, is not.
 * @see ESP-IDF v5.5 `tools/cmake/third_party/GetGitRevisionDescription.cmake`, `git_describe` */
export const describeGit: DescribeGit = async (folder, signal) => {
  const described = (await askGit(folder, ['describe', '--always', '--tags'], { signal }))?.trim();
  if (described === undefined || described === '') return undefined;
  const more = await withoutFilters(folder, signal);
  if (more === undefined) return described;
  const status = ['status', '--porcelain', '--untracked-files=no', '--no-renames', '--ignore-submodules=dirty'];
  const changes = await askGit(folder, status, { signal, more });
  return changes === undefined || changes === '' ? described : `${described}-dirty`;
};
