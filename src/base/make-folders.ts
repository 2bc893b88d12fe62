import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCode } from './ota-error.ts';

/** Makes a folder and those above it, as `mkdir` with `recursive` does; but that one never comes to an end where a folder can't be made in one that
 * is there and the system says "no such file", as below `/proc`.
 * @param mode of the folders that are made
 * @throws the system's error */
export async function makeFolders(path: string, mode = 0o777): Promise<void> {
  try {
    await makeOne(path, mode);
  } catch (error) {
    const above = dirname(path);
    if (systemCode(error) !== 'ENOENT' || above === path) throw error;
    await makeFolders(above, mode);
    await makeOne(path, mode);
  }
}

/** What is there already may be on a disk that can't be written, or be made by somebody else at this moment. */
async function makeOne(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    const isThere = await stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    );
    if (!isThere) throw error;
  }
}
