import { basename } from 'node:path';
import { isOtaSlot, otadataPartition, otaSlots, type Partition } from '../../image/partition-table.ts';
import type { DoctorFacts } from '../facts.ts';
import { finding, type Finding, type FindingPlace, type Fix } from '../finding.ts';
import { otaTableOptions, slotBytesOf } from '../option-changes.ts';
import { linePlace, optionPlace } from '../places.ts';
import { flashSizeFindings } from './flash-size.ts';
import { partitionRowFindings } from './partition-rows.ts';

/** Share of a slot below which what is free is told. */
const NEARLY_FULL = 0.1;
const SET_UP: Fix = { kind: 'command', id: 'setUp', command: 'setUpForOta', needs: ['rebuild', 'fullFlash'] };

/** Whether the partition table can take updates, and fits the application, the flash and the board. */
export function layoutFindings(facts: DoctorFacts): readonly Finding[] {
  return [
    ...missingTable(facts),
    ...partitionRowFindings(facts),
    ...slotFindings(facts),
    ...sizeFindings(facts),
    ...flashSizeFindings(facts),
    ...boardTable(facts),
  ];
}

/** The CSV, or the option that picks a built-in table. */
export function tablePlace(facts: DoctorFacts, line = 1): FindingPlace {
  const { path, choice, source } = facts.project.partitionTable;
  if (source === 'csv' && path !== undefined) return linePlace(facts, path, line);
  return optionPlace(facts, choice.choice ?? '', 'PARTITION_TABLE_FILENAME');
}

function missingTable(facts: DoctorFacts): readonly Finding[] {
  const reasons = {
    'partitionTable.csvMissing': 'csvMissing',
    'partitionTable.unknownBuiltIn': 'unknownBuiltIn',
    'partitionTable.noFileForChoice': 'noFile',
  } as const;
  return facts.project.partitionTable.problems.flatMap((problem) => {
    if (!(problem.code in reasons)) return [];
    const reason = reasons[problem.code as keyof typeof reasons];
    const { file = '' } = problem.details as { readonly file?: string };
    const severity = reason === 'unknownBuiltIn' ? 'warning' : 'error';
    const at = linePlace(facts, problem.path, problem.line);
    return [finding('layout-table-missing', { reason, file }, { at, severity })];
  });
}

/** What takes the place of a table that can not take updates: another of ESP-IDF's own, or the user's CSV with slots, looked at before it is
 * written. */
function noSlotsFix(facts: DoctorFacts): readonly Fix[] {
  return facts.project.partitionTable.source === 'csv' ? [SET_UP] : otaTableFix(facts);
}

/** A table with larger slots; only where it is one of ESP-IDF's own: a CSV is the user's to arrange. */
function otaTableFix({ project }: DoctorFacts): readonly Fix[] {
  if (project.partitionTable.source === 'csv') return [];
  return [
    { kind: 'setOptions', id: 'useOtaTable', options: otaTableOptions(project), needs: ['rebuild', 'fullFlash'] },
  ];
}

function slotFindings(facts: DoctorFacts): readonly Finding[] {
  const { partitionTable } = facts.project;
  const { partitions, csvProblems } = partitionTable;
  // of a table that can't be read nothing more can be said
  if (partitionTable.source === 'none') return [];
  if (partitions.length === 0 && csvProblems.length > 0) return [];
  const slots = otaSlots(partitions);
  const fixes = noSlotsFix(facts);
  const at = tablePlace(facts);
  const [first] = slots;
  if (first === undefined) {
    return [finding('layout-no-ota-slots', { table: basename(partitionTable.choice.file ?? '') }, { at, fixes })];
  }
  const found: Finding[] = [];
  if (otadataPartition(partitions) === undefined) {
    found.push(finding('layout-no-otadata', { slots: slots.length }, { at, fixes }));
  }
  if (slots.length === 1) {
    const hasFactory = partitions.some((one) => one.type === 0 && one.subtype === 0);
    const place = tablePlace(facts, lineOfRow(facts, first.label));
    const severity = hasFactory ? 'warning' : 'error';
    found.push(finding('layout-one-slot', { slot: first.label, hasFactory }, { at: place, severity, fixes }));
  }
  return found;
}

