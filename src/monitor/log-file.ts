import { constants } from 'node:fs';
import { lstat, open, realpath, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { isWithin } from '../base/files.ts';
import { makeFolders } from '../base/make-folders.ts';
import { isOtaError, OtaError, systemCode } from '../base/ota-error.ts';

export interface LogFileOptions {
  /** A file that would become longer is put aside first. Default 10 MiB. */
  readonly limitBytes?: number;
  /** How many full files are kept beside it, as `name.1` (the newest) to `name.n`. Default 4. */
  readonly keptFiles?: number;
  /** The log has to be in this folder, links followed. Default: it may be anywhere. */
  readonly within?: string | undefined;
  /** The file can't be written any more. Said once; nothing is written after it. */
  readonly onFailed?: (error: OtaError) => void;
}

/** A text file that is appended to. */
export interface LogFile {
  readonly path: string;
  /** Ends the text with LF. Never waits; what the disk is too slow for is left out beyond 8 MiB, and a line says so. */
  append(line: string): void;
  /** Resolves when everything is in the file so far. */
  flushed(): Promise<void>;
  /** Writes what is left. Never rejects. */
  close(): Promise<void>;
}

/** Where the log of a port is.
 * @param path `{port}` in it stands for the name of the port
 * @param folder what a relative path counts from */
export function logFilePath(path: string, address: string, folder: string): string {
  const port = address.replace(/^\/dev\//, '').replaceAll(/[^\w.-]+/g, '-');
  return resolve(folder, path.replaceAll('{port}', port));
}

const MOST_WAITING_BYTES = 8 * 1024 * 1024;

/** Opens a file at its end, but no link and nothing that would wait for another end. */
async function openToAppend(path: string): Promise<FileHandle> {
  // Windows has none of the two, and makes links for administrators only
  const { O_NOFOLLOW, O_NONBLOCK } = constants as Partial<typeof constants>;
  const isLink = await lstat(path).then(
    (found) => found.isSymbolicLink(),
    () => false,
  );
  if (isLink) throw Object.assign(new Error(path), { code: 'ELOOP' });
  const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT;
  return open(path, flags | (O_NOFOLLOW ?? 0) | (O_NONBLOCK ?? 0));
}

/** Where a path leads, links followed, as far as there is something. */
async function leadsTo(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    const above = dirname(path);
    if (systemCode(error) !== 'ENOENT' || above === path) throw error;
    return leadsTo(above);
  }
}

/** Opens a log, makes its directory, and goes on behind what is in it. What is written is a board's to choose, so a file that is a link is not
 * written through: a project could have one that leads to a file of the user's.
 * @throws {OtaError} `file.unwritable`, `file.outside` */
export async function openLogFile(path: string, options: LogFileOptions = {}): Promise<LogFile> {
  const { limitBytes = 10 * 1024 * 1024, keptFiles = 4, within, onFailed } = options;
  const failure = (error: unknown): OtaError =>
    isOtaError(error)
      ? error
      : new OtaError('file.unwritable', { path, reason: systemCode(error) ?? String(error) }, { cause: error });

  let file: FileHandle;
  let sizeBytes: number;
  const start = async (): Promise<void> => {
    const outside = (): OtaError => new OtaError('file.outside', { path, folder: within ?? '' });
    const folder = dirname(path);
    const isInside = async (): Promise<boolean> =>
      within === undefined || (isWithin(path, within) && isWithin(await leadsTo(folder), await realpath(within)));
    // before folders are made, too: a link would have them made where it leads
    if (!(await isInside())) throw outside();
    await makeFolders(folder);
    if (!(await isInside())) throw outside();
    file = await openToAppend(path);
    const found = await file.stat();
    if (!found.isFile()) {
      await file.close();
      throw Object.assign(new Error(path), { code: 'notAFile' });
    }
    sizeBytes = found.size;
  };
  try {
    await start();
  } catch (error) {
    throw failure(error);
  }

  const rotate = async (): Promise<void> => {
    await file.close();
    for (let number = keptFiles; number >= 1; number--) {
      await rename(number === 1 ? path : `${path}.${number - 1}`, `${path}.${number}`).catch((error: unknown) => {
        if (systemCode(error) !== 'ENOENT') throw error;
      });
    }
    if (keptFiles === 0) await rm(path, { force: true });
    await start();
  };

  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let leftOutBytes = 0;
  let isEnded = false;
  let writing: Promise<void> | undefined;

  const writeAll = async (): Promise<void> => {
    while (waiting.length > 0) {
      const lines = waiting;
      waiting = [];
      waitingBytes = 0;
      if (leftOutBytes > 0) lines.push(Buffer.from(`--- ${leftOutBytes} bytes were too fast for this disk\n`));
      leftOutBytes = 0;
      let batch: Buffer[] = [];
      let batchBytes = 0;
      const put = async (): Promise<void> => {
        if (batchBytes > 0) await file.appendFile(Buffer.concat(batch));
        sizeBytes += batchBytes;
        batch = [];
        batchBytes = 0;
      };
      for (const line of lines) {
        if (sizeBytes + batchBytes > 0 && sizeBytes + batchBytes + line.length > limitBytes) {
          await put();
          await rotate();
        }
        batch.push(line);
        batchBytes += line.length;
      }
      await put();
    }
  };

  const pump = (): void => {
    writing ??= writeAll()
      .catch((error: unknown) => {
        isEnded = true;
        waiting = [];
        onFailed?.(failure(error));
      })
      .finally(() => {
        writing = undefined;
        if (waiting.length > 0 && !isEnded) pump();
      });
  };

  return {
    path,
    append: (text) => {
      if (isEnded) return;
      const line = Buffer.from(`${text}\n`);
      if (waitingBytes + line.length > MOST_WAITING_BYTES) {
        leftOutBytes += line.length;
        return;
      }
      waiting.push(line);
      waitingBytes += line.length;
      pump();
    },
    flushed: async () => {
      while (writing !== undefined) await writing;
    },
    close: async () => {
      while (writing !== undefined) await writing;
      isEnded = true;
      await file.close().catch(() => undefined);
    },
  };
}
