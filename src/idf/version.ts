import { isIdfAtLeast, type IdfVersion } from './idf-version.ts';
import { literalOf, type CmakeCall, type CmakeFile } from './cmake-file.ts';
import type { ConfigReader } from './config-reader.ts';
import { problem, type Problem } from './problem.ts';
import './errors.ts';

/** Where an application version can come from, in the order ESP-IDF looks. */
export type VersionSourceKind = 'kconfig' | 'cmakeVariable' | 'versionTxt' | 'cmakeProject' | 'git' | 'default';

export interface VersionSource {
  readonly source: VersionSourceKind;
  /** Undefined when CMake computes it, so that it is known after a build only. */
  readonly value?: string;
  readonly path?: string;
  readonly line?: number;
  readonly column?: number;
  readonly length?: number;
}

export interface ResolvedVersion extends VersionSource {
  /** What the next build writes into the app description: `value` cut at 31 bytes, or empty when the field is left out. Undefined when not known. */
  readonly effective?: string;
  readonly isCut: boolean;
  /** CONFIG_APP_EXCLUDE_PROJECT_VER_VAR leaves the field empty. */
  readonly isExcluded: boolean;
  /** The other sources that say something, in ESP-IDF's order. */
  readonly shadowed: readonly VersionSource[];
  /** The version in the image that is built, and whether it is the one in force (undefined when that is not known). */
  readonly built?: { readonly version: string; readonly agrees?: boolean };
  /** Why a value does not take effect, each at its place. */
  readonly problems: readonly Problem[];
}

export interface VersionInputs {
  readonly config: ConfigReader;
  readonly idfVersion?: IdfVersion | undefined;
  readonly cmake?: { readonly path: string; readonly file: CmakeFile } | undefined;
  readonly versionTxt?: { readonly path: string; readonly text: string } | undefined;
  /** What `git describe --always --tags --dirty` says in the project folder; undefined when there is no repository or it was not asked. */
  readonly gitDescription?: string | undefined;
  /** The version in the built image, and where that lies. */
  readonly built?: { readonly version: string; readonly path: string } | undefined;
}

/** The app description has 32 bytes for the version, the last one NUL.
 * @see ESP-IDF v5.5 `components/esp_app_format/include/esp_app_desc.h` */
export const MAX_VERSION_BYTES = 31;

/** The version the next build gives, the source that decides, and what the others say.
 * @see ESP-IDF v5.5 `tools/cmake/project.cmake`, `components/esp_app_format/CMakeLists.txt`; v4.4 `components/app_update/CMakeLists.txt` */
export function resolveVersion(inputs: VersionInputs): ResolvedVersion {
  const problems: Problem[] = [];
  const found: VersionSource[] = [
    fromKconfig(inputs, problems),
    fromCmakeVariable(inputs, problems),
    fromVersionTxt(inputs, problems),
    fromProjectArgument(inputs, problems),
    inputs.gitDescription === undefined || inputs.gitDescription === ''
      ? undefined
      : { source: 'git' as const, value: inputs.gitDescription },
  ].filter((source) => source !== undefined);
  const [winner = { source: 'default' as const, value: '1' }, ...shadowed] = found;
  for (const loser of shadowed) {
    if (loser.path === undefined || loser.value === winner.value) continue;
    const details = { by: winner.source, source: loser.source, value: loser.value ?? '' };
    problems.push(problem('warning', 'version.shadowed', loser.path, details, loser));
  }
  const isExcluded = inputs.config.bool('APP_EXCLUDE_PROJECT_VER_VAR') === true;
  const effective = isExcluded ? '' : winner.value === undefined ? undefined : cutVersion(winner.value);
  const isCut = !isExcluded && winner.value !== undefined && effective !== winner.value;
  if (winner.path !== undefined && winner.value !== undefined) {
    if (isExcluded) {
      problems.push(problem('warning', 'version.excluded', winner.path, { version: winner.value }, winner));
    } else if (isCut && effective !== undefined) {
      problems.push(problem('warning', 'version.cut', winner.path, { version: winner.value, effective }, winner));
    }
  }
  const built = builtVersionOf(inputs, winner, effective, problems);
  return {
    ...winner,
    ...(effective === undefined ? {} : { effective }),
    isCut,
    isExcluded,
    shadowed,
    ...(built === undefined ? {} : { built }),
    problems,
  };
}

