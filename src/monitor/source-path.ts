/** What ESP-IDF puts in place of the project's folder when `CONFIG_APP_REPRODUCIBLE_BUILD` is set.
 * @see ESP-IDF v5.5 `tools/cmake/prefix_map.cmake` (`/IDF_PROJECT`, `/IDF`, `/IDF_BUILD`) */
const REPRODUCIBLE_PROJECT = '/IDF_PROJECT/';
/** Folders of a project that hold what its author did not write. */
const NOT_OWN = /^(?:build[^/]*|managed_components|\.[^/]*)\//;

/** The path of a source file of the project's own, with `.` and `..` resolved and forward slashes; undefined for a file of ESP-IDF, of a
 * component that was downloaded, or one that the build made.
 * @param file as the compiler recorded it
 * @param projectFolder absolute */
export function ownSourcePath(file: string, projectFolder: string): string | undefined {
  const folder = withoutDots(projectFolder).replace(/\/+$/, '');
  const path = withoutDots(file);
  const inside = path.startsWith(REPRODUCIBLE_PROJECT)
    ? path.slice(REPRODUCIBLE_PROJECT.length)
    : withoutFolder(path, folder);
  return inside === undefined || NOT_OWN.test(inside) ? undefined : `${folder}/${inside}`;
}

function withoutFolder(path: string, folder: string): string | undefined {
  const start = path.slice(0, folder.length + 1);
  // drives mean Windows, where case does not matter
  const isWindows = /^[A-Za-z]:\//.test(folder);
  const isInside = isWindows ? start.toLowerCase() === `${folder}/`.toLowerCase() : start === `${folder}/`;
  return isInside ? path.slice(folder.length + 1) : undefined;
}

/** As text: links are not followed. */
export function withoutDots(path: string): string {
  const slashed = path.replaceAll('\\', '/');
  const root = /^(?:[A-Za-z]:)?\//.exec(slashed)?.[0] ?? '';
  const parts: string[] = [];
  for (const part of slashed.slice(root.length).split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else if (part !== '..' || root === '') parts.push(part);
  }
  return root + parts.join('/');
}
