import increment from 'semver/functions/inc.js';
import parse from 'semver/functions/parse.js';
import type { FileStore } from '../base/files.ts';
import { OtaError } from '../base/ota-error.ts';
import { literalOf, parseCmake } from './cmake-file.ts';
import './errors.ts';
import { applyEdits, readTextExactly, type FileEdit } from './file-edit.ts';
import type { IdfProject } from './project.ts';
import { editSdkconfig, parseSdkconfig } from './sdkconfig.ts';
import { BYTE_ORDER_MARK, dominantEnding, splitLines } from './text-lines.ts';
import {
  cmakeStrings,
  MAX_VERSION_BYTES,
  projectVersionArgument,
  projectVersionCall,
  valueArguments,
  type VersionSourceKind,
} from './version.ts';

/** What is to become of a version. `identifier` names a prerelease (`rc` gives `1.2.4-rc.0`). */
export type VersionChange =
  | { readonly kind: 'major' | 'minor' | 'patch' }
  | { readonly kind: 'prerelease'; readonly identifier?: string }
  | { readonly kind: 'typed'; readonly version: string };

/** A change of the version, to be shown before it is made. */
export interface BumpPlan {
  readonly from: string | undefined;
  readonly to: string;
  /** The source that is edited: the one that wins, or `versionTxt` where Git or the default does. */
  readonly source: VersionSourceKind;
  readonly edits: readonly FileEdit[];
  /** version.txt is made new: from now on it decides, not Git or the default. */
  readonly createsVersionTxt: boolean;
}

/** The part of a project that a bump needs. */
export type VersionedProject = Pick<
  IdfProject,
  'folder' | 'version' | 'config' | 'sdkconfigPath' | 'defaults' | 'cmakePath' | 'versionTxtPath'
>;

/** The next version. A leading `v` stays. `1` and `1.2` count as `1.0.0` and `1.2.0`; what Git adds after a tag (`-4-g1a2b3c4-dirty`) is left out.
 * @throws {OtaError} `version.notSemantic` when it has to be typed; `version.tooLong`, `version.badCharacter`, `version.empty` */
export function nextVersion(current: string | undefined, source: VersionSourceKind, change: VersionChange): string {
  if (change.kind === 'typed') return checkVersion(change.version, source);
  if (current === undefined) throw new OtaError('version.unknown', { source });
  const base = withoutAdditions(current, source);
  const parts = /^(v?)(\d{1,9})(?:\.(\d{1,9}))?$/.exec(base);
  const full = parts === null ? base : `${parts[1] ?? ''}${parts[2] ?? ''}.${parts[3] ?? '0'}.0`;
  const parsed = parse(full);
  const raised =
    parsed === null
      ? null
      : change.kind === 'prerelease' && change.identifier !== undefined && change.identifier !== ''
        ? increment(parsed, 'prerelease', change.identifier)
        : increment(parsed, change.kind);
  if (raised === null) throw new OtaError('version.notSemantic', { version: current, source });
  return checkVersion(full.startsWith('v') ? `v${raised}` : raised, source);
}

/** Without what Git adds after the tag, and the list ends that blank lines of version.txt make. */
function withoutAdditions(version: string, source: VersionSourceKind): string {
  if (source === 'git') return version.replace(/-dirty$/, '').replace(/-\d+-g[0-9a-f]{4,40}$/, '');
  return (source === 'versionTxt' ? version.replace(/[; ]+$/, '') : version).trim();
}

/** Refuses what can not stand in an app description or breaks on the way there: more than 31 bytes, quotes, backslashes, `;`, `$`, `#`, control
 * characters, anything that is not ASCII (CMake's `file(STRINGS)` drops it), blanks at either end.
 * @throws {OtaError} `version.tooLong`, `version.badCharacter`, `version.empty`, `version.notForProjectArgument` */
