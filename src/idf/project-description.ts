import { own, parseJsonObject, textOf } from './json-file.ts';

/** What `build/project_description.json` says. Every field may be missing: keys came and went between its versions 1 and 1.3. Paths are those of the
 * computer (or container) that built.
 * @see ESP-IDF v5.5 `tools/cmake/project_description.json.in` */
export interface ProjectDescription {
  readonly formatVersion?: string;
  readonly projectName?: string;
  readonly projectVersion?: string;
  readonly projectPath?: string;
  readonly idfPath?: string;
  readonly buildFolder?: string;
  /** Path of sdkconfig. */
  readonly configFile?: string;
  /** Paths of the defaults files, in the order they are read. */
  readonly configDefaults: readonly string[];
  /** File names relative to the build folder. */
  readonly bootloaderElf?: string;
  readonly appElf?: string;
  readonly appBin?: string;
  /** Version of ESP-IDF, such as `v5.4.4`. */
  readonly gitRevision?: string;
  readonly target?: string;
  /** Chip revisions as `major * 100 + minor`. */
  readonly minRevision?: number;
  readonly maxRevision?: number;
  readonly monitorBaud?: number;
  readonly monitorToolPrefix?: string;
}

/** @throws {OtaError} `idfJson.invalid` */
export function parseProjectDescription(text: string): ProjectDescription {
  const json = parseJsonObject(text);
  const number = (key: string): number | undefined => {
    const value = own(json, key);
    if (typeof value === 'number') return Number.isSafeInteger(value) ? value : undefined;
    return typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : undefined;
  };
  return withoutUndefined({
    formatVersion: textOf(json, 'version'),
    projectName: textOf(json, 'project_name'),
    projectVersion: textOf(json, 'project_version'),
    projectPath: textOf(json, 'project_path'),
    idfPath: textOf(json, 'idf_path'),
    buildFolder: textOf(json, 'build_dir'),
    configFile: textOf(json, 'config_file'),
    configDefaults: (textOf(json, 'config_defaults') ?? '').split(';').filter((path) => path !== ''),
    bootloaderElf: textOf(json, 'bootloader_elf'),
    appElf: textOf(json, 'app_elf'),
    appBin: textOf(json, 'app_bin'),
    gitRevision: textOf(json, 'git_revision'),
    target: textOf(json, 'target'),
    minRevision: number('min_rev'),
    maxRevision: number('max_rev'),
    monitorBaud: number('monitor_baud'),
    monitorToolPrefix: textOf(json, 'monitor_toolprefix'),
  });
}

type WithoutUndefined<T> = { [Key in keyof T as undefined extends T[Key] ? never : Key]: T[Key] } & {
  [Key in keyof T as undefined extends T[Key] ? Key : never]?: Exclude<T[Key], undefined>;
};

/** Drops the keys whose value is undefined, so that an optional property is either there or not. */
export function withoutUndefined<T extends object>(value: T): WithoutUndefined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as WithoutUndefined<T>;
}
