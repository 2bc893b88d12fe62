// Reads as much of an ESP-IDF project as its build outputs depend on: CMakeLists.txt, sdkconfig, version, embedded files, sources.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

/** A build that ends as a real one would end, with words for the person who started it. */
export class BuildFailure extends Error {}

/** @typedef {boolean | number | string} ConfigValue */

/**
 * @typedef {object} Project
 * @property {string} folder
 * @property {string} name
 * @property {string} version
 * @property {ReadonlyMap<string, ConfigValue>} config without the `CONFIG_` prefix
 * @property {string} idfVersion such as `5.5.1`
 * @property {string} target
 * @property {readonly { path: string, isText: boolean }[]} embedded
 * @property {readonly { path: string, content: string }[]} sources
 */

/**
 * What an unset option is when neither sdkconfig nor its defaults name it.
 * @type {Readonly<Record<string, ConfigValue>>}
 */
const DEFAULTS = {
  IDF_TARGET: 'esp32',
  ESPTOOLPY_FLASHSIZE: '2MB',
  ESPTOOLPY_FLASHMODE: 'dio',
  ESPTOOLPY_FLASHFREQ: '40m',
  PARTITION_TABLE_FILENAME: 'partitions_singleapp.csv',
  PARTITION_TABLE_CUSTOM_FILENAME: 'partitions.csv',
  PARTITION_TABLE_OFFSET: 0x8000,
  PARTITION_TABLE_MD5: true,
};

const TABLE_OF_CHOICE = {
  PARTITION_TABLE_SINGLE_APP: 'partitions_singleapp.csv',
  PARTITION_TABLE_SINGLE_APP_LARGE: 'partitions_singleapp_large.csv',
  PARTITION_TABLE_TWO_OTA: 'partitions_two_ota.csv',
  PARTITION_TABLE_TWO_OTA_LARGE: 'partitions_two_ota_large.csv',
};

/**
 * @param {string} projectFolder
 * @returns {Project}
 */
export function readProject(projectFolder) {
  const folder = resolve(projectFolder);
  const cmake = readIfThere(join(folder, 'CMakeLists.txt'))?.replace(/#.*$/gm, '');
  const project = /\bproject\s*\(\s*"?([^\s")]+)"?(?:\s+VERSION\s+"?([\d.]+)"?)?/i.exec(cmake ?? '');
  if (cmake === undefined || project === null || !/project\.cmake|idf\.cmake/.test(cmake)) {
    throw new BuildFailure(
      `${folder} is not an ESP-IDF project: its CMakeLists.txt must include project.cmake and call project(NAME).`,
    );
  }
  const { config, idfVersion } = readConfig(folder);
  return {
    folder,
    name: project[1] ?? basename(folder),
    version: projectVersion(folder, cmake, project[2], config).slice(0, 31),
    config,
    idfVersion,
    target: String(config.get('IDF_TARGET')),
    embedded: embeddedFiles(folder),
    sources: sourceFiles(folder),
  };
}

/**
 * sdkconfig, or, as long as there is none, `sdkconfig.defaults` and `sdkconfig.defaults.<target>`, from which it is made then.
 * @param {string} folder
 */
function readConfig(folder) {
  const path = join(folder, 'sdkconfig');
  let text = readIfThere(path);
  if (text === undefined) {
    const defaults = readIfThere(join(folder, 'sdkconfig.defaults')) ?? '';
    const target = parseSdkconfig(defaults).get('IDF_TARGET') ?? DEFAULTS['IDF_TARGET'];
    const body = `CONFIG_IDF_TARGET="${target}"\n${defaults}${readIfThere(join(folder, `sdkconfig.defaults.${target}`)) ?? ''}`;
    text = `#\n# Automatically generated file. DO NOT EDIT.\n# Espressif IoT Development Framework (ESP-IDF) 5.5.1 Project Configuration\n#\n${body}`;
    writeFileSync(path, text);
  }
  const config = new Map([...Object.entries(DEFAULTS), ...parseSdkconfig(text)]);
  // options without a prompt follow from the choice, whatever the file says of them
  for (const [choice, table] of Object.entries(TABLE_OF_CHOICE)) {
    if (config.get(choice) === true) config.set('PARTITION_TABLE_FILENAME', table);
  }
  if (config.get('PARTITION_TABLE_CUSTOM') === true) {
    config.set('PARTITION_TABLE_FILENAME', String(config.get('PARTITION_TABLE_CUSTOM_FILENAME')));
  }
  for (const [key, value] of config) {
    const size = /^ESPTOOLPY_FLASHSIZE_(\d+MB)$/.exec(key)?.[1];
    if (size !== undefined && value === true) config.set('ESPTOOLPY_FLASHSIZE', size);
  }
  const idfVersion = /\(ESP-IDF\) (\S+) Project Configuration/.exec(text)?.[1] ?? '5.5.1';
  return { config, idfVersion };
}

