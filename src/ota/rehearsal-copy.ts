import { cp, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { isWithin, type FileStore } from '../base/files.ts';
import { isOtaError, OtaError } from '../base/ota-error.ts';
import type { IdfProject } from '../idf/project.ts';
import { CERTIFICATE_IN_PROJECT } from '../server/install-certificate.ts';

export interface ProjectCopy {
  readonly folder: string;
  remove(): Promise<void>;
}

/** Copies a project's sources to a temporary folder, with the certificate to trust if there is one: to be built there, so that nothing of the user's changes.
 * What lies beside the project can be reached from the copy by the same relative paths.
 * @throws {OtaError} `file.outside` where the certificate's place is a link that leads elsewhere; `file.unwritable` */
export async function copyProject(
  project: Pick<IdfProject, 'folder' | 'buildFolders' | 'certificate'>,
  trustPem: string | undefined,
  files: FileStore,
): Promise<ProjectCopy> {
  const { folder, buildFolders, certificate } = project;
  const parent = await mkdtemp(join(tmpdir(), 'esp32-ota-rehearsal-'));
  const remove = (): Promise<void> => rm(parent, { recursive: true, force: true, maxRetries: 3 });
  try {
    const copy = join(parent, basename(folder));
    const left = new Set([...buildFolders, join(folder, 'build'), join(folder, '.git')]);
    await cp(folder, copy, { recursive: true, filter: (source) => !left.has(source) });
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
  const entries = around === folder ? [] : await readdir(around, { withFileTypes: true });
  for (const entry of entries) {
    if (!entry.isDirectory() || entry.name === basename(folder) || entry.name.startsWith('.')) continue;
    await symlink(join(around, entry.name), join(parent, entry.name), 'junction');
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
