import { basename, isAbsolute, join } from 'node:path';
import { throwIfCancelled } from '../base/abort.ts';
import { isWithin, type FileStore } from '../base/files.ts';
import { OtaError } from '../base/ota-error.ts';
import {
  buildManifest,
  writeManifest,
  type Manifest,
  type ManifestOptions,
  type WrittenManifest,
} from '../idf/manifest.ts';
import type { IdfProject } from '../idf/project.ts';
import { chipName } from '../image/chips.ts';
import { recogniseFile } from '../image/recognise-file.ts';
import type { Release, ReleaseStore } from '../server/release-store.ts';
import type {} from './errors.ts';

/** Release notes of a project, from the file the settings name; undefined when it is not there. They are published to everybody on the network, and
 * setting and file come with the project: nothing outside of its folder is read, not through a link either.
 * @throws {OtaError} `file.outside`, `file.unreadable` */
async function readNotes(project: IdfProject, path: string, files: FileStore): Promise<string | undefined> {
  if (path.trim() === '') return undefined;
  const named = isAbsolute(path) ? path : join(project.folder, path);
  const [real, folder] = await Promise.all([files.realPath(named), files.realPath(project.folder)]);
  if (real === undefined || folder === undefined) return undefined;
  if (!isWithin(real, folder)) throw new OtaError('file.outside', { path: named, folder: project.folder });
  const text = await files.readText(real);
  return text?.trim() === '' ? undefined : text?.trim();
}

/** The URL under which the project's application is served: below the base (`https://host:port`), or the one given where it has a path. */
function urlOf(project: IdfProject, baseUrl: string | undefined): string | undefined {
  if (baseUrl === undefined || project.app === undefined) return undefined;
  if (/^https?:\/\/[^/]+\/./.test(baseUrl)) return baseUrl;
  return `${baseUrl.replace(/\/$/, '')}/${encodeURIComponent(basename(project.app.path))}`;
}

/** Publishes what the project's build made. The same bytes give the same release, with the metadata of now. Where the application had another
 * name before, that one is served no longer.
 * @param baseUrl of the server, such as `https://192.168.1.20:8070`
 * @throws {OtaError} `manifest.notBuilt`, `manifest.badImage`, `server.nameTaken`, `file.unreadable`, `file.outside` */
export async function publishProject(
  project: IdfProject,
  store: ReleaseStore,
  files: FileStore,
  baseUrl: string | undefined,
  notesPath: string,
): Promise<Release> {
  const { app } = project;
  if (app === undefined) throw new OtaError('manifest.notBuilt', { project: project.name });
  const manifest = await describeRelease(project, files, baseUrl, notesPath);
  const release = store.publish({
    project: manifest.project,
    version: manifest.version,
    fileName: basename(app.path),
    bytes: app.bytes,
    facts: { chip: manifest.chip },
    manifest: { ...manifest, file: basename(app.path) },
    owner: project.folder,
    isPrimary: true,
  });
  store.withdraw(project.folder, release.name);
  return release;
}

/** Publishes any application image by its path.
 * @param signal nothing is published once it is aborted
 * @throws {OtaError} `file.unreadable`, `publish.notAnApp` saying what it is instead, `server.nameTaken`, `server.nameInvalid`, `cancelled` */
export async function publishImage(
  path: string,
  store: ReleaseStore,
  files: FileStore,
  signal?: AbortSignal,
): Promise<Release> {
  const bytes = await files.read(path);
  throwIfCancelled(signal, 'publishImage');
  if (bytes === undefined) throw new OtaError('file.unreadable', { path, reason: 'ENOENT' });
  const found = recogniseFile(bytes);
  // a container is opened by the firmware itself, which only it knows how to
  const isContainer = found.kind === 'preEncrypted' || found.kind === 'delta' || found.kind === 'compressed';
  if (found.kind !== 'app' && !isContainer) throw new OtaError('publish.notAnApp', { path, kind: found.kind });
  const description = found.kind === 'app' ? found.description : undefined;
  const project = description?.projectName ?? '';
  return store.publish({
    project: project === '' ? basename(path, '.bin') : project,
    version: description?.version ?? '',
    fileName: basename(path),
    bytes,
    facts: found.kind === 'app' ? { chip: chipName(found.chipId) } : { container: found.kind },
    owner: path,
  });
}

/** The metadata of what is built, not written anywhere.
 * @param baseUrl of the server, or the whole URL of the image
 * @throws {OtaError} `manifest.notBuilt`, `manifest.badImage`, `file.unreadable`, `file.outside` */
export async function describeRelease(
  project: IdfProject,
  files: FileStore,
  baseUrl: string | undefined,
  notesPath: string,
): Promise<Manifest> {
  return buildManifest(project, await manifestOptions(project, files, baseUrl, notesPath));
}

/** Writes the metadata and a copy of the image under its version into the build folder.
 * @param baseUrl of the server, or the whole URL of the image
 * @throws {OtaError} `manifest.notBuilt`, `manifest.badImage`, `file.unwritable`, `file.unreadable`, `file.outside` */
export async function writeMetadata(
  project: IdfProject,
  files: FileStore,
  baseUrl: string | undefined,
  notesPath: string,
): Promise<WrittenManifest> {
  return writeManifest(project, files, await manifestOptions(project, files, baseUrl, notesPath));
}

async function manifestOptions(
  project: IdfProject,
  files: FileStore,
  baseUrl: string | undefined,
  notesPath: string,
): Promise<ManifestOptions> {
  const url = urlOf(project, baseUrl);
  const releaseNotes = await readNotes(project, notesPath, files);
  return { ...(url === undefined ? {} : { url }), ...(releaseNotes === undefined ? {} : { releaseNotes }) };
}
