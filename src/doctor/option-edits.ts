import { join } from 'node:path';
import type { FileEdit } from '../idf/file-edit.ts';
import { FLASH_SIZE_CHOICES } from '../idf/ota-config.ts';
import { choosePartitionTable, PARTITION_TABLE_CHOICES } from '../idf/partition-choice.ts';
import { configReader } from '../idf/config-reader.ts';
import type { IdfProject } from '../idf/project.ts';
import { editSdkconfig, parseSdkconfig, type SdkconfigValue } from '../idf/sdkconfig.ts';
import { BYTE_ORDER_MARK } from '../idf/text-lines.ts';
import type { OptionValue } from './finding.ts';
import { Draft } from './setup/draft.ts';

/** Options of which exactly one is on.
 * @see ESP-IDF v5.5 `components/log/Kconfig.level`, `components/bootloader/Kconfig.log` */
const CHOICES: readonly (readonly string[])[] = [
  FLASH_SIZE_CHOICES,
  PARTITION_TABLE_CHOICES,
  ...['LOG_DEFAULT_LEVEL', 'BOOTLOADER_LOG_LEVEL'].map((name) =>
    ['NONE', 'ERROR', 'WARN', 'INFO', 'DEBUG', 'VERBOSE'].map((level) => `${name}_${level}`),
  ),
];
const LEVELS = ['NONE', 'ERROR', 'WARN', 'INFO', 'DEBUG', 'VERBOSE'];

export type Options = Readonly<Record<string, OptionValue>>;

/** The part of a project that setting its options needs. */
export type ConfiguredProject = Pick<IdfProject, 'folder' | 'sdkconfigPath' | 'defaults'>;

/** Where options are set: sdkconfig when there is one, and the defaults, which are made new when there are none. A file of defaults for one chip
 * that sets the option too is edited as well, because it would win. */
export function optionPaths({ folder, sdkconfigPath, defaults }: ConfiguredProject): readonly string[] {
  const paths = defaults.map(({ path }) => path);
  return [sdkconfigPath, ...(paths.length === 0 ? [join(folder, 'sdkconfig.defaults')] : paths)];
}

/** What to write where to set options, by name without `CONFIG_`; `null` takes one out. Turning a member of a choice on turns the others off where a file
 * names them, and what Kconfig derives from the choice follows in sdkconfig. Nothing where all is so already.
 * @param text of the files of {@link optionPaths}
 * @throws {OtaError} `sdkconfig.badName`, `sdkconfig.badValue` */
export function planOptions(
  project: ConfiguredProject,
  text: (path: string) => string | undefined,
  options: Options,
): readonly FileEdit[] {
  const draft = new Draft(text);
  setOptions(draft, project, options);
  return draft.edits();
}

/** {@link planOptions} into a draft; gives the paths of what changed.
 * @param isLocal a value of this computer: into the defaults, which others share, only where they set it already or there is no sdkconfig */
export function setOptions(
  draft: Draft,
  project: ConfiguredProject,
  options: Options,
  isLocal = false,
): readonly string[] {
  const changed: string[] = [];
  const edit = (path: string, changes: ReadonlyMap<string, SdkconfigValue | null>): void => {
    if (changes.size > 0 && draft.write(path, editSdkconfig(draft.text(path) ?? '', changes))) changed.push(path);
  };
  const { sdkconfigPath, defaults, folder } = project;
  const sdkconfig = draft.text(sdkconfigPath);
  if (sdkconfig !== undefined) {
    edit(sdkconfigPath, changesFor(sdkconfig, options, Object.keys(options)));
    const derived = derivedIn(draft.text(sdkconfigPath) ?? '', options);
    edit(sdkconfigPath, derived);
  }
  const general = defaults.map(({ path }) => path).findLast((path) => !/\.defaults\.\w+$/.test(path));
  const main = general ?? defaults[0]?.path ?? join(folder, 'sdkconfig.defaults');
  for (const path of new Set([main, ...defaults.map((one) => one.path)])) {
    const before = draft.text(path) ?? '';
    const named = parseSdkconfig(before).entries;
    // a file beside the main one is only corrected where it says otherwise
    const isMain = path === main && !(isLocal && sdkconfig !== undefined);
    const wanted = Object.keys(options).filter((name) => isMain || isNamed(name, named));
    edit(path, changesFor(before, options, wanted));
  }
  return changed;
}

function isNamed(name: string, entries: ReadonlyMap<string, unknown>): boolean {
  const members = CHOICES.find((choice) => choice.includes(name)) ?? [name];
  return members.some((member) => entries.has(member));
}

/** What has to change in one file for the wanted options to be in force there. */
function changesFor(
  text: string,
  options: Options,
  wanted: readonly string[],
): ReadonlyMap<string, SdkconfigValue | null> {
  const { entries } = parseSdkconfig(text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text);
  const changes = new Map<string, SdkconfigValue | null>();
  for (const name of wanted) {
    const value = options[name];
    if (value === undefined) continue;
    const entry = entries.get(name);
    if (value === null ? entry !== undefined : entry === undefined || !says(entry, value)) changes.set(name, value);
    if (value !== true) continue;
    for (const member of CHOICES.find((choice) => choice.includes(name)) ?? []) {
      if (member !== name && entries.get(member)?.value.startsWith('y') === true) changes.set(member, false);
    }
  }
  return changes;
}

function says(
  entry: { readonly value: string; readonly isQuoted: boolean },
  value: boolean | number | string,
): boolean {
  if (typeof value === 'boolean') return entry.value.startsWith('y') === value;
  if (typeof value === 'number') return Number(entry.value) === value;
  return entry.isQuoted && entry.value === value;
}

/** Symbols without a prompt that sdkconfig has beside a choice: Kconfig makes them anew at the next build, until then readers look at them. */
function derivedIn(text: string, options: Options): ReadonlyMap<string, SdkconfigValue> {
  const { entries } = parseSdkconfig(text);
  const derived = new Map<string, SdkconfigValue>();
  const put = (name: string, value: string | number): void => {
    const entry = entries.get(name);
    if (entry !== undefined && !says(entry, value)) derived.set(name, value);
  };
  for (const name of Object.keys(options).filter((one) => options[one] === true)) {
    const size = /^ESPTOOLPY_FLASHSIZE_(\d+MB)$/.exec(name)?.[1];
    if (size !== undefined) put('ESPTOOLPY_FLASHSIZE', size);
    const level = /^((?:BOOTLOADER_LOG|LOG_DEFAULT)_LEVEL)_([A-Z]+)$/.exec(name);
    if (level?.[1] !== undefined) put(level[1], LEVELS.indexOf(level[2] ?? ''));
  }
  const touchesTable = Object.keys(options).some((name) => name.startsWith('PARTITION_TABLE_'));
  const file = touchesTable
    ? choosePartitionTable(configReader([{ layer: 'sdkconfig', path: '', entries }])).file
    : undefined;
  if (file !== undefined) put('PARTITION_TABLE_FILENAME', file);
  return derived;
}
