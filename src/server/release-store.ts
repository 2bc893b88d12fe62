import { createHash } from 'node:crypto';
import { toDisposable, type Disposable } from '../base/disposable.ts';
import { systemClock, type Clock } from '../base/clock.ts';
import { Emitter } from '../base/emitter.ts';
import { OtaError } from '../base/ota-error.ts';
import { canonicalPath, pathSegment } from './release-paths.ts';
import type {} from './errors.ts';

/** What is known of the image (chip, IDF version, …): flat JSON, handed through to whoever shows a release. */
export type ReleaseFacts = Readonly<Record<string, string | number | boolean>>;

/** One published image. Its bytes never change; its metadata is that of its last publication. */
export interface Release {
  /** The same for the same bytes under the same name, whenever they are published. */
  readonly id: string;
  /** File name, such as `hello_world.bin`. */
  readonly name: string;
  readonly project: string;
  readonly version: string;
  /** Lower-case hexadecimal, over all bytes. */
  readonly sha256: string;
  readonly bytes: Uint8Array;
  readonly facts: ReleaseFacts;
  /** Milliseconds since 1970; of the first publication. */
  readonly publishedMs: number;
  readonly paths: {
    /** `/<app>.bin`: whatever is newest under this name. */
    readonly newest: string;
    /** `/<project>/<version>-<sha8>/<app>.bin`: these bytes and no others. */
    readonly pinned: string;
  };
  /** The release's metadata as JSON text, served as `/manifest.json`. */
  readonly manifest: string;
}

export interface Publication {
  readonly project: string;
  readonly version: string;
  readonly fileName: string;
  /** Copied: the caller may do with them what it likes. */
  readonly bytes: Uint8Array;
  readonly facts?: ReleaseFacts;
  /** Metadata of the release; a short one is made when there is none. */
  readonly manifest?: object;
  /** What tells projects of one name apart, such as the folder. Never told to clients. Default: the project's name. */
  readonly owner?: string;
  /** Whether `/manifest.json` describes this name from now on. The first name that is published does without being asked. */
  readonly isPrimary?: boolean;
}

export type Resolved =
  | { readonly kind: 'newest'; readonly release: Release }
  | { readonly kind: 'pinned'; readonly release: Release }
  | { readonly kind: 'manifest'; readonly release: Release };

export interface ReleaseStoreOptions {
  /** How many releases of one name are kept, the newest included (default 4). Those in transfer stay as long as they are held. */
  readonly keepPerName?: number;
  readonly clock?: Clock;
}

interface NamedReleases {
  readonly owner: string;
  /** Oldest first; the last one is the newest publication. */
  readonly kept: Release[];
}

const MANIFEST = 'manifest.json';
const MANIFEST_PATH = `/${MANIFEST}`;

/** The releases that a server offers, in memory. */
export class ReleaseStore implements Disposable {
  readonly #names = new Map<string, NamedReleases>();
  readonly #byPinnedPath = new Map<string, Release>();
  readonly #holds = new Map<Release, number>();
  readonly #manifests = new WeakMap<Release, string>();
  readonly #published = new Emitter<Release>();
  #keepPerName: number;
  readonly #clock: Clock;
  #primaryName: string | undefined;

  /** Fires after each publication that changed what is newest under its name. */
  readonly onPublished = this.#published.event;

  constructor(options: ReleaseStoreOptions = {}) {
    this.#keepPerName = Math.max(1, options.keepPerName ?? 4);
    this.#clock = options.clock ?? systemClock;
  }

