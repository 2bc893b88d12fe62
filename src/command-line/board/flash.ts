import * as l10n from '@vscode/l10n';
import { resolve } from 'node:path';
import { OtaError } from '../../base/ota-error.ts';
import { flashBoard } from '../../flash/flash-board.ts';
import { requestForPartition, type FlashRequest } from '../../flash/flash-plan.ts';
import { readSlots, type ChipSlots } from '../../flash/slots.ts';
import type { IdfProject } from '../../idf/project.ts';
import { appToFlash, slotReading } from '../../ota/after-flash.ts';
import { flashBehaviour, flashRequest } from '../../ota/flash-project.ts';
import type { CommandContext, CommandResult } from '../command.ts';
import { conflict } from '../conflict.ts';
import { openProject } from '../open-project.ts';
import { UsageError } from '../usage-error.ts';
import { agree } from './ask.ts';
import { baudOf, type FlashOptions, type WhatToFlash } from './flash-options.ts';
import { flashSpareSlot } from './flash-spare-slot.ts';
import { tellFlashed } from './flash-outcome.ts';
import { portOf, resetOf } from './port-options.ts';
import { withPort } from './with-board.ts';

/** Runs `flash`.
 * @throws {OtaError} those of a project and a port, `flash.nothingToFlash`, `board.notBuilt`, `commandLine.notAgreed`; what happens once the
 * board is at work is an outcome
 * @throws {UsageError} `usage.conflict`, `usage.operands` */
export async function runFlash(
  context: CommandContext,
  options: FlashOptions,
  [operand]: readonly string[],
): Promise<CommandResult> {
  const what = whatOf(options, operand);
  const { project } = await openProject(context, options.project ?? (what === 'partition' ? undefined : operand));
  if (what === 'spareSlot') return flashSpareSlot(context, options, project);
  const request = await requestOf(context, options, what, project, operand ?? '');
  const address = await portOf(context, options.port);
  if (options.erase)
    await agree(context, l10n.t('Erase the whole flash of the board at {0} first?', address), options.yes);
  const { outcome, slots } = await flashAt(context, address, { what, request, project, options });
  return tellFlashed(context, { address, what, request, outcome, slots, project, isErased: options.erase });
}

function whatOf(options: FlashOptions, operand: string | undefined): WhatToFlash {
  const given = [
    ...(options.app ? ['--app'] : []),
    ...(options['spare-slot'] ? ['--spare-slot'] : []),
    ...(options.partition === undefined ? [] : ['--partition']),
  ];
  if (given.length > 1) throw conflict(given);
  // it boots another application only when that is all there, and then it boots
  if (options['spare-slot'] && options.erase) throw conflict([...given, '--erase']);
  if (options['spare-slot'] && options['no-restart']) throw conflict([...given, '--no-restart']);
  if (options.partition === undefined && operand !== undefined && options.project !== undefined)
    throw conflict([operand, '--project']);
  if (options.partition !== undefined && operand === undefined)
    throw new UsageError('usage.operands', l10n.t('It is written so: {0}', 'esp32-ota flash --partition LABEL FILE'));
  if (options.partition !== undefined) return 'partition';
  return options['spare-slot'] ? 'spareSlot' : options.app ? 'app' : 'project';
}

async function requestOf(
  { files, cwd }: CommandContext,
  options: FlashOptions,
  what: WhatToFlash,
  project: IdfProject,
  operand: string,
): Promise<FlashRequest> {
  if (what !== 'partition') return flashRequest(project, what === 'app' ? 'app' : 'everything', files);
  const path = resolve(cwd, operand);
  const bytes = await files.read(path);
  if (bytes === undefined) throw new OtaError('file.unreadable', { path, reason: 'ENOENT' });
  return requestForPartition(options.partition ?? '', bytes, project.partitionTable.partitions);
}

export interface FlashJob {
  readonly what: WhatToFlash;
  readonly request: FlashRequest;
  readonly project: IdfProject;
  readonly options: Pick<FlashOptions, 'full' | 'erase' | 'baud' | 'no-restart' | 'reset-by'>;
}

/** Flashes the board at a port, which is free when the promise settles. Looks at its slots where an application was flashed without otadata. */
export async function flashAt(
  context: CommandContext,
  address: string,
  { request, project, what, options }: FlashJob,
): Promise<{ readonly outcome: Awaited<ReturnType<typeof flashBoard>>; readonly slots: ChipSlots | undefined }> {
  const behaviour = what === 'partition' ? { restarts: true, usesStub: true } : flashBehaviour(project);
  const chosen = resetOf(options['reset-by']);
  const isAsleep = appToFlash(request)?.isAlone === true;
  let slots: ChipSlots | undefined;
  const work = {
    address,
    holder: 'flash' as const,
    title: l10n.t('Flashing {0}', project.name),
    options: { baud: baudOf(context, options), reset: chosen },
  };
  const outcome = await withPort(context, work, async (transport, chipOptions) =>
    flashBoard(
      transport,
      request,
      {
        ...chipOptions,
        ...behaviour,
        ...(chosen === 'auto' ? {} : { reset: chosen }),
        restarts: behaviour.restarts && !options['no-restart'],
        isFastReflash: !options.full,
        erasesFirst: options.erase,
        cache: await context.makers.imageCache(),
        inspect: async (chip, signal) => {
          if (isAsleep) slots = await readSlots(chip, slotReading(project), signal);
        },
      },
      context.signal,
    ),
  );
  return { outcome, slots };
}