/** A version as it stands in an image: at most 31 bytes, cut as CMake cuts (by bytes). */
export function cutVersion(version: string): string {
  const bytes = Buffer.from(version, 'utf8');
  return bytes.length <= MAX_VERSION_BYTES ? version : bytes.subarray(0, MAX_VERSION_BYTES).toString('utf8');
}

function builtVersionOf(
  inputs: VersionInputs,
  winner: VersionSource,
  effective: string | undefined,
  problems: Problem[],
): ResolvedVersion['built'] {
  if (inputs.built === undefined) return undefined;
  const { version, path } = inputs.built;
  if (effective === undefined) return { version };
  const agrees = version === effective;
  if (!agrees && winner.source === 'git') {
    problems.push(problem('warning', 'version.gitStale', path, { built: version, described: effective }));
  } else if (!agrees) {
    problems.push(problem('warning', 'version.notRebuilt', winner.path ?? path, { built: version, effective }, winner));
  }
  return { version, agrees };
}

function fromKconfig({ config }: VersionInputs, problems: Problem[]): VersionSource | undefined {
  const value = config.string('APP_PROJECT_VER');
  const isOn = config.bool('APP_PROJECT_VER_FROM_CONFIG') === true;
  const origin = config.origin('APP_PROJECT_VER') ?? config.origin('APP_PROJECT_VER_FROM_CONFIG');
  if (isOn) return { source: 'kconfig', value: value ?? '1', ...(origin === undefined ? {} : placeOf(origin)) };
  if (value !== undefined && origin !== undefined && origin.layer !== 'build' && origin.layer !== 'deprecated') {
    problems.push(problem('warning', 'version.kconfigUnused', origin.path, { value }, origin));
  }
  return undefined;
}

function placeOf(place: { path: string; line?: number }): { path: string; line?: number } {
  return place.line === undefined ? { path: place.path } : { path: place.path, line: place.line };
}

/** The call that decides CMake's variable PROJECT_VER: the last one before project() that sets or computes it. */
export function projectVersionCall(file: CmakeFile): CmakeCall | undefined {
  let last: CmakeCall | undefined;
  for (const call of file.calls) {
    if (call.name === 'project' || call.name === 'idf_project_default') break;
    if (call.name === 'unset' && call.arguments[0]?.text === 'PROJECT_VER' && call.depth === 0) last = undefined;
    else if (call.name === 'set' && call.arguments[0]?.text === 'PROJECT_VER') {
      last = valueArguments(call).length === 0 ? undefined : call;
    } else if (COMPUTING.has(call.name) && call.arguments.some((argument) => argument.text === 'PROJECT_VER'))
      last = call;
  }
  return last;
}

/** Commands that put a result into a variable they are given. */
const COMPUTING = new Set([
  'string',
  'file',
  'execute_process',
  'list',
  'math',
  'get_filename_component',
  'cmake_path',
  'git_describe',
  'option',
]);

/** The arguments of set() that make the value. */
export function valueArguments(call: CmakeCall): CmakeCall['arguments'] {
  const values = call.arguments.slice(1);
  const end = values.findIndex(
    (argument) => argument.kind === 'unquoted' && (argument.text === 'CACHE' || argument.text === 'PARENT_SCOPE'),
  );
  return end < 0 ? values : values.slice(0, end);
}

