import { join } from 'node:path';
import { throwIfCancelled } from '../base/abort.ts';
import type { FileStore } from '../base/files.ts';
import { isOtaError, type OtaError } from '../base/ota-error.ts';
import { idfBuildSystem, parseCmake } from './cmake-file.ts';
import { decodeText } from './file-edit.ts';
import { parseSdkconfig } from './sdkconfig.ts';
import { unlessUnreadable } from './unless-unreadable.ts';

export interface FolderKind {
  /** `cmake`: a CMakeLists.txt that includes ESP-IDF's. `sdkconfig`: only an sdkconfig with ESP-IDF's header. */
  readonly by: 'cmake' | 'sdkconfig';
  readonly buildSystem?: 'v1' | 'v2';
  /** A platformio.ini lies there too: PlatformIO builds it, into a folder of its own. */
  readonly isPlatformIo: boolean;
}

/** How deep below a given folder projects are looked for, and how many folders are opened at most. */
const MAX_DEPTH = 5;
const MAX_FOLDERS = 3000;
/** A CMakeLists.txt of a project is short; what is larger is generated. */
const MAX_CMAKE_BYTES = 1024 * 1024;
const MAX_SDKCONFIG_BYTES = 8 * 1024 * 1024;
const SKIPPED = new Set([
  'node_modules',
  'managed_components',
  'main',
  'server_certs',
  '__pycache__',
  'dist',
  'venv',
  'env',
]);

/** Whether a folder is an ESP-IDF project, and how that is known. Folders that can not be read are none.
 * @see ESP-IDF v5.5 Programming Guide, "Build System", "Project CMakeLists File" */
export async function recogniseFolder(folder: string, files: FileStore): Promise<FolderKind | undefined> {
  const isPlatformIo = (await statOf(join(folder, 'platformio.ini'), files)) !== undefined;
  const cmake = await readBounded(join(folder, 'CMakeLists.txt'), MAX_CMAKE_BYTES, files);
  const buildSystem = cmake === undefined ? undefined : idfBuildSystem(parseCmake(cmake));
  if (buildSystem !== undefined) return { by: 'cmake', buildSystem, isPlatformIo };
  const sdkconfig = await readBounded(join(folder, 'sdkconfig'), MAX_SDKCONFIG_BYTES, files);
  if (sdkconfig === undefined || parseSdkconfig(sdkconfig.slice(0, 4096)).idfVersion === undefined) return undefined;
  return { by: 'sdkconfig', isPlatformIo };
}

/** The projects in some folders (those of a workspace): a folder itself first, then what is nested in it, level by level. Build outputs, what was
 * downloaded, and folders whose name starts with a dot are left out; the search is bounded. What can't be read below a given folder is passed over.
 * @param onUnreadable hears of a given folder that can't be read, and the search goes on with the others
 * @throws {OtaError} `cancelled`; `file.unreadable` for a given folder when nobody hears of it */
export async function findProjects(
  folders: readonly string[],
  files: FileStore,
  signal?: AbortSignal,
  onUnreadable?: (error: OtaError) => void,
): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const root of folders) {
    let opened = 0;
    let level = [root];
    try {
      await files.list(root);
    } catch (error) {
      if (onUnreadable === undefined || !isOtaError(error, 'file.unreadable')) throw error;
      onUnreadable(error);
      continue;
    }
    for (let depth = 0; depth <= MAX_DEPTH && level.length > 0 && opened < MAX_FOLDERS; depth++) {
      const next: string[] = [];
      for (const folder of level) {
        throwIfCancelled(signal, 'findProjects');
        if (opened++ >= MAX_FOLDERS) break;
        const names = await namesOf(folder, files);
        const mayBeProject = names.includes('CMakeLists.txt') || names.includes('sdkconfig');
        if (mayBeProject && (await recogniseFolder(folder, files)) !== undefined) found.add(folder);
        if (depth < MAX_DEPTH) next.push(...(await subfolders(folder, names, files)));
      }
      level = next;
    }
  }
  return [...found];
}

async function subfolders(folder: string, names: readonly string[], files: FileStore): Promise<string[]> {
  const candidates = names.filter((name) => !name.startsWith('.') && !SKIPPED.has(name) && !/\.\w{1,4}$/.test(name));
  const checked = await Promise.all(
    candidates.map(async (name) => {
      const path = join(folder, name);
      if ((await statOf(path, files))?.isDirectory !== true) return undefined;
      const isBuild =
        (await statOf(join(path, 'CMakeCache.txt'), files)) ??
        (await statOf(join(path, 'project_description.json'), files));
      return isBuild === undefined && name !== 'build' ? path : undefined;
    }),
  );
  return checked.filter((path) => path !== undefined);
}

function statOf(path: string, files: FileStore): ReturnType<FileStore['stat']> {
  return unlessUnreadable(files.stat(path), undefined);
}

function namesOf(folder: string, files: FileStore): Promise<readonly string[]> {
  return unlessUnreadable(files.list(folder), []);
}

async function readBounded(path: string, maxBytes: number, files: FileStore): Promise<string | undefined> {
  const stat = await statOf(path, files);
  if (stat === undefined || stat.isDirectory || stat.sizeBytes > maxBytes) return undefined;
  const bytes = await unlessUnreadable(files.read(path), undefined);
  return bytes === undefined ? undefined : decodeText(bytes).text;
}
