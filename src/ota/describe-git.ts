import { execFile } from 'node:child_process';
import type { DescribeGit } from '../idf/project-loader.ts';

/** Git answers at once or something is wrong with it. */
const TIMEOUT_MS = 5000;

/** Programs that a repository's configuration could name are not to run: `--dirty` looks at every file, which one of them may be asked about. */
export const NO_PROGRAMS = ['-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null', '--no-optional-locks'];

/** Asks git for the version as ESP-IDF's build does. No git, no repository and no commit are all "nothing".
 * @see ESP-IDF v5.5 `tools/cmake/third_party/GetGitRevisionDescription.cmake`, `git_describe` */
export const describeGit: DescribeGit = (folder, signal) =>
  new Promise((resolve) => {
    const options = { cwd: folder, timeout: TIMEOUT_MS, ...(signal === undefined ? {} : { signal }) };
    execFile('git', [...NO_PROGRAMS, 'describe', '--always', '--tags', '--dirty'], options, (error, stdout) => {
      const text = stdout.trim();
      resolve(error !== null || text === '' ? undefined : text);
    });
  });