export function checkVersion(version: string, source: VersionSourceKind): string {
  if (version === '') throw new OtaError('version.empty', { source });
  const bad = /[^ -~]|["\\;$#]|^ | $/u.exec(version);
  if (bad !== null) throw new OtaError('version.badCharacter', { version, character: bad[0] });
  if (version.length > MAX_VERSION_BYTES) {
    throw new OtaError('version.tooLong', { version, lengthBytes: version.length, maxBytes: MAX_VERSION_BYTES });
  }
  if (source === 'cmakeProject' && !/^\d{1,9}(?:\.\d{1,9}){0,3}$/.test(version)) {
    throw new OtaError('version.notForProjectArgument', { version });
  }
  return version;
}

/** The files that a bump reads and may write, whatever sets the version. */
export function bumpPaths({ sdkconfigPath, defaults, cmakePath, versionTxtPath }: VersionedProject): readonly string[] {
  return [sdkconfigPath, ...defaults.map(({ path }) => path), cmakePath, versionTxtPath];
}

/** What to write where for a new version. Reads the files afresh; writes nothing.
 * @throws {OtaError} as {@link nextVersion}; `version.same`, `version.noPlace`, `version.multiLineFile`, `sdkconfig.badValue` */
export async function planBump(project: VersionedProject, change: VersionChange, files: FileStore): Promise<BumpPlan> {
  const { version, versionTxtPath } = project;
  const isNewFile = version.source === 'git' || version.source === 'default';
  const to = nextVersion(version.value, version.source, change);
  if (to === version.value && !isNewFile) throw new OtaError('version.same', { version: to });
  const read = (path: string): Promise<string | undefined> => readTextExactly(files, path);
  const edits = isNewFile
    ? [versionTxtEdit(versionTxtPath, await read(versionTxtPath), to)]
    : version.source === 'kconfig'
      ? await kconfigEdits(project, to, read)
      : version.source === 'versionTxt'
        ? [versionTxtEdit(versionTxtPath, await read(versionTxtPath), to)]
        : [cmakeEdit(project.cmakePath, version.source, await read(project.cmakePath), to)];
  return {
    from: version.value,
    to,
    source: isNewFile ? 'versionTxt' : version.source,
    edits,
    createsVersionTxt: isNewFile && edits.every(({ before }) => before === undefined),
  };
}

/** Makes the planned change; nothing is written when a file changed since the plan.
 * @throws {OtaError} `file.changed`, `file.notUtf8`, `file.unwritable` */
export async function applyBump(plan: BumpPlan, files: FileStore): Promise<void> {
  await applyEdits(plan.edits, files);
}

type Read = (path: string) => Promise<string | undefined>;

/** sdkconfig, and the last file of defaults that sets it: otherwise a fresh configuration would fall back to the old version. */
async function kconfigEdits(project: VersionedProject, to: string, read: Read): Promise<FileEdit[]> {
  const edits: FileEdit[] = [];
  const edit = async (path: string, symbol: string): Promise<boolean> => {
    const before = await read(path);
    if (before === undefined || !parseSdkconfig(before).entries.has(symbol)) return false;
    edits.push({ path, before, after: editSdkconfig(before, new Map([['APP_PROJECT_VER', to]])) });
    return true;
  };
  const defaults = project.defaults.map(({ path }) => path).reverse();
  for (const symbol of ['APP_PROJECT_VER', 'APP_PROJECT_VER_FROM_CONFIG']) {
    await edit(project.sdkconfigPath, symbol);
    for (const path of defaults) if (await edit(path, symbol)) break;
    if (edits.length > 0) return edits;
  }
  throw new OtaError('version.noPlace', { source: 'kconfig', path: project.sdkconfigPath });
}

function versionTxtEdit(path: string, before: string | undefined, to: string): FileEdit {
  if (before === undefined) return { path, after: `${to}\n` };
  const mark = before.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK : '';
  const lines = splitLines(before.slice(mark.length));
  const written = cmakeStrings(before).filter((line) => line.trim() !== '').length;
  if (written > 1) throw new OtaError('version.multiLineFile', { path, lines: written });
  const ending = lines.length === 0 ? '\n' : lines[0]?.ending === '' ? '' : dominantEnding(lines);
  // blank lines are not kept: CMake would make them a part of the version (`1.0.0;`)
  return { path, before, after: `${mark}${to}${ending}` };
}

function cmakeEdit(path: string, source: VersionSourceKind, before: string | undefined, to: string): FileEdit {
  const file = before === undefined ? undefined : parseCmake(before);
  const call = file === undefined || source !== 'cmakeVariable' ? undefined : projectVersionCall(file);
  const values = call?.name === 'set' ? valueArguments(call) : [];
  const argument =
    source === 'cmakeVariable'
      ? values.length === 1
        ? values[0]
        : undefined
      : file === undefined
        ? undefined
        : projectVersionArgument(file);
  // an expression is not replaced: other things may be made of the same variables
  if (before === undefined || argument === undefined || literalOf(argument) === undefined)
    throw new OtaError('version.noPlace', { source, path });
  const text = argument.kind === 'unquoted' && /[\s()]/.test(to) ? `"${to}"` : to;
  return { path, before, after: before.slice(0, argument.start) + text + before.slice(argument.end) };
}
