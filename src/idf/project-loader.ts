import { basename, dirname, join } from 'node:path';
import { throwIfCancelled } from '../base/abort.ts';
import type { FileStore } from '../base/files.ts';
import { isOtaError } from '../base/ota-error.ts';
import { findBuildFolders, holdsBuild } from './build-folder.ts';
import { idfBuildSystem, parseCmake, projectNameOf } from './cmake-file.ts';
import { configReader } from './config-reader.ts';
import { embeddedFiles, type EmbeddedFile } from './embedded-files.ts';
import { createFileCache, type FileCache } from './file-cache.ts';
import { parseIdfVersion, type IdfVersion } from './idf-version.ts';
import { appPath, bootloaderPath, loadBuild, loadImage, unsignedPath } from './load-build.ts';
import { loadConfiguration } from './load-configuration.ts';
import { readText, reportTo, type Loading } from './loading.ts';
import { readOtaConfig } from './ota-config.ts';
import { loadPartitionTable } from './partition-source.ts';
import { problem } from './problem.ts';
import type { ConfigFile, IdfProject, ProjectCertificate } from './project.ts';
import { withoutUndefined } from './project-description.ts';
import type { Sdkconfig } from './sdkconfig.ts';
import { searchSources } from './source-search.ts';
import { resolveVersion, type ResolvedVersion, type VersionInputs } from './version.ts';

/** What `git describe --always --tags --dirty` prints in a folder; undefined where there is no repository. In an untrusted workspace nothing may be
 * run: pass none. */
export type DescribeGit = (folder: string, signal?: AbortSignal) => Promise<string | undefined>;

export interface LoadOptions {
  /** Absolute, or relative to the project. By default `build`, else the folder that was configured last. */
  readonly buildFolder?: string;
  /** A build folder of a project, absolute, that counts before all others once it holds a build; asked at each load. */
  readonly preferredBuildFolder?: (folder: string) => string | undefined;
  /** For SDKCONFIG_DEFAULTS and for variables in a partition CSV. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly describeGit?: DescribeGit;
}

/** A snapshot of a project, once. See {@link ProjectLoader} for one that is kept up to date.
 * @throws {OtaError} `cancelled` */
export function loadProject(
  folder: string,
  files: FileStore,
  options: LoadOptions = {},
  signal?: AbortSignal,
): Promise<IdfProject> {
  return new ProjectLoader(files, options).load(folder, signal);
}

/** What is remembered of one project between loads. */
interface Remembered {
  readonly cache: FileCache;
  git?: { readonly description: string | undefined };
  last?: { readonly key: string; readonly project: IdfProject };
}

const MAX_REMEMBERED = 8;

/** Loads projects again and again: what has not changed on disk (time and size) is not read again, and when nothing has changed, the same
 * snapshot is given again. */
export class ProjectLoader {
  readonly #files: FileStore;
  readonly #options: LoadOptions;
  readonly #remembered = new Map<string, Remembered>();

  constructor(files: FileStore, options: LoadOptions = {}) {
    this.#files = files;
    this.#options = options;
  }

  /** Files read (not only looked at) since the start. */
  get readCount(): number {
    return [...this.#remembered.values()].reduce((sum, { cache }) => sum + cache.readCount, 0);
  }

  /** Never throws for what is in the project's files: that becomes problems of the snapshot.
   * @throws {OtaError} `cancelled` */
  async load(folder: string, signal?: AbortSignal): Promise<IdfProject> {
    const remembered = this.#remembered.get(folder) ?? { cache: createFileCache(this.#files) };
    this.#remembered.delete(folder);
    this.#remembered.set(folder, remembered);
    for (const oldest of [...this.#remembered.keys()].slice(0, -MAX_REMEMBERED)) this.#remembered.delete(oldest);
    const project = await load(
      { folder, files: this.#files, cache: remembered.cache, signal, problems: [] },
      remembered,
      this.#options,
    );
    const key = JSON.stringify([
      remembered.cache.changeCount,
      project.buildFolder,
      project.buildFolders,
      project.sources.paths,
      project.isPlatformIo,
      project.unsignedAppPath,
      remembered.git?.description,
      project.problems,
    ]);
    if (remembered.last?.key === key) return remembered.last.project;
    remembered.last = { key, project };
    return project;
  }
}

function rethrowCancelled(error: unknown): undefined {
  if (isOtaError(error, 'cancelled')) throw error;
  return undefined;
}

async function load(loading: Loading, remembered: Remembered, options: LoadOptions): Promise<IdfProject> {
  const { folder, files, cache, signal, problems } = loading;
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

  const preferred = options.preferredBuildFolder?.(folder);
  const isPreferred = preferred !== undefined && (await holdsBuild(preferred, files).catch(() => false));
  const build = await loadBuild(loading, buildFolders, options.buildFolder ?? (isPreferred ? preferred : undefined));
  const { description } = build;
  const configuration = await loadConfiguration(loading, cmake?.value, build, options.environment);
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
    loadVersion(loading, remembered, options.describeGit, {
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
    problems.push(problem('information', 'project.sourcesNotAllSearched', folder, { searched: sources.paths.length }));
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

const NO_SOURCES = { clientKind: 'unknown', calls: [], embeddedNames: [], paths: [], isComplete: true } as const;

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

async function loadVersion(
  loading: Loading,
  remembered: Remembered,
  describeGit: DescribeGit | undefined,
  inputs: VersionInputs,
): Promise<ResolvedVersion> {
  const without = resolveVersion(inputs);
  // Git is asked again each time where it decides; where another source wins, what it said at first is enough for the list of the others.
  if (remembered.git === undefined || without.source === 'default') {
    const description = (await describeGit?.(loading.folder, loading.signal).catch(rethrowCancelled))?.trim();
    remembered.git = { description: description === '' ? undefined : description };
  }
  const gitDescription = remembered.git.description;
  return gitDescription === undefined ? without : resolveVersion({ ...inputs, gitDescription });
}

async function loadEmbedded(loading: Loading): Promise<readonly EmbeddedFile[]> {
  const path = join(loading.folder, 'main', 'CMakeLists.txt');
  const read = await readText(loading, path, 'cmake', parseCmake);
  return read === undefined ? [] : embeddedFiles(read.value, dirname(path), loading.folder);
}

async function loadCertificate(loading: Loading, embedded: readonly EmbeddedFile[]): Promise<ProjectCertificate> {
  const usual = join(loading.folder, 'server_certs', 'ca_cert.pem');
  // firmware that shows a certificate of its own embeds its key too
  const pems = embedded.flatMap(({ path }) => (path?.endsWith('.pem') === true && !isNamedKey(path) ? [path] : []));
  const path =
    pems.find((pem) => pem === usual) ?? pems.find((pem) => /ca|root|server/i.test(basename(pem))) ?? pems[0];
  const read = await readText(loading, path ?? usual, 'text', (text) => text);
  return { path: path ?? usual, isEmbedded: path !== undefined, ...(read === undefined ? {} : { pem: read.value }) };
}

function isNamedKey(path: string): boolean {
  return /key\.pem$|(?:^|[_.-])key[_.-]/i.test(basename(path));
}
