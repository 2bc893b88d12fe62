import { join } from 'node:path';
import type { FileStore } from '../base/files.ts';
import { OtaError } from '../base/ota-error.ts';
import { chipById } from '../image/chips.ts';
import './errors.ts';
import { smallestOtaSlot } from './partition-source.ts';
import type { IdfProject } from './project.ts';
import { withoutUndefined } from './project-description.ts';

/** Metadata of a release, as `media/manifest.schema.json` describes it. */
export interface Manifest {
  readonly manifestVersion: 1;
  readonly project: string;
  readonly version: string;
  readonly secureVersion: number;
  readonly chip: string;
  /** `major * 100 + minor`. */
  readonly minChipRevision?: number;
  readonly maxChipRevision?: number;
  readonly file: string;
  /** In bytes. */
  readonly size: number;
  readonly sha256: string;
  readonly elfSha256?: string;
  readonly idfVersion?: string;
  readonly compiledAt?: string;
  readonly signed: boolean;
  readonly signatureScheme?: 'ecdsa-v1' | 'rsa-v2' | 'ecdsa-v2';
  readonly smallestSlot?: { readonly label: string; readonly size: number; readonly free: number };
  readonly url?: string;
  readonly releaseNotes?: string;
}

export interface ManifestOptions {
  /** Where the image is served. */
  readonly url?: string;
  readonly releaseNotes?: string;
}

/** The part of a project that its metadata is made from. */
export type DescribedProject = Pick<IdfProject, 'name' | 'folder' | 'buildFolder' | 'app' | 'partitionTable'>;

/** Describes the application that is built. All of it is read from the image, not from the sources: that is what a device gets.
 * @throws {OtaError} `manifest.notBuilt`, `manifest.badImage` */
export function buildManifest(project: DescribedProject, options: ManifestOptions = {}): Manifest {
  const { app } = project;
  if (app === undefined) throw new OtaError('manifest.notBuilt', { project: project.name });
  const { image } = app;
  const description = image?.description;
  if (image === undefined || description === undefined) throw new OtaError('manifest.badImage', { path: app.path });
  const { chipId, minChipRevision, maxChipRevision } = image.header;
  const name = description.projectName === '' ? project.name : description.projectName;
  const slot = smallestOtaSlot(project.partitionTable.partitions);
  const size = app.bytes.length;
  return withoutUndefined({
    manifestVersion: 1 as const,
    project: name,
    version: description.version,
    secureVersion: description.secureVersion,
    chip: chipById(chipId)?.target ?? `0x${chipId.toString(16).padStart(4, '0')}`,
    minChipRevision,
    maxChipRevision: maxChipRevision === 0 || maxChipRevision === 0xffff ? undefined : maxChipRevision,
    file: imageFileName(name, description.version, app.sha256),
    size,
    sha256: app.sha256,
    elfSha256: /^0*$/.test(description.elfSha256) ? undefined : description.elfSha256,
    idfVersion: description.idfVersion === '' ? undefined : description.idfVersion,
    compiledAt: compileTime(description.date, description.time),
    signed: image.signature !== undefined,
    signatureScheme: image.signature?.scheme,
    smallestSlot: slot === undefined ? undefined : { label: slot.label, size: slot.size, free: slot.size - size },
    url: options.url,
    releaseNotes: options.releaseNotes,
  });
}

/** `<project>-<version>.bin`. Characters that some file system or URL does not take become `-`; two versions that would then share a name are kept
 * apart by the beginning of the digest. */
export function imageFileName(project: string, version: string, sha256: string): string {
  const plain = version === '' ? project : `${project}-${version}`;
  const safe = plain
    .replace(/[^A-Za-z0-9._+-]+/g, '-')
    .replace(/\.{2,}/g, '.')
    .replace(/^[^A-Za-z0-9_]+|[.]+$/g, '')
    .slice(0, 100);
  if (safe === plain && safe !== '') return `${safe}.bin`;
  return `${safe === '' ? 'app' : safe}-${sha256.slice(0, 8)}.bin`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `Jan  8 2026` and `15:36:45` as `2026-01-08T15:36:45`; undefined when they are left out or are something else. */
function compileTime(date: string, time: string): string | undefined {
  const found = /^([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d{4})$/.exec(date);
  const month = MONTHS.indexOf(found?.[1] ?? '') + 1;
  if (found?.[2] === undefined || found[3] === undefined || month === 0 || !/^\d{2}:\d{2}:\d{2}$/.test(time))
    return undefined;
  return `${found[3]}-${String(month).padStart(2, '0')}-${found[2].padStart(2, '0')}T${time}`;
}

export interface WrittenManifest {
  readonly manifest: Manifest;
  readonly manifestPath: string;
  readonly imagePath: string;
}

/** Writes `ota/<project>-<version>.bin` and then `ota/manifest.json` into the build folder, each in one step, so that a manifest never names an image
 * that is not there.
 * @throws {OtaError} as {@link buildManifest}; `file.unwritable` */
export async function writeManifest(
  project: DescribedProject,
  files: FileStore,
  options: ManifestOptions = {},
): Promise<WrittenManifest> {
  const manifest = buildManifest(project, options);
  const { app, buildFolder } = project;
  if (app === undefined) throw new OtaError('manifest.notBuilt', { project: project.name });
  const folder = join(buildFolder ?? join(project.folder, 'build'), 'ota');
  const imagePath = join(folder, manifest.file);
  const manifestPath = join(folder, 'manifest.json');
  await files.writeAtomic(imagePath, app.bytes);
  await files.writeAtomic(manifestPath, `${JSON.stringify(manifest, null, 2)}\n`);
  return { manifest, manifestPath, imagePath };
}
