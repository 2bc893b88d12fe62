import {
  RelativePattern,
  Uri,
  workspace,
  type FileSystemWatcher,
  type LogOutputChannel,
  type Memento,
  type WorkspaceFolder,
} from 'vscode';
import { basename, dirname, relative, sep } from 'node:path';
import { DisposableStore, type Disposable } from '../../base/disposable.ts';
import { Emitter } from '../../base/emitter.ts';
import type { FileStore } from '../../base/files.ts';
import { isOtaError, type OtaError } from '../../base/ota-error.ts';
import type { findProjects } from '../../idf/find-projects.ts';
import type { DescribeGit, ProjectLoader } from '../../idf/project-loader.ts';
import type { IdfProject } from '../../idf/project.ts';
import type { watchedOutside } from '../../idf/watched-files.ts';
import { reportError } from '../report-error.ts';
import { idfBuildFolder, IDF_SETTINGS } from '../interop/idf-settings.ts';

const SELECTED = 'selectedProject';
/** Builds write many files in a burst; the project is read again when it has been quiet for so long. */
const QUIET_MS = 150;

interface IdfRoom {
  readonly findProjects: typeof findProjects;
  readonly loader: ProjectLoader;
  readonly watchGlobs: readonly string[];
  readonly watchedOutside: typeof watchedOutside;
}

/** Which project the window works on, and what it is at the moment. Read again when a file of it changes. */
export class ProjectSession implements Disposable {
  readonly #files: FileStore;
  readonly #memento: Memento;
  readonly #log: LogOutputChannel;
  readonly #changed = new Emitter<IdfProject | undefined>();
  readonly #store = new DisposableStore();
  readonly #describeGit: DescribeGit;
  #idf: Promise<IdfRoom> | undefined;
  readonly #outside = new Set<string>();
  #watchers = new DisposableStore();
  #folders: readonly string[] = [];
  #project: IdfProject | undefined;
  /** What was told of folders that can't be read. */
  #unreadable: ReadonlySet<string> = new Set();
  #timer: NodeJS.Timeout | undefined;
  #loading: Promise<void> = Promise.resolve();

  readonly onChange = this.#changed.event;