  /** Keeps so many releases of each name from now on. */
  keep(perName: number): void {
    this.#keepPerName = Math.max(1, perName);
    for (const { kept } of this.#names.values()) kept.splice(0, kept.length - this.#keepPerName);
    this.#forgetUnused();
  }

  /** Makes a release of the bytes and the newest under its name. Bytes that were published under this name before give the release they
   * gave then.
   * @throws {OtaError} `server.nameInvalid`, `server.releaseEmpty`, `server.nameTaken` when another project serves that name */
  publish(publication: Publication): Release {
    const { project, fileName } = publication;
    checkName(fileName);
    if (publication.bytes.length === 0) throw new OtaError('server.releaseEmpty', { name: fileName });
    const owner = publication.owner ?? project;
    const named = this.#names.get(fileName) ?? { owner, kept: [] };
    if (named.owner !== owner) {
      throw new OtaError('server.nameTaken', {
        name: fileName,
        project,
        heldByProject: named.kept.at(-1)?.project ?? named.owner,
      });
    }
    const wasNewest = named.kept.at(-1);
    const release = this.#existing(publication) ?? this.#make(publication);
    // where it is served may have changed, or what there is to say about it
    if (publication.manifest !== undefined) this.#manifests.set(release, manifestText(publication.manifest));
    const index = named.kept.indexOf(release);
    if (index >= 0) named.kept.splice(index, 1);
    named.kept.push(release);
    this.#names.set(fileName, named);
    if (publication.isPrimary === true || this.#primaryName === undefined) this.#primaryName = fileName;
    this.keep(this.#keepPerName);
    if (release !== wasNewest) this.#published.fire(release);
    return release;
  }

  /** Stops serving what an owner has published. Transfers that are under way end on their release.
   * @param exceptName is served on */
  withdraw(owner: string, exceptName?: string): void {
    for (const [name, named] of this.#names) {
      if (named.owner === owner && name !== exceptName) this.#names.delete(name);
    }
    if (!this.#names.has(this.#primaryName ?? '')) this.#primaryName = [...this.#names.keys()][0];
    this.#forgetUnused();
  }

  /** The newest release of each name, in the order in which the names were first published. */
  newest(): readonly Release[] {
    return [...this.#names.values()].flatMap(({ kept }) => kept.at(-1) ?? []);
  }

  /** What a request's target means; undefined is a 404. */
  resolve(target: string): Resolved | undefined {
    const path = canonicalPath(target);
    if (path === undefined) return undefined;
    if (path === MANIFEST_PATH) {
      const release = this.#names.get(this.#primaryName ?? '')?.kept.at(-1);
      return release && { kind: 'manifest', release };
    }
    const pinned = this.#byPinnedPath.get(path);
    if (pinned !== undefined) return { kind: 'pinned', release: pinned };
    for (const { kept } of this.#names.values()) {
      const release = kept.at(-1);
      if (release?.paths.newest === path) return { kind: 'newest', release };
    }
    return undefined;
  }

  /** A release under this name by its digest, kept or held. */
  find(name: string, sha256: string): Release | undefined {
    return [...this.#byPinnedPath.values()].find((one) => one.name === name && one.sha256 === sha256);
  }

  /** Keeps a release until what is returned is disposed, however many newer ones come. */
  hold(release: Release): Disposable {
    this.#holds.set(release, (this.#holds.get(release) ?? 0) + 1);
    return toDisposable(() => {
      const left = (this.#holds.get(release) ?? 1) - 1;
      if (left > 0) this.#holds.set(release, left);
      else this.#holds.delete(release);
      this.#forgetUnused();
    });
  }

  dispose(): void {
    this.#names.clear();
    this.#byPinnedPath.clear();
    this.#published.dispose();
  }

  #existing({ fileName, bytes }: Publication): Release | undefined {
    return this.find(fileName, digest(bytes));
  }

  #make(publication: Publication): Release {
    const { project, version, fileName } = publication;
    const bytes = Uint8Array.from(publication.bytes);
    const sha256 = digest(bytes);
    const manifests = this.#manifests;
    const release: Release = Object.freeze({
      id: `${fileName}-${sha256.slice(0, 16)}`,
      name: fileName,
      project,
      version,
      sha256,
      bytes,
      facts: Object.freeze({ ...publication.facts }),
      publishedMs: this.#clock.now(),
      paths: Object.freeze({
        newest: `/${pathSegment(fileName)}`,
        pinned: this.#pinnedPath(project, version, sha256, fileName),
      }),
      get manifest(): string {
        return manifests.get(release) ?? '';
      },
    });
    manifests.set(release, manifestText({ project, version, file: fileName, size: bytes.length, sha256 }));
    this.#byPinnedPath.set(release.paths.pinned, release);
    return release;
  }

  #pinnedPath(project: string, version: string, sha256: string, fileName: string): string {
    for (let digits = 8; ; digits += 8) {
      const path = ['', project, `${version}-${sha256.slice(0, digits)}`, fileName].map((text, index) =>
        index === 0 ? text : pathSegment(text),
      );
      const joined = path.join('/');
      if (!this.#byPinnedPath.has(joined) || digits >= sha256.length) return joined;
    }
  }

  #forgetUnused(): void {
    const kept = new Set([...this.#names.values()].flatMap((named) => named.kept));
    for (const [path, release] of this.#byPinnedPath) {
      if (!kept.has(release) && !this.#holds.has(release)) this.#byPinnedPath.delete(path);
    }
  }
}

function checkName(name: string): void {
  const isSegment = name.length <= 200 && !/[/\\\p{Cc}\p{Surrogate}]/u.test(name) && !/^\.{0,2}$/.test(name);
  if (!isSegment || name.toLowerCase() === MANIFEST) throw new OtaError('server.nameInvalid', { name });
}

function manifestText(manifest: object): string {
  return JSON.stringify(manifest, undefined, 2);
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
