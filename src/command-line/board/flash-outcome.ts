import * as l10n from '@vscode/l10n';
import { OtaError } from '../../base/ota-error.ts';
import type { FlashOutcome } from '../../flash/flash-board.ts';
import type { FlashRequest } from '../../flash/flash-plan.ts';
import type { FlashState } from '../../flash/flash-state.ts';
import type { ChipSlots } from '../../flash/slots.ts';
import type { WrittenFile } from '../../flash/write-files.ts';
import type { IdfProject } from '../../idf/project.ts';
import { chipJson, slotsJson } from '../../json/slots-json.ts';
import { appToFlash, asleepAfterFlash } from '../../ota/after-flash.ts';
import { textOfError } from '../../texts/error-texts.ts';
import { notRestartedText, stateText } from '../../texts/flash-texts.ts';
import { bootReasonText, slotTitle } from '../../texts/slot-texts.ts';
import { bytesText, durationText, hexText } from '../../texts/text.ts';
import type { CommandContext, CommandResult } from '../command.ts';
import { EXIT, exitCodeOf } from '../exit-codes.ts';
import { jsonOfError } from '../json-output.ts';
import { table } from '../table.ts';
import { quoted } from '../ways-out.ts';
import type { WhatToFlash } from './flash-options.ts';

export interface Flashed {
  readonly address: string;
  readonly what: WhatToFlash;
  readonly request: FlashRequest;
  readonly outcome: FlashOutcome;
  /** As they were read after an application was flashed alone. */
  readonly slots: ChipSlots | undefined;
  readonly project: IdfProject;
  readonly isErased: boolean;
}

/** Tells how flashing ended, in every case what is in flash now, and what does not boot.
 * @throws {OtaError} the error of a failure, after the state of the flash was told */
export function tellFlashed(context: CommandContext, flashed: Flashed): CommandResult {
  const { outcome, address } = flashed;
  const { note, isJson, noteStyle } = context;
  printFiles(context, outcome.files);
  if (outcome.end !== 'done') {
    note(`${noteStyle.yellow('⚠')} ${stateText(outcome.state)}`);
    if (!outcome.isRestarted) note(notRestartedText());
  }
  if (outcome.end === 'cancelled' && !isJson) throw new OtaError('cancelled', { what: 'flash' });
  if (outcome.end === 'failed' && outcome.error !== undefined && !isJson) throw outcome.error;
  if (outcome.end === 'done') printDone(context, outcome);
  const asleep = outcome.end === 'done' ? tellAsleep(context, flashed) : undefined;
  const app = appToFlash(flashed.request);
  const exitCodes = { done: EXIT.ok, cancelled: EXIT.cancelled, failed: exitCodeOf(outcome.error) };
  return {
    exitCode: exitCodes[outcome.end],
    data: {
      port: address,
      ...(outcome.chip === undefined ? {} : { chip: chipJson(outcome.chip) }),
      what: flashed.what,
      end: outcome.end,
      flash: stateJson(outcome.state),
      files: outcome.files,
      isErased: flashed.isErased && outcome.state.kind !== 'untouched',
      isRestarted: outcome.isRestarted,
      durationMs: outcome.durationMs,
      ...(app === undefined || (app.isAlone && flashed.slots === undefined) || outcome.end !== 'done'
        ? {}
        : { willBoot: asleep === undefined }),
      ...(flashed.slots === undefined ? {} : bootsAndSlots(flashed.slots, flashed.project)),
      ...(asleep === undefined ? {} : { run: asleep }),
      ...(outcome.error === undefined || outcome.end !== 'failed'
        ? {}
        : { error: jsonOfError(outcome.error, textOfError, context.typed) }),
    },
  };
}

/** What JSON output says of the flash. */
export function stateJson(state: FlashState): Record<string, unknown> {
  return { state: state.kind, ...('regions' in state ? { regions: state.regions } : {}) };
}

function bootsAndSlots(slots: ChipSlots, project: IdfProject): Record<string, unknown> {
  const { boots, slots: rows } = slotsJson(slots, project.app?.image?.description);
  return { boots, slots: rows };
}

/** A line a file: where it is, how much of it was sent, and the digest. */
export function printFiles({ print, style }: CommandContext, files: readonly WrittenFile[]): void {
  const rows = files.map(({ name, offset, lengthBytes, writtenBytes, md5, isVerified }) => [
    name,
    hexText(offset),
    bytesText(lengthBytes),
    writtenBytes === 0
      ? l10n.t('was there already')
      : writtenBytes < lengthBytes
        ? l10n.t('{0} had changed', bytesText(writtenBytes))
        : l10n.t('written'),
    style.dim(`MD5 ${md5}`),
    isVerified ? style.green(l10n.t('read back')) : style.yellow(l10n.t('not read back')),
  ]);
  for (const line of table(rows, '  ')) print(line);
}

function printDone({ print, style }: CommandContext, { state, durationMs, chip, isRestarted }: FlashOutcome): void {
  const name = chip?.description ?? chip?.name ?? '';
  const took = durationText(durationMs);
  print(
    state.kind === 'verified'
      ? `${style.green('✔')} ${l10n.t('Flashed {0} in {1}; the chip’s digests are right.', name, took)}`
      : `${style.yellow('⚠')} ${l10n.t('Flashed {0} in {1}, but not read back: this chip can’t be asked.', name, took)}`,
  );
  if (!isRestarted) print(notRestartedText());
}

/** Warns when the application that was flashed does not boot. Gives the command that changes that. */
function tellAsleep({ note, noteStyle }: CommandContext, { request, slots, address }: Flashed): string | undefined {
  const after = asleepAfterFlash(appToFlash(request), slots);
  if (after === undefined || slots === undefined) return undefined;
  const run = `esp32-ota slots boot ${after.flashed.partition.label} --port ${quoted(address)}`;
  note(
    `${noteStyle.yellow('⚠')} ${l10n.t(
      'What was flashed into {0} does not boot: {1} boots {2} instead, because {3}.',
      slotTitle(after.flashed),
      l10n.t('the board'),
      after.next === undefined ? l10n.t('nothing') : slotTitle(after.next),
      bootReasonText(slots.boot, after.next),
    )}`,
  );
  note(`  → ${run}`);
  return run;
}