/**
 * @param {string} text
 * @returns {Map<string, ConfigValue>}
 */
export function parseSdkconfig(text) {
  const config = new Map();
  const current = text.split('# Deprecated options for backward compatibility')[0] ?? '';
  for (const line of current.split(/\r?\n/)) {
    const unset = /^# CONFIG_(\w+) is not set/.exec(line);
    if (unset !== null) config.set(unset[1], false);
    const [, key, value = ''] = /^CONFIG_(\w+)=(.*?)\s*$/.exec(line) ?? [];
    if (key === undefined) continue;
    const quoted = /^"((?:[^"\\]|\\.)*)"/.exec(value);
    if (quoted !== null) config.set(key, quoted[1]?.replace(/\\(.)/g, '$1') ?? '');
    else if (value === 'y' || value === 'n') config.set(key, value === 'y');
    else config.set(key, Number.isNaN(Number(value)) ? value : Number(value));
  }
  return config;
}

/**
 * @see ESP-IDF v5.5 `tools/cmake/project.cmake`, `components/esp_app_format/CMakeLists.txt`
 * @param {string} folder
 * @param {string} cmake
 * @param {string | undefined} argument of project(… VERSION x)
 * @param {ReadonlyMap<string, ConfigValue>} config
 */
function projectVersion(folder, cmake, argument, config) {
  if (config.get('APP_PROJECT_VER_FROM_CONFIG') === true) return String(config.get('APP_PROJECT_VER') ?? '1');
  const variable = /\bset\s*\(\s*PROJECT_VER\s+"?([^\s")]+)"?/i.exec(cmake)?.[1];
  if (variable !== undefined) return variable;
  const file = readIfThere(join(folder, 'version.txt'));
  // file(STRINGS) makes a list of the lines
  if (file !== undefined)
    return file
      .split(/\r?\n/)
      .filter((line) => line !== '')
      .join(';');
  if (argument !== undefined) return argument;
  const git = spawnSync('git', ['describe', '--always', '--tags', '--dirty'], { cwd: folder, encoding: 'utf8' });
  return (git.status === 0 && git.stdout.trim()) || '1';
}

/**
 * Files named behind EMBED_TXTFILES and EMBED_FILES. Conditions around them are not evaluated.
 * @param {string} folder
 */
function embeddedFiles(folder) {
  return components(folder).flatMap((component) => {
    const cmake = (readIfThere(join(component, 'CMakeLists.txt')) ?? '').replace(/#.*$/gm, '');
    return [...cmake.matchAll(/\b(EMBED_TXTFILES|EMBED_FILES)\s+([^)]*)/g)].flatMap(([, keyword, rest = '']) => {
      const names = rest.trim().split(/\s+/);
      const end = names.findIndex((name) => /^[A-Z_]+$/.test(name));
      return (end < 0 ? names : names.slice(0, end)).map((name) => ({
        path: resolve(component, name.replaceAll('"', '').replace(/\$\{(project_dir|PROJECT_DIR)\}/g, folder)),
        isText: keyword === 'EMBED_TXTFILES',
      }));
    });
  });
}

/** @param {string} folder */
function sourceFiles(folder) {
  return components(folder)
    .flatMap((component) => filesUnder(component))
    .filter((path) => /\.(c|cc|cpp|h|hpp|S)$/.test(path))
    .map((path) => ({ path, content: readFileSync(path, 'utf8') }));
}

/** @param {string} folder */
function components(folder) {
  const more = join(folder, 'components');
  const names = existsSync(more) ? readdirSync(more).sort() : [];
  return [join(folder, 'main'), ...names.map((name) => join(more, name))].filter((path) => existsSync(path));
}

/**
 * @param {string} folder
 * @returns {string[]}
 */
function filesUnder(folder) {
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const path = join(folder, name);
      return statSync(path).isDirectory() ? (name === 'build' ? [] : filesUnder(path)) : [path];
    });
}

/**
 * @param {string} path
 * @returns {string | undefined}
 */
export function readIfThere(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/**
 * A digest of everything that the outputs depend on.
 * @param {Project} project
 * @param {readonly (string | Uint8Array)[]} more
 */
export function fingerprint(project, more = []) {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([project.name, project.version, project.idfVersion, [...project.config]]));
  for (const source of project.sources) hash.update(`${source.path.slice(project.folder.length)}\0${source.content}\0`);
  for (const content of more) hash.update(content);
  return hash.digest('hex');
}
