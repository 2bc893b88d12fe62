import type { FileStore } from '../base/files.ts';
import { OtaError } from '../base/ota-error.ts';
import './errors.ts';
import { decodeText } from './file-edit.ts';

export interface CachedFile<T> {
  readonly path: string;
  readonly sizeBytes: number;
  /** Milliseconds since 1970. */
  readonly modifiedMs: number;
  readonly value: T;
}

/** Reads files through a parser and remembers the result until the file's time or size changes. What a parser throws is remembered too. */
export interface FileCache {
  /** Undefined when the file is not there.
   * @throws {OtaError} what the parser throws, `file.unreadable`, `file.tooLarge` */
  bytes<T>(path: string, key: string, parse: (bytes: Uint8Array) => T): Promise<CachedFile<T> | undefined>;
  /** As {@link bytes}, with the text byte-true. */
  text<T>(path: string, key: string, parse: (text: string) => T): Promise<CachedFile<T> | undefined>;
  /** How many files were read (not only looked at) since the start. */
  readonly readCount: number;
  /** Grows whenever a file that was asked for is there for the first time, is another one, or is gone. */
  readonly changeCount: number;
}

type Outcome = { readonly value: unknown } | { readonly error: unknown };
interface Entry {
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  readonly outcome: Outcome;
}

/** No file of a project that is read as a whole is larger: flash chips end at 128 MB, images far below. */
const MAX_BYTES = 64 * 1024 * 1024;
/** The descriptions of the largest builds have some megabytes. */
const MAX_TEXT_BYTES = 8 * 1024 * 1024;

export function createFileCache(files: FileStore): FileCache {
  const entries = new Map<string, Entry>();
  let readCount = 0;
  let changeCount = 0;

  async function read(
    path: string,
    key: string,
    maxBytes: number,
    parse: (bytes: Uint8Array) => unknown,
  ): Promise<CachedFile<unknown> | undefined> {
    const id = `${key}\0${path}`;
    let found = await files.stat(path);
    for (let attempt = 0; found?.isDirectory === false; attempt++) {
      let entry = entries.get(id);
      if (entry?.sizeBytes !== found.sizeBytes || entry.modifiedMs !== found.modifiedMs) {
        if (found.sizeBytes > maxBytes)
          throw new OtaError('file.tooLarge', { path, sizeBytes: found.sizeBytes, maxBytes });
        const bytes = await files.read(path);
        readCount++;
        if (bytes === undefined) break;
        // a build that writes right now: what was read may be half of the old and half of the new
        const after = await files.stat(path);
        const isSteady = after?.modifiedMs === found.modifiedMs && after.sizeBytes === bytes.length;
        if (!isSteady && attempt < 3) {
          found = after;
          continue;
        }
        entry = { sizeBytes: bytes.length, modifiedMs: found.modifiedMs, outcome: outcomeOf(() => parse(bytes)) };
        entries.set(id, entry);
        changeCount++;
      }
      if ('error' in entry.outcome) throw entry.outcome.error;
      return { path, sizeBytes: entry.sizeBytes, modifiedMs: entry.modifiedMs, value: entry.outcome.value };
    }
    if (entries.delete(id)) changeCount++;
    return undefined;
  }

  return {
    bytes: <T>(path: string, key: string, parse: (bytes: Uint8Array) => T) =>
      read(path, key, MAX_BYTES, parse) as Promise<CachedFile<T> | undefined>,
    text: <T>(path: string, key: string, parse: (text: string) => T) =>
      read(path, key, MAX_TEXT_BYTES, (bytes) => parse(decodeText(bytes).text)) as Promise<CachedFile<T> | undefined>,
    get readCount() {
      return readCount;
    },
    get changeCount() {
      return changeCount;
    },
  };
}

function outcomeOf(run: () => unknown): Outcome {
  try {
    return { value: run() };
  } catch (error) {
    return { error };
  }
}