function fromCmakeVariable({ cmake }: VersionInputs, problems: Problem[]): VersionSource | undefined {
  const call = cmake === undefined ? undefined : projectVersionCall(cmake.file);
  if (cmake === undefined || call === undefined) return undefined;
  const values = call.name === 'set' ? valueArguments(call) : [];
  const first = values[0] ?? call.arguments[0];
  const place = {
    path: cmake.path,
    line: first?.line ?? call.line,
    ...(first === undefined
      ? {}
      : { column: first.column, length: first.text.length + (first.kind === 'quoted' ? 2 : 0) }),
  };
  if (call.depth > 0) {
    problems.push(problem('information', 'version.conditional', cmake.path, { variable: 'PROJECT_VER' }, place));
  }
  const literals = values.map(literalOf);
  if (literals.length > 0 && literals.every((text) => text !== undefined)) {
    return { source: 'cmakeVariable', value: literals.join(';'), ...place };
  }
  const expression = call.name === 'set' ? values.map((argument) => argument.text).join(' ') : `${call.name}()`;
  problems.push(
    problem('information', 'version.computed', cmake.path, { expression: expression.slice(0, 200) }, place),
  );
  return { source: 'cmakeVariable', ...place };
}

/** Lines of a file as CMake's `file(STRINGS)` gives them: a byte order mark and carriage returns dropped, an unfinished last line counted when it has
 * text. */
export function cmakeStrings(text: string): readonly string[] {
  const lines = text
    .replace(/^\uFEFF/, '')
    .replaceAll('\r', '')
    .split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

function fromVersionTxt({ versionTxt, idfVersion }: VersionInputs, problems: Problem[]): VersionSource | undefined {
  if (versionTxt === undefined) return undefined;
  const { path, text } = versionTxt;
  const lines = cmakeStrings(text);
  const value = lines.join(';');
  const place = { line: 1, column: 1, length: lines[0]?.length ?? 0 };
  if (lines.length > 1) {
    const details = { version: value.slice(0, 200), lines: lines.length };
    problems.push(problem('warning', 'version.multiLine', path, details, { ...place, line: 2 }));
  }
  if (isIdfAtLeast(idfVersion, 5, 2) && isCmakeFalse(value)) {
    problems.push(problem('warning', 'version.ignoredAsFalse', path, { text: value.slice(0, 200) }, place));
    return undefined;
  }
  return { source: 'versionTxt', value, path, ...place };
}

/** What `if(NOT …)` takes for false.
 * @see CMake 3.30 manual, if(), "Constant" */
function isCmakeFalse(value: string): boolean {
  return /^(?:0|OFF|NO|FALSE|N|IGNORE|NOTFOUND|.*-NOTFOUND|)$/is.test(value);
}

/** The argument after VERSION in project(). */
export function projectVersionArgument(file: CmakeFile): CmakeCall['arguments'][number] | undefined {
  const call = file.calls.find(({ name }) => name === 'project');
  const at = call?.arguments.findIndex(
    (argument, index) => index > 0 && argument.kind === 'unquoted' && argument.text === 'VERSION',
  );
  return call === undefined || at === undefined || at < 0 ? undefined : call.arguments[at + 1];
}

function fromProjectArgument({ cmake, idfVersion }: VersionInputs, problems: Problem[]): VersionSource | undefined {
  const argument = cmake === undefined ? undefined : projectVersionArgument(cmake.file);
  if (cmake === undefined || argument === undefined) return undefined;
  const value = literalOf(argument);
  const place = { path: cmake.path, line: argument.line, column: argument.column, length: argument.text.length };
  if (!isIdfAtLeast(idfVersion, 5, 2)) {
    const details = { idfVersion: idfVersion?.text ?? '', value: value ?? argument.text };
    problems.push(problem('warning', 'version.projectArgumentIgnored', cmake.path, details, place));
    return undefined;
  }
  if (value !== undefined) return { source: 'cmakeProject', value, ...place };
  problems.push(
    problem('information', 'version.computed', cmake.path, { expression: argument.text.slice(0, 200) }, place),
  );
  return { source: 'cmakeProject', ...place };
}
