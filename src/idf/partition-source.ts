import { isAbsolute, join } from 'node:path';
import { builtInTable } from '../image/built-in-tables.ts';
import { parsePartitionCsv, type CsvProblem, type ExtraSubtype } from '../image/partition-csv.ts';
import { otaSlots, parsePartitionTable, type Partition } from '../image/partition-table.ts';
import { literalOf, type CmakeFile } from './cmake-file.ts';
import type { ConfigReader } from './config-reader.ts';
import './errors.ts';
import type { FileCache } from './file-cache.ts';
import type { IdfVersion } from './idf-version.ts';
import type { OtaConfig } from './ota-config.ts';
import { choosePartitionTable, type PartitionChoice } from './partition-choice.ts';
import { withoutUndefined } from './project-description.ts';
import { problem, problemOfError, type Problem } from './problem.ts';

/** The partition table of a project. */
export interface PartitionTableState {
  /** A CSV of the project, one of ESP-IDF's own, or (where the source can not be found) what the last build made. */
  readonly source: 'csv' | 'builtIn' | 'build' | 'none';
  readonly choice: PartitionChoice;
  /** Of the CSV; undefined for a built-in table. */
  readonly path?: string;
  /** CSV text. */
  readonly text?: string;
  /** Of the source; those of a CSV with errors are as far as it can be read. */
  readonly partitions: readonly Partition[];
  readonly problems: readonly Problem[];
  /** What is wrong with the CSV, in its own words; each is in `problems` too, as `partitionCsv.invalid` at its place. */
  readonly csvProblems: readonly CsvProblem[];
  /** What `build/partition_table/partition-table.bin` holds, and whether it is the same. */
  readonly built?: { readonly path: string; readonly partitions: readonly Partition[]; readonly isSame?: boolean };
}

export interface PartitionInputs {
  readonly folder: string;
  readonly buildFolder?: string | undefined;
  /** Of the ESP-IDF that built, for tables unknown here. */
  readonly idfPath?: string | undefined;
  readonly config: ConfigReader;
  readonly sdkconfigPath: string;
  readonly ota: OtaConfig;
  readonly idfVersion?: IdfVersion | undefined;
  readonly cmake?: CmakeFile | undefined;
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
}

interface Source {
  readonly source: 'csv' | 'builtIn';
  readonly path?: string;
  readonly text: string;
}

/** Reads the table that the configuration picks, and the one that was built. */
export async function loadPartitionTable(inputs: PartitionInputs, cache: FileCache): Promise<PartitionTableState> {
  const choice = choosePartitionTable(inputs.config);
  const problems: Problem[] = [];
  reportChoice(inputs, choice, problems);
  const built = await readBuilt(inputs.buildFolder, cache, problems);
  const source =
    choice.file === undefined ? undefined : await findSource(inputs, choice.file, choice.isCustom, cache, problems);
  if (source === undefined) {
    const partitions = built?.partitions ?? [];
    return {
      source: built === undefined ? 'none' : 'build',
      choice,
      partitions,
      problems,
      csvProblems: [],
      ...(built === undefined ? {} : { built }),
    };
  }
  const parsed = parsePartitionCsv(source.text, csvOptions(inputs));
  const csvPath = source.path ?? inputs.sdkconfigPath;
  for (const { severity, code, line, column, length } of parsed.problems) {
    const details = { problem: code, line, column, count: parsed.problems.length };
    const place = source.path === undefined ? {} : { line, column, length };
    problems.push(problem(severity, 'partitionCsv.invalid', csvPath, details, place));
  }
  const isSame = built === undefined ? undefined : samePartitions(parsed.partitions, built.partitions);
  if (isSame === false && built !== undefined) {
    problems.push(problem('information', 'partitionTable.builtDiffers', built.path, { file: choice.file ?? '' }));
  }
  return {
    source: source.source,
    choice,
    ...(source.path === undefined ? {} : { path: source.path }),
    text: source.text,
    partitions: parsed.partitions,
    problems,
    csvProblems: parsed.problems,
    ...(built === undefined ? {} : { built: { ...built, ...(isSame === undefined ? {} : { isSame }) } }),
  };
}

function reportChoice(inputs: PartitionInputs, choice: PartitionChoice, problems: Problem[]): void {
  if (choice.file === undefined) {
    const details = { choice: choice.choice ?? '', hasCoredump: choice.hasCoredump };
    const origin = inputs.config.origin(choice.choice ?? '');
    const path = origin?.path ?? inputs.sdkconfigPath;
    problems.push(problem('error', 'partitionTable.noFileForChoice', path, details, origin));
  } else if (choice.staleFileName !== undefined) {
    const details = { configured: choice.staleFileName, chosen: choice.file };
    const origin = inputs.config.origin('PARTITION_TABLE_FILENAME');
    const path = origin?.path ?? inputs.sdkconfigPath;
    problems.push(problem('information', 'partitionTable.fileNameStale', path, details, origin));
  }
}

