import { basename } from 'node:path';
import { isOtaError } from '../base/ota-error.ts';
import type { Disposable } from '../base/disposable.ts';
import type { FileStore } from '../base/files.ts';
import type { Release, ReleaseStore } from '../server/release-store.ts';

/** An image outside the selected project that is served too. */
export interface AddedImage {
  readonly path: string;
  readonly name: string;
}

export interface AddedImagesOptions {
  readonly releases: ReleaseStore;
  readonly files: FileStore;
  /** Calls `onChange` whenever the file was written. */
  readonly watch: (path: string, onChange: () => void) => Disposable;
  readonly onPublished: (release: Release, path: string) => void;
  /** Hears of a change that could not be published: those of `publishImage`. */
  readonly onFailed: (error: unknown) => void;
}

interface Added extends AddedImage {
  readonly watch: Disposable;
  readonly stop: AbortController;
  publishing: Promise<unknown>;
}

/** The files that are served beside the project's application, each published again whenever it changes, until it is taken away. */
export class AddedImages implements Disposable {
  readonly #options: AddedImagesOptions;
  readonly #images = new Map<string, Added>();
  readonly #stop = new AbortController();

  constructor(options: AddedImagesOptions) {
    this.#options = options;
  }

  get list(): readonly AddedImage[] {
    return [...this.#images.values()].map(({ path, name }) => ({ path, name }));
  }

  /** Serves a file from now on.
   * @throws {OtaError} those of `publishImage`; `cancelled` */
  async add(path: string): Promise<Release> {
    const release = await this.#publish(path, this.#images.get(path)?.stop.signal ?? this.#stop.signal);
    if (!this.#images.has(path)) {
      const watch = this.#options.watch(path, () => {
        this.#publishAgain(path);
      });
      const stop = new AbortController();
      this.#images.set(path, { path, name: basename(path), watch, stop, publishing: Promise.resolve() });
    }
    return release;
  }

  /** Serves a file no more, whether it is being published again or not. */
  remove(path: string): void {
    const image = this.#images.get(path);
    if (image === undefined) return;
    this.#images.delete(path);
    image.watch.dispose();
    image.stop.abort();
    this.#options.releases.withdraw(path);
  }

  dispose(): void {
    this.#stop.abort();
    for (const { watch, stop } of this.#images.values()) {
      stop.abort();
      watch.dispose();
    }
    this.#images.clear();
  }

  /** In the order of the changes: what was there before never comes last. */
  #publishAgain(path: string): void {
    const image = this.#images.get(path);
    if (image === undefined) return;
    const { signal } = image.stop;
    image.publishing = image.publishing
      .then(async () => {
        // one that is being replaced is not there for a moment
        if ((await this.#options.files.stat(path)) !== undefined) await this.#publish(path, signal);
      })
      .catch((error: unknown) => {
        if (!isOtaError(error, 'cancelled')) this.#options.onFailed(error);
      });
  }

  async #publish(path: string, signal: AbortSignal): Promise<Release> {
    const { releases, files, onPublished } = this.#options;
    const { publishImage } = await import('./publish.ts');
    const release = await publishImage(path, releases, files, signal);
    onPublished(release, path);
    return release;
  }
}
