import type { CsvProblem, CsvProblemCode } from '../../image/csv-problem.ts';
import type { DoctorFacts } from '../facts.ts';
import type { Coded } from '../finding-ids.ts';
import { finding, type Finding, type FindingPlace, type Fix } from '../finding.ts';
import { flashSizeOptions, flashSizeFor } from '../option-changes.ts';
import { optionPlace } from '../places.ts';

type RowId = 'layout-overlap' | 'layout-alignment' | 'layout-names' | 'layout-otadata-size';

const IDS: Partial<Record<CsvProblemCode, RowId>> = {
  overlap: 'layout-overlap',
  belowTable: 'layout-overlap',
  bootloaderAboveTable: 'layout-overlap',
  negativeSize: 'layout-overlap',
  offsetNotAligned: 'layout-alignment',
  offsetNotSectorAligned: 'layout-alignment',
  sizeNotAligned: 'layout-alignment',
  duplicateLabel: 'layout-names',
  labelIsKeyword: 'layout-names',
  labelTooLong: 'layout-names',
  labelQuoted: 'layout-names',
  otadataSize: 'layout-otadata-size',
  multipleOtadata: 'layout-otadata-size',
};

/** What is wrong with rows of the table, each at its row; what ends beyond the flash once for the table. */
export function partitionRowFindings(facts: DoctorFacts): readonly Finding[] {
  const { csvProblems, source } = facts.project.partitionTable;
  const beyond = csvProblems.filter(({ code }) => code === 'exceedsFlash');
  // ESP-IDF's own tables are right by themselves
  const rows = source === 'csv' ? csvProblems.filter(({ code }) => code !== 'exceedsFlash') : [];
  return [...beyondFlash(facts, beyond), ...rows.map((problem) => rowFinding(facts, problem))];
}

function placeOf(facts: DoctorFacts, { line, column, length }: CsvProblem): FindingPlace {
  const { path } = facts.project.partitionTable;
  return { path, range: { line, column, endColumn: column + length } };
}

function rowFinding(facts: DoctorFacts, problem: CsvProblem): Finding {
  const { code, severity } = problem;
  const details: Coded = { ...problem.details, code };
  const fixes = code === 'otadataSize' ? otadataFix(facts, problem) : [];
  return finding(IDS[code] ?? 'layout-row', details, { at: placeOf(facts, problem), severity, fixes });
}

function otadataFix(facts: DoctorFacts, { line, column, length }: CsvProblem): readonly Fix[] {
  const { path } = facts.project.partitionTable;
  if (path === undefined) return [];
  const edit = { line, column, endLine: line, endColumn: column + length, text: '0x2000' };
  return [{ kind: 'editFile', id: 'setOtadataSize', path, edits: [edit], needs: ['rebuild', 'fullFlash'] }];
}

/** The row that goes furthest; the flash size is to blame as long as the chip may have more. */
function beyondFlash(facts: DoctorFacts, problems: readonly CsvProblem[]): readonly Finding[] {
  const end = ({ details }: CsvProblem): number => Number(details['end']);
  const [worst] = [...problems].sort((one, other) => end(other) - end(one));
  if (worst === undefined) return [];
  const { source, partitions } = facts.project.partitionTable;
  const endBytes = end(worst);
  const label = partitions.find((one) => one.offset + one.size === endBytes)?.label ?? '';
  const wanted = flashSizeFor(endBytes);
  const isThere = facts.board?.flashSizeBytes === undefined || facts.board.flashSizeBytes >= (wanted ?? Infinity);
  const fixes: readonly Fix[] =
    wanted === undefined || !isThere
      ? []
      : [
          {
            kind: 'setOptions',
            id: 'setFlashSize',
            options: flashSizeOptions(wanted),
            needs: ['rebuild', 'fullFlash'],
          },
        ];
  const at = source === 'csv' ? placeOf(facts, worst) : optionPlace(facts, ...flashSizeSymbols(facts));
  const flashBytes = Number(worst.details['flashSizeBytes']);
  return [finding('layout-exceeds-flash', { label, endBytes, flashBytes }, { at, fixes })];
}

/** The symbol of the flash size in force, to find its line. */
export function flashSizeSymbols({ project }: DoctorFacts): readonly string[] {
  const megabytes = (project.ota.flashSizeBytes ?? 0) / 0x10_0000;
  return [`ESPTOOLPY_FLASHSIZE_${megabytes}MB`, 'ESPTOOLPY_FLASHSIZE'];
}