async function findSource(
  inputs: PartitionInputs,
  file: string,
  isCustom: boolean,
  cache: FileCache,
  problems: Problem[],
): Promise<Source | undefined> {
  if (!isCustom) {
    const text = builtInTable(file)?.csv;
    if (text !== undefined) return { source: 'builtIn', text };
  }
  const builtInFolder =
    inputs.idfPath === undefined ? undefined : join(inputs.idfPath, 'components', 'partition_table');
  const path = isAbsolute(file)
    ? file
    : isCustom
      ? join(inputs.folder, file)
      : builtInFolder && join(builtInFolder, file);
  try {
    const read = path === undefined ? undefined : await cache.text(path, 'text', (text) => text);
    if (read !== undefined) return { source: isCustom ? 'csv' : 'builtIn', path: read.path, text: read.value };
  } catch (error) {
    problems.push(problemOfError(error, path ?? ''));
    return undefined;
  }
  const symbol = isCustom ? 'PARTITION_TABLE_CUSTOM_FILENAME' : 'PARTITION_TABLE_FILENAME';
  const origin = inputs.config.origin(symbol);
  const code = isCustom ? 'partitionTable.csvMissing' : 'partitionTable.unknownBuiltIn';
  problems.push(problem('error', code, origin?.path ?? inputs.sdkconfigPath, { file }, origin));
  return undefined;
}

async function readBuilt(
  buildFolder: string | undefined,
  cache: FileCache,
  problems: Problem[],
): Promise<{ path: string; partitions: readonly Partition[] } | undefined> {
  if (buildFolder === undefined) return undefined;
  const path = join(buildFolder, 'partition_table', 'partition-table.bin');
  try {
    const read = await cache.bytes(path, 'partitionTable', parsePartitionTable);
    return read === undefined ? undefined : { path, partitions: read.value.partitions };
  } catch (error) {
    problems.push(problemOfError(error, path));
    return undefined;
  }
}

function samePartitions(one: readonly Partition[], other: readonly Partition[]): boolean {
  // the tool sorts before it writes
  const key = (partitions: readonly Partition[]): string =>
    [...partitions]
      .sort((left, right) => left.offset - right.offset)
      .map((row) => [row.label, row.type, row.subtype, row.offset, row.size, row.isEncrypted, row.isReadonly].join())
      .join('\n');
  return key(one) === key(other);
}

function csvOptions({
  ota,
  config,
  idfVersion,
  environment,
  cmake,
}: PartitionInputs): Parameters<typeof parsePartitionCsv>[1] {
  return withoutUndefined({
    tableOffset: ota.partitionTableOffset,
    flashSizeBytes: ota.flashSizeBytes,
    idfVersion,
    secure: ota.secureBoot,
    md5: config.bool('PARTITION_TABLE_MD5'),
    environment,
    extraSubtypes: extraSubtypes(cmake),
    primaryBootloaderOffset: config.hex('BOOTLOADER_OFFSET_IN_FLASH'),
    recoveryBootloaderOffset: config.hex('BOOTLOADER_RECOVERY_OFFSET'),
  });
}

/** `idf_build_set_property(EXTRA_PARTITION_SUBTYPES "app, my_name, 0x40" APPEND)`
 * @see ESP-IDF v5.5 `components/partition_table/CMakeLists.txt` */
function extraSubtypes(cmake: CmakeFile | undefined): ExtraSubtype[] {
  const found: ExtraSubtype[] = [];
  for (const call of cmake?.calls ?? []) {
    if (call.name !== 'idf_build_set_property' || call.arguments[0]?.text !== 'EXTRA_PARTITION_SUBTYPES') continue;
    const value = call.arguments[1] === undefined ? undefined : literalOf(call.arguments[1]);
    for (const entry of value?.split(';') ?? []) {
      const [type = '', name = '', number = ''] = entry.split(',').map((word) => word.trim());
      const typeNumber = type === 'app' ? 0 : type === 'data' ? 1 : Number(type === '' ? NaN : type);
      const subtype = Number(number === '' ? NaN : number);
      if (Number.isInteger(typeNumber) && Number.isInteger(subtype) && name !== '') {
        found.push({ type: typeNumber, name, subtype });
      }
    }
  }
  return found;
}

/** The OTA slot an update can count on: the smallest. Undefined when the table has none. */
export function smallestOtaSlot(partitions: readonly Partition[]): Partition | undefined {
  return otaSlots(partitions).reduce<Partition | undefined>(
    (least, slot) => (least === undefined || slot.size < least.size ? slot : least),
    undefined,
  );
}
