import { isAbsolute, join } from 'node:path';
import { mapBuiltPath } from './build-folder.ts';
import type { CmakeFile } from './cmake-file.ts';
import { defaultsCandidates, listVariable, targetDefaultsPath } from './config-defaults.ts';
import { projectConfig, type ConfigReader } from './config-reader.ts';
import type { Build } from './load-build.ts';
import { readText, type Loading } from './loading.ts';
import { problem } from './problem.ts';
import type { ConfigFile } from './project.ts';
import { parseSdkconfig, type Sdkconfig } from './sdkconfig.ts';

/** sdkconfig, its defaults, and what they mean together. */
export interface Configuration {
  readonly config: ConfigReader;
  readonly sdkconfig: Sdkconfig | undefined;
  /** Where sdkconfig is or would be. */
  readonly sdkconfigPath: string;
  readonly defaults: readonly ConfigFile[];
  readonly target: string | undefined;
}

/** Finds and reads sdkconfig (moved by the variable SDKCONFIG, or where the last build had it) and the chain of defaults.
 * @param environment for SDKCONFIG_DEFAULTS */
export async function loadConfiguration(
  loading: Loading,
  cmake: CmakeFile | undefined,
  build: Build,
  environment: Readonly<Record<string, string | undefined>> = {},
): Promise<Configuration> {
  const { folder, problems } = loading;
  const { description } = build;
  const builtPath = (path: string): string => mapBuiltPath(path, description?.projectPath, folder);
  const usual = join(folder, 'sdkconfig');
  const named = cmake === undefined ? undefined : listVariable(cmake, 'SDKCONFIG')?.[0];
  const moved = named === undefined ? description?.configFile : isAbsolute(named) ? named : join(folder, named);
  let sdkconfigPath = moved === undefined ? usual : builtPath(moved);
  let read = await readText(loading, sdkconfigPath, 'sdkconfig', parseSdkconfig);
  if (read === undefined && sdkconfigPath !== usual) {
    const other = await readText(loading, usual, 'sdkconfig', parseSdkconfig);
    if (other !== undefined || named === undefined) [sdkconfigPath, read] = [usual, other];
  }
  const sdkconfig = read?.value;
  const candidates = defaultsCandidates(folder, {
    cmake,
    environment: environment['SDKCONFIG_DEFAULTS'],
    lastBuild: description?.configDefaults.map(builtPath),
  });
  const defaults: ConfigFile[] = [];
  const targetOf = (): string | undefined =>
    projectConfig(
      sdkconfig === undefined ? undefined : { path: sdkconfigPath, content: sdkconfig },
      defaults,
      undefined,
    ).string('IDF_TARGET') ?? description?.target;
  for (const { path, isRequired } of candidates) {
    const file = await readText(loading, path, 'sdkconfig', parseSdkconfig);
    if (file === undefined) {
      if (isRequired) problems.push(problem('error', 'sdkconfigDefaults.missing', path, { file: path }));
      continue;
    }
    defaults.push({ path, content: file.value });
    const companion = targetDefaultsPath(path, targetOf() ?? 'esp32');
    const forTarget = await readText(loading, companion, 'sdkconfig', parseSdkconfig);
    if (forTarget !== undefined && !candidates.some((candidate) => candidate.path === companion)) {
      defaults.push({ path: companion, content: forTarget.value });
    }
  }
  const all = [...(sdkconfig === undefined ? [] : [{ path: sdkconfigPath, content: sdkconfig }]), ...defaults];
  for (const { path, content } of all) {
    for (const found of content.problems) {
      problems.push(problem('warning', found.code, path, found.details, { line: found.line }));
    }
  }
  const config = projectConfig(
    sdkconfig === undefined ? undefined : { path: sdkconfigPath, content: sdkconfig },
    defaults,
    build.config,
  );
  return { config, sdkconfig, sdkconfigPath, defaults, target: config.string('IDF_TARGET') ?? description?.target };
}
