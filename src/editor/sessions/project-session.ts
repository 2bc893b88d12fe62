import { Uri, workspace, type LogOutputChannel, type Memento, type WorkspaceFolder } from 'vscode';
import { basename, join, relative, sep } from 'node:path';
import { DisposableStore, type Disposable } from '../../base/disposable.ts';
import type { FileStore } from '../../base/files.ts';
import type { OtaError } from '../../base/ota-error.ts';
import { CurrentProject, type ProjectWatch } from '../../idf/current-project.ts';
import type { findProjects } from '../../idf/find-projects.ts';
import { gitPlaces } from '../../idf/git-places.ts';
import type { DescribeGit, ProjectLoader } from '../../idf/project-loader.ts';
import type { IdfProject } from '../../idf/project.ts';
import { watchedOutside, watchGlobs } from '../../idf/watched-files.ts';
import { reportError } from '../report-error.ts';
import { watchFile, watchGlob } from '../watch-file.ts';
import { idfBuildFolder, IDF_SETTINGS } from '../interop/idf-settings.ts';

const SELECTED = 'selectedProject';

interface IdfRoom {
  readonly findProjects: typeof findProjects;
  readonly loader: ProjectLoader;
}

/** Which project the window works on, and what it is at the moment. Read again when a file of it changes. */
export class ProjectSession implements Disposable {
  readonly #files: FileStore;
  readonly #memento: Memento;
  readonly #log: LogOutputChannel;
  readonly #store = new DisposableStore();
  readonly #describeGit: DescribeGit;
  readonly #current: CurrentProject;
  #idf: Promise<IdfRoom> | undefined;
  #folders: readonly string[] = [];
  /** What was told of folders that can't be read. */
  #unreadable: ReadonlySet<string> = new Set();

  readonly onChange: CurrentProject['onChange'];

  constructor(files: FileStore, memento: Memento, log: LogOutputChannel, describeGit: DescribeGit) {
    this.#files = files;
    this.#memento = memento;
    this.#log = log;
    // git runs programs that a repository's configuration can name
    this.#describeGit = async (path, signal) => (workspace.isTrusted ? describeGit(path, signal) : undefined);
    this.#current = this.#store.add(
      new CurrentProject({
        load: async (folder, signal) => (await this.#idfRoom()).loader.load(folder, signal),
        watch: (folder, onChange) => watchProject(folder, onChange, files),
        onFailed: (error) => {
          log.error(error instanceof Error ? error : String(error));
        },
      }),
    );
    this.onChange = this.#current.onChange;
    this.#store.add(
      workspace.onDidChangeConfiguration((event) => {
        if (IDF_SETTINGS.some((key) => event.affectsConfiguration(key))) this.#current.reloadSoon();
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
    return this.#current.project;
  }

  workspaceFolder(): WorkspaceFolder | undefined {
    return this.project === undefined ? undefined : workspace.getWorkspaceFolder(Uri.file(this.project.folder));
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
    await this.#current.choose(this.#folders, this.#memento.get<string>(SELECTED));
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
    await Promise.all([this.#current.use(folder), this.#memento.update(SELECTED, folder)]);
  }

  /** Reads the selected project again, and waits for it. */
  reload(): Promise<void> {
    return this.#current.reload();
  }

  dispose(): void {
    this.#store.dispose();
  }

  /** What reads projects, loaded after the start. */
  #idfRoom(): Promise<IdfRoom> {
    this.#idf ??= (async () => {
      const [{ findProjects }, { ProjectLoader: Loader }] = await Promise.all([
        import('../../idf/find-projects.ts'),
        import('../../idf/project-loader.ts'),
      ]);
      const loader = new Loader(this.#files, {
        environment: process.env,
        describeGit: this.#describeGit,
        preferredBuildFolder: idfBuildFolder,
      });
      return { findProjects, loader };
    })();
    return this.#idf;
  }
}

/** A project's files, those that it is made of but that lie elsewhere, and what git says of it. */
function watchProject(folder: string, onChange: () => void, files: FileStore): ProjectWatch {
  const store = new DisposableStore();
  const elsewhere = new Set<string>();
  const watchElsewhere = (key: string, watch: () => Disposable): void => {
    if (elsewhere.has(key)) return;
    elsewhere.add(key);
    store.add(watch());
  };
  for (const glob of watchGlobs) store.add(watchGlob(folder, glob, onChange));
  const watchGit = async (): Promise<void> => {
    for (const place of await gitPlaces(folder, files))
      watchElsewhere(join(place.folder, place.glob), () => watchGlob(place.folder, place.glob, onChange));
  };
  return {
    loaded: (project) => {
      for (const path of watchedOutside(project)) watchElsewhere(path, () => watchFile(path, onChange));
      // in a folder that is not trusted git is not asked, and where its files are is not believed; without them, a version is older for a while
      if (workspace.isTrusted) watchGit().catch(() => undefined);
    },
    dispose: () => {
      store.dispose();
    },
  };
}
