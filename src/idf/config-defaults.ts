import { isAbsolute, join } from 'node:path';
import { literalOf, type CmakeFile } from './cmake-file.ts';

export interface DefaultsCandidate {
  readonly path: string;
  /** A file that is named somewhere has to exist (the build stops otherwise); `sdkconfig.defaults` and the per-target files need not. */
  readonly isRequired: boolean;
}

export interface DefaultsSources {
  /** `set(SDKCONFIG_DEFAULTS …)` in the project's CMakeLists.txt goes before the environment. */
  readonly cmake?: CmakeFile | undefined;
  /** The environment variable SDKCONFIG_DEFAULTS, a `;`-list. */
  readonly environment?: string | undefined;
  /** What the last build read, paths of this computer. Counts when CMake computes the list or it came over the command line. */
  readonly lastBuild?: readonly string[] | undefined;
}

/** The files of defaults in the order they are read, a later one over an earlier one, without their per-target companions.
 * @see ESP-IDF v5.5 `tools/cmake/project.cmake` (`SDKCONFIG_DEFAULTS`) */
export function defaultsCandidates(folder: string, sources: DefaultsSources): readonly DefaultsCandidate[] {
  const named =
    (sources.cmake === undefined ? undefined : listVariable(sources.cmake, 'SDKCONFIG_DEFAULTS')) ??
    (sources.environment ?? '').split(';').filter((path) => path !== '');
  const list = named.length > 0 ? named : (sources.lastBuild ?? []);
  const fallback = join(folder, 'sdkconfig.defaults');
  if (list.length === 0) return [{ path: fallback, isRequired: false }];
  const paths = [...new Set(list.map((path) => (isAbsolute(path) ? path : join(folder, path))))];
  return paths.map((path) => ({ path, isRequired: named.length > 0 && path !== fallback }));
}

/** `F.<target>` is read after F when both exist.
 * @see ESP-IDF v5.5 `tools/cmake/kconfig.cmake` */
export function targetDefaultsPath(path: string, target: string): string {
  return `${path}.${target}`;
}

/** The value of a list variable that is set before project(), or undefined when it is not set there or CMake computes it. `${CMAKE_SOURCE_DIR}` and
 * its like at the start of an entry stand for the project folder. */
export function listVariable(file: CmakeFile, name: string): readonly string[] | undefined {
  let list: string[] | undefined;
  for (const call of file.calls) {
    if (call.name === 'project') break;
    if (call.arguments[0]?.text !== name || (call.name !== 'set' && call.name !== 'list')) continue;
    if (call.name === 'list') return undefined;
    list = [];
    for (const argument of call.arguments.slice(1)) {
      if (argument.kind === 'unquoted' && (argument.text === 'CACHE' || argument.text === 'PARENT_SCOPE')) break;
      const text = argument.text.replaceAll(
        /(^|;)\$\{(?:CMAKE_SOURCE_DIR|CMAKE_CURRENT_SOURCE_DIR|CMAKE_CURRENT_LIST_DIR|PROJECT_DIR)\}\//g,
        '$1',
      );
      const value = literalOf({ ...argument, text });
      if (value === undefined) return undefined;
      list.push(...value.split(';').filter((entry) => entry !== ''));
    }
  }
  return list;
}