  constructor(files: FileStore, memento: Memento, log: LogOutputChannel, describeGit: DescribeGit) {
    this.#files = files;
    this.#memento = memento;
    this.#log = log;
    // git runs programs that a repository's configuration can name
    this.#describeGit = async (path, signal) => (workspace.isTrusted ? describeGit(path, signal) : undefined);
    this.#store.add(
      workspace.onDidChangeConfiguration((event) => {
        if (IDF_SETTINGS.some((key) => event.affectsConfiguration(key))) this.#loadSoon();
      }),
    );
    this.#store.add(
      workspace.onDidChangeWorkspaceFolders(() => {
        this.#refreshOrTell();
      }),
    );
    this.#store.add(
      workspace.onDidGrantWorkspaceTrust(() => {
        this.#refreshOrTell();
      }),
    );
  }

  /** Folders of all projects in the workspace. */
  get folders(): readonly string[] {
    return this.#folders;
  }

  get project(): IdfProject | undefined {
    return this.#project;
  }

  workspaceFolder(): WorkspaceFolder | undefined {
    return this.#project === undefined ? undefined : workspace.getWorkspaceFolder(Uri.file(this.#project.folder));
  }

  /** As a person would name the folder: relative to its workspace folder. */
  nameOf(folder: string): string {
    const root = workspace.getWorkspaceFolder(Uri.file(folder))?.uri.fsPath;
    if (root === undefined) return folder;
    const inside = relative(root, folder);
    return inside === '' ? basename(root) : `${basename(root)}${sep}${inside}`;
  }

  /** Looks for projects, keeps the selection if it still stands, and reads the project. Tells of a folder of the workspace that can't be read, once
   * as long as it stays so. */
  async refresh(): Promise<void> {
    const roots = (workspace.workspaceFolders ?? [])
      .filter((one) => one.uri.scheme === 'file')
      .map((one) => one.uri.fsPath);
    const { findProjects } = await this.#idfRoom();
    const unreadable: OtaError[] = [];
    this.#folders = await findProjects(roots, this.#files, undefined, (error) => unreadable.push(error));
    this.#tellUnreadable(unreadable);
    const remembered = this.#memento.get<string>(SELECTED);
    const current = this.#project?.folder;
    const folder =
      this.#folders.find((one) => one === current) ??
      this.#folders.find((one) => one === remembered) ??
      this.#folders[0];
    await this.#use(folder);
  }

  #refreshOrTell(): void {
    this.refresh().catch((error: unknown) => {
      reportError(error, this.#log);
    });
  }

  #tellUnreadable(errors: readonly OtaError[]): void {
    const told = this.#unreadable;
    this.#unreadable = new Set(errors.map(({ message }) => message));
    for (const error of errors) if (!told.has(error.message)) reportError(error, this.#log);
  }

  async select(folder: string): Promise<void> {
    await this.#memento.update(SELECTED, folder);
    await this.#use(folder);
  }

  /** Reads the selected project again, and waits for it. */
  reload(): Promise<void> {
    clearTimeout(this.#timer);
    return this.#load();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#watchers.dispose();
    this.#store.dispose();
    this.#changed.dispose();
  }

  async #use(folder: string | undefined): Promise<void> {
    if (folder !== this.#project?.folder) {
      this.#watchers.dispose();
      this.#watchers = new DisposableStore();
      if (folder !== undefined) this.#watch(folder, await this.#idfRoom());
    }
    await this.#load(folder ?? null);
  }

  /** What reads projects, loaded after the start. */
  #idfRoom(): Promise<IdfRoom> {
    this.#idf ??= (async () => {
      const [{ findProjects }, { ProjectLoader: Loader }, { watchGlobs, watchedOutside }] = await Promise.all([
        import('../../idf/find-projects.ts'),
        import('../../idf/project-loader.ts'),
        import('../../idf/watched-files.ts'),
      ]);
      const loader = new Loader(this.#files, {
        environment: process.env,
        describeGit: this.#describeGit,
        preferredBuildFolder: idfBuildFolder,
      });
      return { findProjects, loader, watchGlobs, watchedOutside };
    })();
    return this.#idf;
  }

  #watch(folder: string, { watchGlobs }: IdfRoom): void {
    this.#outside.clear();
    for (const glob of watchGlobs)
      this.#watchOne(workspace.createFileSystemWatcher(new RelativePattern(Uri.file(folder), glob)));
  }

  /** Files that the project is made of but that lie elsewhere, as far as they are not watched yet. */
  #watchOutside(project: IdfProject, { watchedOutside }: IdfRoom): void {
    for (const path of watchedOutside(project)) {
      if (this.#outside.has(path)) continue;
      this.#outside.add(path);
      this.#watchOne(workspace.createFileSystemWatcher(new RelativePattern(Uri.file(dirname(path)), basename(path))));
    }
  }

  #watchOne(watcher: FileSystemWatcher): void {
    const soon = (): void => {
      this.#loadSoon();
    };
    this.#watchers.add(watcher);
    this.#watchers.add(watcher.onDidChange(soon));
    this.#watchers.add(watcher.onDidCreate(soon));
    this.#watchers.add(watcher.onDidDelete(soon));
  }

  #loadSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      void this.#load();
    }, QUIET_MS);
  }

  /** One load at a time, each started after the last one ended, so that an older state never replaces a newer one. */
  #load(folder: string | null | undefined = this.#project?.folder): Promise<void> {
    this.#loading = this.#loading.then(async () => {
      try {
        const idf = await this.#idfRoom();
        const project = folder === null || folder === undefined ? undefined : await idf.loader.load(folder);
        if (project !== undefined) this.#watchOutside(project, idf);
        if (project === this.#project) return;
        this.#project = project;
        this.#changed.fire(project);
      } catch (error) {
        if (!isOtaError(error, 'cancelled')) this.#log.error(error instanceof Error ? error : String(error));
      }
    });
    return this.#loading;
  }
}
