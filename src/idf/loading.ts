import type { FileStore } from '../base/files.ts';
import type { CachedFile, FileCache } from './file-cache.ts';
import { problemOfError, type Problem } from './problem.ts';

/** One load of a project: where it reads and where it reports. */
export interface Loading {
  readonly folder: string;
  readonly files: FileStore;
  readonly cache: FileCache;
  readonly signal: AbortSignal | undefined;
  readonly problems: Problem[];
}

/** A handler for `catch`: a coded error becomes a problem of the file, and `otherwise` the value. */
export function reportTo<T>(problems: Problem[], path: string, otherwise: T): (error: unknown) => T {
  return (error) => {
    problems.push(problemOfError(error, path));
    return otherwise;
  };
}

/** Reads a text file through a parser; what goes wrong becomes a problem. Undefined when it is not there or can not be used. */
export function readText<T>(
  { cache, problems }: Loading,
  path: string,
  key: string,
  parse: (text: string) => T,
): Promise<CachedFile<T> | undefined> {
  return cache.text(path, key, parse).catch(reportTo(problems, path, undefined));
}
