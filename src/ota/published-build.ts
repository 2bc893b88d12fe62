import { DisposableStore, type Disposable } from '../base/disposable.ts';
import { Emitter, type Event } from '../base/emitter.ts';
import type { FileStore } from '../base/files.ts';
import type { IdfProject } from '../idf/project.ts';
import { tlsFragmentBytes } from '../idf/tls-fragments.ts';
import type { Release, ReleaseStore } from '../server/release-store.ts';
import type { ServerSwitch } from '../server/server-switch.ts';

/** The project whose build is served, as it is at the moment. */
export interface ServedProject {
  readonly project: IdfProject | undefined;
  /** It was built or configured anew, or is another one. */
  readonly onChange: Event<unknown>;
}

export interface PublishedBuildOptions {
  readonly projects: ServedProject;
  readonly server: ServerSwitch;
  readonly releases: ReleaseStore;
  readonly files: FileStore;
  /** File with the release notes of the project, as it is set; empty for none. */
  readonly notesPath: () => string;
  /** Hears of a build that could not be published: those of `publishProject`. */
  readonly onFailed: (error: unknown) => void;
}

/** What is served of a project, and why nothing newer is. */
interface Served {
  readonly folder: string;
  readonly release?: Release | undefined;
  /** Of the last try. */
  readonly failure?: { readonly error: unknown } | undefined;
}

/** Keeps what a server that is on serves of a project in step with its builds, and the metadata, which has the URL in it, with the address. Of
 * a project that is not the one any more nothing is served. */
export class PublishedBuild implements Disposable {
  readonly #options: PublishedBuildOptions;
  readonly #changed = new Emitter<{ readonly isNew: boolean }>();
  readonly #store = new DisposableStore();
  #served: Served | undefined;
  #publishing: Promise<void> = Promise.resolve();

  /** The release, its metadata, or that there is one. `isNew`: other bytes are served now. */
  readonly onChange = this.#changed.event;

  constructor(options: PublishedBuildOptions) {
    this.#options = options;
    const { projects, server } = options;
    this.#store.add(
      projects.onChange(() => {
        this.#look();
      }),
    );
    this.#store.add(
      server.onChange(({ kind }) => {
        if (kind === 'on') this.#look();
      }),
    );
  }

  /** The newest release of the project that could be published, when it is built. */
  get release(): Release | undefined {
    const { project } = this.#options.projects;
    return project?.app === undefined ? undefined : this.#of(project)?.release;
  }

  /** The same, once everything that was built so far is published. What could not be is tried once more: the reason may be gone.
   * @throws {OtaError} of `publishProject`, when what is built is not what is served */
  async settled(): Promise<Release | undefined> {
    await this.#publishing;
    if (this.#failure() !== undefined) {
      this.#publishSoon(() => undefined);
      await this.#publishing;
    }
    const failure = this.#failure();
    if (failure !== undefined) throw failure.error;
    return this.release;
  }

  /** Tries again what could not be published: a name may be free now. */
  publishAgain(): void {
    if (this.#failure() !== undefined) this.#publishSoon(this.#options.onFailed);
  }

  dispose(): void {
    this.#store.dispose();
    this.#changed.dispose();
  }

  #of({ folder }: IdfProject): Served | undefined {
    return this.#served?.folder === folder ? this.#served : undefined;
  }

  #failure(): Served['failure'] {
    const { project } = this.#options.projects;
    return project?.app === undefined ? undefined : this.#of(project)?.failure;
  }

  #look(): void {
    const { projects, server } = this.#options;
    const { project } = projects;
    if (server.state.kind === 'on' && project?.app !== undefined) {
      server.server?.configure({ maxFragmentBytes: tlsFragmentBytes(project.ota) });
    } else {
      this.#changed.fire({ isNew: false });
    }
    this.#publishSoon(this.#options.onFailed);
  }

  /** In the order of the builds: an older one never comes last. */
  #publishSoon(onFailed: (error: unknown) => void): void {
    const { project } = this.#options.projects;
    this.#publishing = this.#publishing.then(() => this.#publish(project, onFailed)).catch(onFailed);
  }

  async #publish(project: IdfProject | undefined, onFailed: (error: unknown) => void): Promise<void> {
    const { projects, server, releases, files, notesPath } = this.#options;
    const before = this.#served;
    if (before !== undefined && before.folder !== project?.folder) {
      releases.withdraw(before.folder);
      this.#served = undefined;
      this.#changed.fire({ isNew: false });
    }
    // of one that was left meanwhile nothing is to be served
    if (project?.app === undefined || projects.project?.folder !== project.folder || server.state.kind !== 'on') return;
    const { folder } = project;
    const release = this.#of(project)?.release;
    const { publishProject } = await import('./publish.ts');
    try {
      const published = await publishProject(project, releases, files, server.state.url, notesPath());
      this.#served = { folder, release: published };
    } catch (error) {
      this.#served = { folder, release, failure: { error } };
      onFailed(error);
      return;
    }
    this.#changed.fire({ isNew: this.#served.release !== release });
  }
}
