import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, copyFile, readdir, realpath, rm, stat, writeFile, open } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path';
import { makeFolders } from './make-folders.ts';
import { OtaError, systemCode } from './ota-error.ts';
import { patientRename } from './patient-rename.ts';

export interface FileStat {
  readonly isDirectory: boolean;
  readonly sizeBytes: number;
  /** Milliseconds since 1970, with fractions. */
  readonly modifiedMs: number;
}

/** What the rooms need of a disk. Paths are absolute. A file that is not there is `undefined`, never an error; anything else is
 * `file.unreadable` or `file.unwritable`. Only files are read, never a device or a pipe, which may never end: a name in somebody's project may
 * be a link to one. */
export interface FileStore {
  stat(path: string): Promise<FileStat | undefined>;
  read(path: string): Promise<Uint8Array | undefined>;
  /** UTF-8, a byte order mark is kept. */
  readText(path: string): Promise<string | undefined>;
  /** Names in a directory, sorted; empty when it is not there. */
  list(path: string): Promise<readonly string[]>;
  /** The path with every link in it followed; undefined when it is not there. */
  realPath(path: string): Promise<string | undefined>;
  /** Replaces the file in one step (written beside it, then renamed), making its directories. `mode` such as 0o600 is in force before the
   * first byte is written; without one, a file that is replaced keeps its own. */
  writeAtomic(path: string, content: Uint8Array | string, mode?: number): Promise<void>;
  /** Copies to `path.<yyyymmdd-hhmmss>.bak` and returns that path; `undefined` when there was nothing to save. Never overwrites. */
  backUp(path: string): Promise<string | undefined>;
  remove(path: string): Promise<void>;
}

const MISSING = new Set(['ENOENT', 'ENOTDIR']);

/** Larger files are not read as a whole. */
const MOST_READ_BYTES = 512 * 1024 * 1024;

async function reading<T>(path: string, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    const reason = systemCode(error) ?? String(error);
    if (MISSING.has(reason)) return undefined;
    throw new OtaError('file.unreadable', { path, reason }, { cause: error });
  }
}

async function writing<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new OtaError('file.unwritable', { path, reason: systemCode(error) ?? String(error) }, { cause: error });
  }
}

/** All of a file, without waiting for one that is none. */
async function readWhole(path: string): Promise<Buffer> {
  // what is no file is opened without waiting for its other end; Windows has no such flag and no such files
  const file = await open(path, constants.O_RDONLY | ((constants.O_NONBLOCK as number | undefined) ?? 0));
  try {
    const found = await file.stat();
    if (found.isDirectory()) throw withCode('EISDIR');
    if (!found.isFile()) throw withCode('notAFile');
    if (found.size > MOST_READ_BYTES) throw withCode('EFBIG');
    return await file.readFile();
  } finally {
    await file.close();
  }
}

function withCode(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** Whether a path is that of the folder or lies in it, by its spelling alone; see {@link FileStore.realPath}. */
export function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** A path as people name it: from the folder on, with slashes, where it lies in it; the whole path elsewhere. */
export function nameWithin(path: string, folder: string): string {
  return isWithin(path, folder) ? relative(folder, path).replaceAll('\\', '/') : path;
}

/** Permission bits of a file that is there. */
async function modeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mode & 0o777;
  } catch {
    return undefined;
  }
}

async function writeAtomic(path: string, content: Uint8Array | string, mode?: number): Promise<void> {
  await makeFolders(dirname(path));
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    const file = await open(temporary, 'wx', mode ?? 0o666);
    try {
      const wanted = mode ?? (await modeOf(path));
      if (wanted !== undefined) await chmod(temporary, wanted);
      await writeFile(file, content);
      await file.sync();
    } finally {
      await file.close();
    }
    await patientRename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function timeStamp(date: Date): string {
  return date.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
}

async function backUp(path: string): Promise<string | undefined> {
  for (let attempt = 0; ; attempt++) {
    const copy = `${path}.${timeStamp(new Date())}${attempt === 0 ? '' : `-${attempt}`}.bak`;
    try {
      await copyFile(path, copy, constants.COPYFILE_EXCL);
      return copy;
    } catch (error) {
      if (MISSING.has(systemCode(error) ?? '')) return undefined;
      if (systemCode(error) !== 'EEXIST' || attempt > 99) throw error;
    }
  }
}

/** The real disk. */
export const diskFiles: FileStore = {
  stat: (path) =>
    reading(path, async () => {
      const found = await stat(path);
      return { isDirectory: found.isDirectory(), sizeBytes: found.size, modifiedMs: found.mtimeMs };
    }),
  read: (path) => reading(path, () => readWhole(path)),
  readText: (path) => reading(path, async () => (await readWhole(path)).toString('utf8')),
  list: async (path) => (await reading(path, async () => (await readdir(path)).sort())) ?? [],
  realPath: (path) => reading(path, () => realpath(path)),
  writeAtomic: (path, content, mode) => writing(path, () => writeAtomic(path, content, mode)),
  backUp: (path) => writing(path, () => backUp(path)),
  remove: (path) => writing(path, () => rm(path, { force: true })),
};
