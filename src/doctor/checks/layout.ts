import { basename } from 'node:path';
import { otadataPartition, otaSlots } from '../../image/partition-table.ts';
import type { DoctorFacts } from '../facts.ts';
import { finding, type Finding, type FindingPlace } from '../finding.ts';
import { linePlace, optionPlace } from '../places.ts';

/** Whether the partition table can take updates, and fits the image and the flash. */
export function layoutFindings(facts: DoctorFacts): readonly Finding[] {
  const { partitionTable } = facts.project;
  if (partitionTable.source === 'none') return [];
  const slots = otaSlots(partitionTable.partitions);
  const at = tablePlace(facts);
  if (slots.length === 0) {
    return [finding('layout-no-ota-slots', { table: basename(partitionTable.choice.file ?? '') }, { at })];
  }
  const found: Finding[] = [];
  if (otadataPartition(partitionTable.partitions) === undefined)
    found.push(finding('layout-no-otadata', { slots: slots.length }, { at }));
  return found;
}

/** The CSV, or the option that picks a built-in table. */
function tablePlace(facts: DoctorFacts): FindingPlace {
  const { path, choice, source } = facts.project.partitionTable;
  return source === 'csv' && path !== undefined
    ? linePlace(facts, path, 1)
    : optionPlace(facts, choice.choice ?? '', 'PARTITION_TABLE_FILENAME');
}
