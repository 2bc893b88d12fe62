import { createHash } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { throwIfCancelled } from '../base/abort.ts';
import type { FileStore } from '../base/files.ts';
import { isOtaError } from '../base/ota-error.ts';
import { parseImage } from '../image/app-image.ts';
import { chooseBuildFolder, findBuildFolders, mapBuiltPath } from './build-folder.ts';
import { parseBuildConfig } from './build-config.ts';
import { idfBuildSystem, parseCmake, projectNameOf, type CmakeFile } from './cmake-file.ts';
import { defaultsCandidates, listVariable, targetDefaultsPath } from './config-defaults.ts';
import { configReader, projectConfig, type ConfigLayer } from './config-reader.ts';
import { embeddedFiles, type EmbeddedFile } from './embedded-files.ts';
import './errors.ts';
import { createFileCache, type CachedFile, type FileCache } from './file-cache.ts';
import { parseFlasherArgs, type FlasherArgs } from './flasher-args.ts';
import { parseIdfVersion, type IdfVersion } from './idf-version.ts';
import { readOtaConfig } from './ota-config.ts';
import { loadPartitionTable } from './partition-source.ts';
import { problem, problemOfError, type Problem } from './problem.ts';
import type { BuiltImage, ConfigFile, IdfProject, ProjectCertificate } from './project.ts';
import { parseProjectDescription, withoutUndefined, type ProjectDescription } from './project-description.ts';
import { parseSdkconfig, type Sdkconfig } from './sdkconfig.ts';
import { searchSources } from './source-search.ts';
import { resolveVersion, type ResolvedVersion, type VersionInputs } from './version.ts';

/** What `git describe --always --tags --dirty` prints in a folder; undefined where there is no repository. In an untrusted workspace nothing may be
 * run: pass none. */
export type DescribeGit = (folder: string, signal?: AbortSignal) => Promise<string | undefined>;

