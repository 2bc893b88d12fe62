import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, copyFile, link, open, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { makeFolders } from '../base/make-folders.ts';
import { OtaError, systemCode } from '../base/ota-error.ts';

/** Makes a directory that only the user may enter (0700), or takes the rights of others away from the one that is there.
 * @throws {OtaError} `file.unwritable` */
export async function makePrivateDirectory(path: string): Promise<void> {
  try {
    await makeFolders(path, 0o700);
    await chmod(path, 0o700);
  } catch (cause) {
    throw new OtaError('file.unwritable', { path, reason: systemCode(cause) ?? String(cause) }, { cause });
  }
}

/** Writes a file that only the user may read (0600) unless it is there already: of several processes that try at once, one wins, and
 * nobody ever sees half of it.
 * @returns whether this call made the file
 * @throws {OtaError} `file.unwritable` */
export async function createPrivateFile(path: string, content: string): Promise<boolean> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await placeUnlessThere(temporary, path);
    return true;
  } catch (cause) {
    const reason = systemCode(cause) ?? String(cause);
    if (reason === 'EEXIST') return false;
    throw new OtaError('file.unwritable', { path, reason }, { cause });
  } finally {
    await rm(temporary, { force: true });
  }
}

async function placeUnlessThere(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path);
  } catch (error) {
    // file systems without hard links (FAT, some network shares)
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(systemCode(error) ?? '')) throw error;
    await copyFile(temporary, path, constants.COPYFILE_EXCL);
  }
}
