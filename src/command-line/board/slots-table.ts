import * as l10n from '@vscode/l10n';
import type { ChipFacts } from '../../flash/chip-session.ts';
import type { ChipSlots } from '../../flash/slots.ts';
import { revisionText } from '../../image/chips.ts';
import type { IdfProject } from '../../idf/project.ts';
import { slotRows, type SlotRow } from '../../ota/slot-rows.ts';
import { slotStateText } from '../../texts/slot-state-text.ts';
import { bootReasonText, bootsText, slotProblemText, slotTitle } from '../../texts/slot-texts.ts';
import { bytesText, hexText } from '../../texts/text.ts';
import type { CommandContext } from '../command.ts';
import { table } from '../table.ts';

/** Prints the slots of a board, which boots next, and why. */
export function printSlots(
  { print, style }: CommandContext,
  slots: ChipSlots,
  project: IdfProject | undefined,
  board: { readonly address: string; readonly facts: ChipFacts },
): void {
  const { name, revision, mac, flashSizeBytes } = board.facts;
  const about = [
    board.address,
    revision === undefined ? name : `${name} ${revisionText(revision)}`,
    mac,
    flashSizeBytes === undefined ? undefined : bytesText(flashSizeBytes),
  ];
  print(style.dim(about.filter(Boolean).join(' · ')));
  const rows = slotRows(slots, project?.app?.image?.description);
  const cells = rows.map((row) => [
    row.isNext ? style.green('▶') : ' ',
    row.isNext ? style.bold(row.label) : row.label,
    row.version ?? '',
    row.projectName ?? '',
    row.imageBytes === undefined ? '' : bytesText(row.imageBytes),
    hexText(row.offset),
    style.dim(stateOf(row)),
    row.problem === undefined ? '' : style.yellow(slotProblemText(row.problem)),
    row.matchesBuild === true ? style.cyan(l10n.t('this build')) : '',
  ]);
  const head = [
    '',
    l10n.t('slot'),
    l10n.t('version'),
    l10n.t('project'),
    l10n.t('size'),
    l10n.t('offset'),
    l10n.t('state'),
  ].map((word) => (word === '' ? ' ' : style.dim(word)));
  for (const line of table([head, ...cells])) print(line);
  const next = slots.slots.find(({ isNext }) => isNext);
  const boots = bootsText(next === undefined ? undefined : slotTitle(next));
  print(`${next === undefined ? style.red('✖') : style.green('✔')} ${boots}: ${bootReasonText(slots.boot, next)}`);
  const build = project?.app?.image?.description;
  if (build !== undefined && !rows.some(({ matchesBuild }) => matchesBuild === true))
    print(l10n.t('The build of {0} ({1}) is in none of them.', build.projectName, build.version));
  if (project === undefined && slots.slots.some(({ state }) => state === 'new' || state === 'pendingVerify'))
    print(l10n.t('If its bootloader rolls back, give --rollback or --project: then something else may boot.'));
}

function stateOf({ state }: SlotRow): string {
  return state === undefined ? '' : slotStateText(String(state));
}