/** Of a CSV: the line of the row with a name; undefined where the table is no CSV or has none. */
export function lineOfRow({ project }: DoctorFacts, label: string): number | undefined {
  const lines = project.partitionTable.text?.split(/\r\n|\r|\n/) ?? [];
  const index = lines.findIndex((line) => !line.trimStart().startsWith('#') && line.split(',')[0]?.trim() === label);
  return index < 0 ? undefined : index + 1;
}

function smallest(slots: readonly Partition[]): Partition | undefined {
  return [...slots].sort((one, other) => one.size - other.size)[0];
}

/** ESP-IDF's own check fails only when the application fits into no slot at all; an update needs it to fit into each.
 * @see ESP-IDF v5.5 `components/partition_table/check_sizes.py` */
function sizeFindings(facts: DoctorFacts): readonly Finding[] {
  const { app, partitionTable } = facts.project;
  const slots = otaSlots(partitionTable.partitions);
  const slot = smallest(slots);
  if (app === undefined || slot === undefined) return [];
  const appBytes = Math.max(app.bytes.length, app.image?.imageLength ?? 0);
  const tooSmall = slots.filter((one) => one.size < appBytes).length;
  const details = { slot: slot.label, slotBytes: slot.size, appBytes };
  const at = tablePlace(facts, lineOfRow(facts, slot.label));
  if (tooSmall > 0) {
    const fixes = canGrow(facts, appBytes) ? otaTableFix(facts) : [];
    return [finding('layout-app-too-large', { ...details, tooSmall, slots: slots.length }, { at, fixes })];
  }
  const isNearlyFull = slot.size - appBytes < slot.size * NEARLY_FULL;
  return isNearlyFull ? [finding('layout-app-nearly-full', details, { at })] : [];
}

/** ESP-IDF has another table with larger slots. */
function canGrow({ project }: DoctorFacts, appBytes: number): boolean {
  const chosen = Object.keys(otaTableOptions(project));
  const isOther = !chosen.includes(project.partitionTable.choice.choice ?? '');
  return (
    isOther &&
    chosen.includes('PARTITION_TABLE_TWO_OTA_LARGE') &&
    appBytes <= slotBytesOf('partitions_two_ota_large.csv')
  );
}

/** An update over the air writes slots at the places the board's own table gives them; the project's table stays on the computer. */
function boardTable(facts: DoctorFacts): readonly Finding[] {
  const { board, project } = facts;
  const planned = project.partitionTable.partitions;
  if (board?.partitions === undefined || planned.length === 0 || isSame(board.partitions, planned)) return [];
  const slots = board.partitions.filter(isOtaSlot);
  const smallestBytes = smallest(slots)?.size ?? 0;
  const appBytes = project.app?.bytes.length ?? 0;
  const works = slots.length > 1 && smallestBytes >= appBytes && otadataPartition(board.partitions) !== undefined;
  const fixes: readonly Fix[] = [{ kind: 'command', id: 'flashFully', command: 'flashProjectFully', needs: [] }];
  const severity = works ? 'warning' : 'error';
  return [
    finding('layout-board-table', { slots: slots.length, smallestBytes }, { at: tablePlace(facts), severity, fixes }),
  ];
}

function isSame(one: readonly Partition[], other: readonly Partition[]): boolean {
  const key = (partitions: readonly Partition[]): string =>
    [...partitions]
      .sort((left, right) => left.offset - right.offset)
      .map((row) => [row.label, row.type, row.subtype, row.offset, row.size].join())
      .join('\n');
  return key(one) === key(other);
}
