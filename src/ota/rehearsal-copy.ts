import { constants } from 'node:fs';
import { access, copyFile, mkdtemp, readdir, realpath, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { isWithin, type FileStore } from '../base/files.ts';
import { makeFolders } from '../base/make-folders.ts';
import { isOtaError, OtaError, systemCode } from '../base/ota-error.ts';
import type { IdfProject } from '../idf/project.ts';
import { CERTIFICATE_IN_PROJECT } from '../server/install-certificate.ts';

export interface ProjectCopy {
  readonly folder: string;
  remove(): Promise<void>;
}

/** Copies a project's sources to a temporary folder, with the certificate to trust if there is one: to be built there, so that nothing of the user's changes.
 * What lies beside the project can be reached from the copy by the same relative paths.
 * @throws {OtaError} `file.outside` where the certificate's place is a link that leads elsewhere; `file.unreadable`, `file.unwritable` */
export async function copyProject(
  project: Pick<IdfProject, 'folder' | 'buildFolders' | 'certificate'>,
  trustPem: string | undefined,
  files: FileStore,
): Promise<ProjectCopy> {
  const { folder, buildFolders, certificate } = project;
  const parent = await writing(tmpdir(), () => mkdtemp(join(tmpdir(), 'esp32-ota-rehearsal-')));
  const remove = (): Promise<void> => rm(parent, { recursive: true, force: true, maxRetries: 3 });
  try {
    const copy = join(parent, basename(folder));
    await copyFolder(folder, copy, new Set([...buildFolders, join(folder, 'build'), join(folder, '.git')]));
    await linkNeighbours(folder, parent);
    const inside = relative(folder, certificate.path);
    const isInside = inside !== '' && isWithin(certificate.path, folder);
    const target = isInside ? join(copy, inside) : join(copy, ...CERTIFICATE_IN_PROJECT);
    if (trustPem !== undefined) {
      await refuseLinkOut(target, parent, files);
      await files.writeAtomic(target, trustPem);
    }
    return { folder: copy, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** A link in the project could lead back into it, or anywhere.
 * @throws {OtaError} `file.outside` */
async function refuseLinkOut(target: string, parent: string, files: FileStore): Promise<void> {
  const [directory, root] = await Promise.all([files.realPath(dirname(target)), files.realPath(parent)]);
  if (directory !== undefined && root !== undefined && !isWithin(directory, root))
    throw new OtaError('file.outside', { path: target, folder: parent });
}

async function linkNeighbours(folder: string, parent: string): Promise<void> {
  const around = dirname(folder);
  // what can't be listed is not needed by name either
  const entries = around === folder ? [] : await readdir(around, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (!entry.isDirectory() || entry.name === basename(folder) || entry.name.startsWith('.')) continue;
    const link = join(parent, entry.name);
    await writing(link, () => symlink(join(around, entry.name), link, 'junction'));
  }
}

/** Copies files, folders and links; what is neither, such as a pipe, no build reads. `left` is left out.
 * @throws {OtaError} `file.unreadable`, `file.unwritable` */
async function copyFolder(from: string, to: string, left: ReadonlySet<string>): Promise<void> {
  const realFrom = await reading(from, () => realpath(from));
  const copyInto = async (inside: string): Promise<void> => {
    const [source, target] = [join(from, inside), join(to, inside)];
    await writing(target, () => makeFolders(target));
    for (const entry of await reading(source, () => readdir(source, { withFileTypes: true }))) {
      const way = join(inside, entry.name);
      if (left.has(join(from, way))) continue;
      if (entry.isDirectory()) await copyInto(way);
      else if (entry.isFile()) await copyOne(join(from, way), join(to, way));
      else if (entry.isSymbolicLink()) await copyLink(join(from, way), join(to, way), realFrom, to);
    }
  };
  await copyInto('');
}

/** A link within the project leads to the same place within the copy, so that nothing is written through it. One to a file outside becomes that
 * file; one to a folder outside stays, as what lies beside the project can be reached too. One that leads nowhere is left out. */
async function copyLink(source: string, target: string, realFrom: string, to: string): Promise<void> {
  const end = await realpath(source).catch(() => undefined);
  const found = end === undefined ? undefined : await stat(end).catch(() => undefined);
  if (end === undefined || found === undefined) return;
  const type = found.isDirectory() ? 'junction' : 'file';
  if (isWithin(end, realFrom)) {
    const inCopy = join(to, relative(realFrom, end));
    // on Windows links to folders have to be absolute
    const way = process.platform === 'win32' ? inCopy : relative(dirname(target), inCopy) || '.';
    await writing(target, () => symlink(way, target, type));
  } else if (found.isDirectory()) await writing(target, () => symlink(end, target, type));
  else if (found.isFile()) await copyOne(end, target);
}

async function copyOne(source: string, target: string): Promise<void> {
  await reading(source, () => access(source, constants.R_OK));
  await writing(target, () => copyFile(source, target, constants.COPYFILE_FICLONE));
}

async function reading<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new OtaError('file.unreadable', { path, reason: systemCode(error) ?? String(error) }, { cause: error });
  }
}

async function writing<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new OtaError('file.unwritable', { path, reason: systemCode(error) ?? String(error) }, { cause: error });
  }
}

/** The build command that the project's own settings for VS Code name. */
export async function buildCommandOf(folder: string, files: FileStore): Promise<string | undefined> {
  try {
    const text = await files.readText(join(folder, '.vscode', 'settings.json'));
    // the file may have comments, so it is not parsed as a whole
    const value = /^[^/\n]*"esp32Ota\.build\.command"\s*:\s*("(?:[^"\\\n]|\\.)*")/m.exec(text ?? '')?.[1];
    const command: unknown = value === undefined ? undefined : JSON.parse(value);
    return typeof command === 'string' && command.trim() !== '' ? command : undefined;
  } catch (error) {
    if (isOtaError(error) || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
