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

/** Keeps what a server that is on serves of a project in step with its builds, and the metadata, which has the URL in it, with the address. */
export class PublishedBuild implements Disposable {
  readonly #options: PublishedBuildOptions;
  readonly #changed = new Emitter<{ readonly isNew: boolean }>();
  readonly #store = new DisposableStore();
  #release: Release | undefined;
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

  /** The newest release of the project, when it is served. */
  get release(): Release | undefined {
    return this.#release;
  }

  /** The same, once everything that was built so far is published. */
  async settled(): Promise<Release | undefined> {
    await this.#publishing;
    return this.#release;
  }

  dispose(): void {
    this.#store.dispose();
    this.#changed.dispose();
  }

  #look(): void {
    const { projects, server } = this.#options;
    const { project } = projects;
    if (project?.app === undefined) this.#release = undefined;
    if (server.state.kind !== 'on' || project?.app === undefined) {
      this.#changed.fire({ isNew: false });
      return;
    }
    server.server?.configure({ maxFragmentBytes: tlsFragmentBytes(project.ota) });
    // in the order of the builds: an older one never comes last
    this.#publishing = this.#publishing.then(() => this.#publish(project));
  }

  async #publish(project: IdfProject): Promise<void> {
    const { server, releases, files, notesPath, onFailed } = this.#options;
    try {
      const before = this.#release;
      const baseUrl = server.state.kind === 'on' ? server.state.url : undefined;
      const { publishProject } = await import('./publish.ts');
      const release = await publishProject(project, releases, files, baseUrl, notesPath(), before);
      this.#release = release;
      this.#changed.fire({ isNew: release !== before });
    } catch (error) {
      onFailed(error);
    }
  }
}
