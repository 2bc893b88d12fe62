import { systemClock, type Clock } from '../base/clock.ts';
import type { Disposable } from '../base/disposable.ts';
import { Emitter } from '../base/emitter.ts';
import { isOtaError } from '../base/ota-error.ts';
import type { IdfProject } from './project.ts';

/** Builds write many files in a burst; the project is read again when it has been quiet for so long. */
export const QUIET_MS = 150;

/** Watches the files of one project until it is disposed. */
export interface ProjectWatch extends Disposable {
  /** The project was read, and may be made of other files than before. */
  loaded(project: IdfProject): void;
}

export interface CurrentProjectOptions {
  /** As `ProjectLoader.load`. */
  readonly load: (folder: string, signal: AbortSignal) => Promise<IdfProject>;
  /** Calls `onChange` whenever a file of the project may have changed. */
  readonly watch: (folder: string, onChange: () => void) => ProjectWatch;
  /** Hears of what no project is expected to do. */
  readonly onFailed: (error: unknown) => void;
  readonly clock?: Clock;
}

/** The one project that is worked on. Which one that is counts from the moment it is chosen, whatever is still being read then; what it is, from when
 * it was read. Read again when a file of it changes. */
export class CurrentProject implements Disposable {
  readonly #options: CurrentProjectOptions;
  readonly #clock: Clock;
  readonly #changed = new Emitter<IdfProject | undefined>();
  #wanted: string | undefined;
  #project: IdfProject | undefined;
  #watch: ProjectWatch | undefined;
  #timer: Disposable | undefined;
  /** Of what is read for the folder that is wanted. */
  #stop = new AbortController();
  #loading: Promise<void> = Promise.resolve();
  #isDisposed = false;

  /** It is another one, or was changed; undefined when there is none any more. */
  readonly onChange = this.#changed.event;

  constructor(options: CurrentProjectOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** What was read last: for a moment after another one was chosen still the one before. */
  get project(): IdfProject | undefined {
    return this.#project;
  }

  /** Works on this folder from now on, or on none, and waits until it is read. */
  use(folder: string | undefined): Promise<void> {
    if (folder !== this.#wanted) {
      this.#stop.abort();
      this.#stop = new AbortController();
      this.#watch?.dispose();
      this.#wanted = folder;
      this.#watch =
        folder === undefined || this.#isDisposed
          ? undefined
          : this.#options.watch(folder, () => {
              this.reloadSoon();
            });
    }
    return this.reload();
  }

  /** Stays with the folder that is wanted if it is one of those that there are, else takes the one remembered, else the first. */
  choose(folders: readonly string[], remembered?: string): Promise<void> {
    return this.use(
      folders.find((one) => one === this.#wanted) ?? folders.find((one) => one === remembered) ?? folders[0],
    );
  }

  /** Reads the project again, and waits for it. */
  reload(): Promise<void> {
    this.#timer?.dispose();
    // one at a time, each started after the last one ended: an older state never replaces a newer one
    this.#loading = this.#loading.then(() => this.#load()).catch(this.#options.onFailed);
    return this.#loading;
  }

  /** Reads the project again when nothing has happened for a moment. */
  reloadSoon(): void {
    this.#timer?.dispose();
    if (this.#isDisposed) return;
    this.#timer = this.#clock.after(QUIET_MS, () => void this.reload());
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#timer?.dispose();
    this.#stop.abort();
    this.#watch?.dispose();
    this.#changed.dispose();
  }

  async #load(): Promise<void> {
    const { signal } = this.#stop;
    const folder = this.#wanted;
    const isLeft = (): boolean => this.#isDisposed || folder !== this.#wanted;
    if (isLeft()) return;
    let project: IdfProject | undefined;
    try {
      project = folder === undefined ? undefined : await this.#options.load(folder, signal);
    } catch (error) {
      if (isLeft()) return;
      if (!isOtaError(error, 'cancelled')) this.#options.onFailed(error);
      // what can't be read is not the one before
      project = this.#project?.folder === folder ? this.#project : undefined;
    }
    // another folder is wanted by now: reading that one is next
    if (isLeft()) return;
    if (project !== undefined) this.#watch?.loaded(project);
    if (project === this.#project) return;
    this.#project = project;
    this.#changed.fire(project);
  }
}