export interface LoadOptions {
  /** Absolute, or relative to the project. By default `build`, else the folder that was configured last. */
  readonly buildFolder?: string;
  /** For SDKCONFIG_DEFAULTS and for variables in a partition CSV. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly describeGit?: DescribeGit;
}

/** Loads one project again and again. What has not changed on disk (time and size) is not read again. */
export interface ProjectLoader {
  readonly folder: string;
  /** Never throws for what is in the project's files: that becomes problems of the snapshot.
   * @throws {OtaError} `cancelled` */
  load(signal?: AbortSignal): Promise<IdfProject>;
  /** Files read since the start; for tests and benchmarks. */
  readonly readCount: number;
}

/** A snapshot of a project, once. See {@link createProjectLoader} for one that is kept up to date.
 * @throws {OtaError} `cancelled` */
export function loadProject(
  folder: string,
  files: FileStore,
  options: LoadOptions = {},
  signal?: AbortSignal,
): Promise<IdfProject> {
  return createProjectLoader(folder, files, options).load(signal);
}

export function createProjectLoader(folder: string, files: FileStore, options: LoadOptions = {}): ProjectLoader {
  const cache = createFileCache(files);
  let gitDescription: { readonly value: string | undefined } | undefined;

  /** Git is asked again each time where it decides; where another source wins, what it said at first is enough for the list of the others. */
  async function describe(isDecisive: boolean, signal: AbortSignal | undefined): Promise<string | undefined> {
    if (gitDescription === undefined || isDecisive) {
      gitDescription = { value: await options.describeGit?.(folder, signal).catch(rethrowCancelled) };
    }
    return gitDescription.value;
  }

  return {
    folder,
    get readCount() {
      return cache.readCount;
    },
    load: (signal) => load({ folder, files, options, cache, signal, problems: [], describe }),
  };
}

function rethrowCancelled(error: unknown): undefined {
  if (isOtaError(error, 'cancelled')) throw error;
  return undefined;
}

interface Loading {
  readonly folder: string;
  readonly files: FileStore;
  readonly options: LoadOptions;
  readonly cache: FileCache;
  readonly signal: AbortSignal | undefined;
  readonly problems: Problem[];
  readonly describe: (isDecisive: boolean, signal: AbortSignal | undefined) => Promise<string | undefined>;
}

async function load(loading: Loading): Promise<IdfProject> {
  const { folder, files, options, cache, signal, problems } = loading;
  throwIfCancelled(signal, 'loadProject');
  const cmakePath = join(folder, 'CMakeLists.txt');
  const versionTxtPath = join(folder, 'version.txt');
  const [cmake, versionTxt, isPlatformIo, buildFolders, sources, lock] = await Promise.all([
    readText(loading, cmakePath, 'cmake', parseCmake),
    readText(loading, versionTxtPath, 'text', (text) => text),
    files.stat(join(folder, 'platformio.ini')).then(
      (stat) => stat !== undefined,
      () => false,
    ),
    findBuildFolders(folder, files).catch(reportTo(problems, folder, [])),
    searchSources(folder, files, cache).catch(reportTo(problems, folder, NO_SOURCES)),
    readText(loading, join(folder, 'dependencies.lock'), 'lock', lockedIdfVersion),
  ]);
  for (const found of cmake?.value.problems ?? []) {
    problems.push(problem('warning', found.code, cmakePath, found.details, { line: found.line }));
  }
  throwIfCancelled(signal, 'loadProject');

  const build = await loadBuild(loading, buildFolders);
  const { description } = build;
  const configuration = await loadConfiguration(loading, cmake?.value, build);
  const { config, sdkconfig, sdkconfigPath, defaults } = configuration;
  const buildSystem = cmake === undefined ? undefined : idfBuildSystem(cmake.value);
  reportRecognition(loading, buildSystem, sdkconfig, isPlatformIo);

  const cmakeName = cmake === undefined ? undefined : projectNameOf(cmake.value);
  const givenName = cmakeName ?? description?.projectName;
  const [app, bootloader] = await Promise.all([
    loadImage(loading, appPath(build, givenName)),
    loadImage(loading, bootloaderPath(build)),
  ]);
  throwIfCancelled(signal, 'loadProject');
  const image = app?.image?.description;
  const idfVersion = idfVersionOf([
    description?.gitRevision,
    sdkconfig?.idfVersion,
    image?.idfVersion,
    lock?.value,
    config.string('IDF_INIT_VERSION'),
  ]);
  const ota = readOtaConfig(config, idfVersion, symbolsOf(sdkconfig, defaults));
  const [partitionTable, version, main, unsignedAppPath] = await Promise.all([
    loadPartitionTable(
      {
        folder,
        buildFolder: build.folder,
        idfPath: description?.idfPath,
        config,
        sdkconfigPath,
        ota,
        idfVersion,
        cmake: cmake?.value,
        environment: options.environment,
      },
      cache,
    ),
    loadVersion(loading, {
      config,
      idfVersion,
      cmake: cmake === undefined ? undefined : { path: cmakePath, file: cmake.value },
      versionTxt: versionTxt === undefined ? undefined : { path: versionTxtPath, text: versionTxt.value },
      built: app === undefined || image === undefined ? undefined : { version: image.version, path: app.path },
    }),
    loadEmbedded(loading),
    unsignedPath(loading, build, app, givenName),
  ]);
  const certificate = await loadCertificate(loading, main);
  problems.push(...partitionTable.problems, ...version.problems);
  if (!sources.isComplete) {
    problems.push(problem('information', 'project.sourcesNotAllSearched', folder, { searched: sources.searchedCount }));
  }
  return withoutUndefined({
    folder,
    name: givenName ?? (image?.projectName === '' ? undefined : image?.projectName) ?? basename(folder),
    buildSystem,
    isPlatformIo,
    cmakePath,
    sdkconfigPath,
    sdkconfig,
    defaults,
    config,
    builtConfig: build.config === undefined ? undefined : configReader([build.config]),
    idfVersion,
    target: configuration.target,
    buildFolder: build.folder,
    buildFolders,
    description,
    flasherArgs: build.flasherArgs,
    app,
    bootloader,
    unsignedAppPath,
    partitionTable,
    version,
    versionTxtPath,
    ota,
    sources,
    embeddedFiles: main,
    certificate,
    problems,
  });
}

const NO_SOURCES = { clientKind: 'unknown', calls: [], embeddedNames: [], searchedCount: 0, isComplete: true } as const;

function reportTo<T>(problems: Problem[], path: string, otherwise: T): (error: unknown) => T {
  return (error) => {
    problems.push(problemOfError(error, path));
    return otherwise;
  };
}

function readText<T>(
  { cache, problems }: Loading,
  path: string,
  key: string,
  parse: (text: string) => T,
): Promise<CachedFile<T> | undefined> {
  return cache.text(path, key, parse).catch(reportTo(problems, path, undefined));
}

interface Build {
  readonly folder?: string | undefined;
  readonly description?: ProjectDescription | undefined;
  readonly flasherArgs?: FlasherArgs | undefined;
  readonly config?: ConfigLayer | undefined;
}

async function loadBuild(loading: Loading, found: readonly string[]): Promise<Build> {
  const { folder, files, options, problems } = loading;
  const build = await chooseBuildFolder(folder, found, options.buildFolder, files).catch(
    reportTo(problems, folder, undefined),
  );
  if (build === undefined) return {};
  const configPath = join(build, 'config', 'sdkconfig.json');
  const [description, flasherArgs, config] = await Promise.all([
    readText(loading, join(build, 'project_description.json'), 'description', parseProjectDescription),
    readText(loading, join(build, 'flasher_args.json'), 'flasherArgs', parseFlasherArgs),
    readText(loading, configPath, 'buildConfig', parseBuildConfig),
  ]);
  return {
    folder: build,
    description: description?.value,
    flasherArgs: flasherArgs?.value,
    config: config === undefined ? undefined : { layer: 'build', path: configPath, entries: config.value },
  };
}

async function loadConfiguration(
  loading: Loading,
  cmake: CmakeFile | undefined,
  build: Build,
): Promise<{
  config: IdfProject['config'];
  sdkconfig: Sdkconfig | undefined;
  sdkconfigPath: string;
  defaults: readonly ConfigFile[];
  target: string | undefined;
}> {
  const { folder, options, problems } = loading;
  const { description } = build;
  const builtPath = (path: string): string => mapBuiltPath(path, description?.projectPath, folder);
  const usual = join(folder, 'sdkconfig');
  const named = cmake === undefined ? undefined : listVariable(cmake, 'SDKCONFIG')?.[0];
  const moved = named === undefined ? description?.configFile : join(folder, named);
  let sdkconfigPath = moved === undefined ? usual : builtPath(moved);
  let read = await readText(loading, sdkconfigPath, 'sdkconfig', parseSdkconfig);
  if (read === undefined && sdkconfigPath !== usual) {
    const other = await readText(loading, usual, 'sdkconfig', parseSdkconfig);
    if (other !== undefined || named === undefined) [sdkconfigPath, read] = [usual, other];
  }
  const sdkconfig = read?.value;
  const candidates = defaultsCandidates(folder, {
    cmake,
    environment: options.environment?.['SDKCONFIG_DEFAULTS'],
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

function reportRecognition(
  { folder, problems }: Loading,
  buildSystem: string | undefined,
  sdkconfig: Sdkconfig | undefined,
  isPlatformIo: boolean,
): void {
  if (isPlatformIo) problems.push(problem('warning', 'project.platformIo', join(folder, 'platformio.ini'), { folder }));
  if (buildSystem === undefined && sdkconfig?.idfVersion === undefined && !isPlatformIo) {
    problems.push(problem('error', 'project.notIdf', folder, { folder }));
  }
}

function symbolsOf(sdkconfig: Sdkconfig | undefined, defaults: readonly ConfigFile[]): Set<string> {
  return new Set([
    ...(sdkconfig?.entries.keys() ?? []),
    ...defaults.flatMap(({ content }) => [...content.entries.keys()]),
  ]);
}

function idfVersionOf(texts: readonly (string | undefined)[]): IdfVersion | undefined {
  for (const text of texts) {
    const version = text === undefined ? undefined : parseIdfVersion(text);
    if (version !== undefined) return version;
  }
  return undefined;
}

/** The component manager's lock file names the ESP-IDF it was made for. */
export function lockedIdfVersion(text: string): string | undefined {
  return /^[ ]{2}idf:[ \t]*\r?\n(?:[ ]{4}.*\r?\n)*?[ ]{4}version:[ \t]*["']?([^\s"']+)/m.exec(text)?.[1];
}

function appPath({ folder, description, flasherArgs }: Build, name: string | undefined): string | undefined {
  if (folder === undefined) return undefined;
  const fromFlasher = flasherArgs?.files.find((file) => file.name === 'app')?.file;
  const file = description?.appBin ?? fromFlasher ?? (name === undefined ? undefined : `${name}.bin`);
  return file === undefined ? undefined : join(folder, file);
}

function bootloaderPath({ folder, flasherArgs }: Build): string | undefined {
  if (folder === undefined) return undefined;
  const file = flasherArgs?.files.find(({ name }) => name === 'bootloader')?.file;
  return join(folder, file ?? 'bootloader/bootloader.bin');
}

async function unsignedPath(
  { files, problems }: Loading,
  build: Build,
  app: BuiltImage | undefined,
  name: string | undefined,
): Promise<string | undefined> {
  const path = appPath(build, name);
  if (path === undefined || app !== undefined) return undefined;
  const unsigned = path.replace(/(?:\.bin)?$/, '-unsigned.bin');
  const stat = await files.stat(unsigned).catch(reportTo(problems, unsigned, undefined));
  if (stat !== undefined) return unsigned;
  problems.push(problem('information', 'project.appMissing', path, { file: basename(path) }));
  return undefined;
}

async function loadImage({ cache, problems }: Loading, path: string | undefined): Promise<BuiltImage | undefined> {
  if (path === undefined) return undefined;
  const read = await cache
    .bytes(path, 'image', (bytes) => {
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      try {
        return { bytes, sha256, image: parseImage(bytes) };
      } catch (error) {
        return { bytes, sha256, problem: problemOfError(error, path) };
      }
    })
    .catch(reportTo(problems, path, undefined));
  if (read === undefined) return undefined;
  const { bytes, sha256, image, problem: found } = read.value;
  if (found !== undefined) problems.push(found);
  return { path, bytes, sha256, modifiedMs: read.modifiedMs, ...(image === undefined ? {} : { image }) };
}

async function loadVersion(loading: Loading, inputs: VersionInputs): Promise<ResolvedVersion> {
  const without = resolveVersion(inputs);
  const isDecisive = without.source === 'default';
  const gitDescription = (await loading.describe(isDecisive, loading.signal))?.trim();
  return gitDescription === undefined || gitDescription === ''
    ? without
    : resolveVersion({ ...inputs, gitDescription });
}

async function loadEmbedded(loading: Loading): Promise<readonly EmbeddedFile[]> {
  const path = join(loading.folder, 'main', 'CMakeLists.txt');
  const read = await readText(loading, path, 'cmake', parseCmake);
  return read === undefined ? [] : embeddedFiles(read.value, dirname(path), loading.folder);
}

async function loadCertificate(loading: Loading, embedded: readonly EmbeddedFile[]): Promise<ProjectCertificate> {
  const usual = join(loading.folder, 'server_certs', 'ca_cert.pem');
  const pems = embedded.map(({ path }) => path).filter((path) => path?.endsWith('.pem') === true);
  const path =
    pems.find((pem) => pem === usual) ?? pems.find((pem) => /ca|root|server/i.test(basename(pem ?? ''))) ?? pems[0];
  const read = await readText(loading, path ?? usual, 'text', (text) => text);
  return { path: path ?? usual, isEmbedded: path !== undefined, ...(read === undefined ? {} : { pem: read.value }) };
}
