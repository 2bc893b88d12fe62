import * as l10n from '@vscode/l10n';
import { dirname, resolve } from 'node:path';
import { OtaError } from '../../base/ota-error.ts';
import type { SlotChange } from '../../flash/change-slots.ts';
import { readSlots, type ChipSlots } from '../../flash/slots.ts';
import { chipJson, slotsJson } from '../../json/slots-json.ts';
import { slotReading } from '../../ota/after-flash.ts';
import type { CommandContext, CommandResult } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { conflict } from '../conflict.ts';
import { UsageError } from '../usage-error.ts';
import { canAsk } from './ask.ts';
import { changeSlots } from './change-slots.ts';
import { optionalProject } from './optional-project.ts';
import { portOf, resetOf } from './port-options.ts';
import { slotTarget } from './slot-of-label.ts';
import { restoreSlotFrom, saveSlotTo } from './slot-files.ts';
import { printSlots } from './slots-table.ts';
import type { OnSlots, SlotsDone, SlotsOptions } from './on-slots.ts';
import { withChip } from './with-board.ts';

interface Action {
  /** Over the bar. */
  readonly title: string;
  /** It needs a yes. */
  readonly isAsking: boolean;
  readonly run: (on: OnSlots) => Promise<SlotsDone>;
}

const OPERANDS = { list: 0, boot: 1, previous: 0, 'erase-otadata': 0, save: 2, restore: 2 } as const;

/** Runs `slots`.
 * @throws {OtaError} `slots.*`, `flash.*`, `serial.*`, `file.*`, `commandLine.notAgreed`, `cancelled`
 * @throws {UsageError} `usage.unknownAction`, `usage.operands` */
export async function runSlots(
  context: CommandContext,
  options: SlotsOptions,
  operands: readonly string[],
): Promise<CommandResult> {
  const action = await actionOf(context, operands);
  if (options.full && operands[0] !== 'restore') throw conflict([operands[0] ?? 'list', '--full']);
  // a board is not reset for an answer that nobody can give
  if (action.isAsking && !options.yes && !canAsk(context))
    throw new OtaError('commandLine.notAgreed', { canAsk: false });
  const project = await optionalProject(context, options.project);
  const address = await portOf(context, options.port);
  const reading = slotReading(project);
  const readOptions = {
    ...reading,
    rollbackEnabled: options.rollback || reading.rollbackEnabled,
    ...(options['table-offset'] === undefined ? {} : { tableOffset: options['table-offset'] }),
  };
  const work = {
    address,
    holder: 'slots' as const,
    title: action.title,
    options: { baud: options.baud, reset: resetOf(options['reset-by']) },
  };
  const { value, isRestarted } = await withChip(context, work, async (on) => {
    const read = await readSlots(on.chip, { ...readOptions, onProgress: on.report }, context.signal);
    const { slots, data } = await action.run({ ...on, context, options, address, project, slots: read });
    const build = project?.app?.image?.description;
    return { port: address, chip: chipJson(on.chip.facts), ...slotsJson(slots, build), ...data };
  });
  return { exitCode: EXIT.ok, data: { ...value, isRestarted } };
}

async function actionOf({ cwd, files }: CommandContext, [name = 'list', ...rest]: readonly string[]): Promise<Action> {
  if (!Object.hasOwn(OPERANDS, name)) {
    const known = Object.keys(OPERANDS).join(', ');
    throw new UsageError('usage.unknownAction', l10n.t('“{0}” is none of {1}.', name, known), { action: name });
  }
  const action = name as keyof typeof OPERANDS;
  if (rest.length !== OPERANDS[action]) throw wrongOperands(action);
  const [label = '', file = ''] = rest;
  const change = (wanted: (slots: ChipSlots) => SlotChange, title: string): Action => ({
    title,
    isAsking: true,
    run: (on) => changeSlots(on, wanted(on.slots)),
  });
  switch (action) {
    case 'list':
      return { title: l10n.t('Reading the slots'), isAsking: false, run: list };
    case 'boot':
      return change((slots) => ({ kind: 'boot', target: slotTarget(slots, label) }), l10n.t('Booting another slot'));
    case 'previous':
      return change(() => ({ kind: 'previous' }), l10n.t('Going back to the previous version'));
    case 'erase-otadata':
      return change(() => ({ kind: 'eraseOtadata' }), l10n.t('Erasing otadata'));
    case 'save': {
      const path = resolve(cwd, file);
      const parent = await files.stat(dirname(path));
      if (parent?.isDirectory !== true)
        throw new OtaError('file.unwritable', { path, reason: parent === undefined ? 'ENOENT' : 'ENOTDIR' });
      const isAsking = (await files.stat(path)) !== undefined;
      return { title: l10n.t('Saving a slot'), isAsking, run: (on) => saveSlotTo(on, label, path) };
    }
    case 'restore': {
      const path = resolve(cwd, file);
      const image = await files.read(path);
      if (image === undefined) throw new OtaError('file.unreadable', { path, reason: 'ENOENT' });
      const run = (on: OnSlots): Promise<SlotsDone> => restoreSlotFrom(on, label, path, image);
      return { title: l10n.t('Restoring a slot'), isAsking: true, run };
    }
  }
}

function wrongOperands(action: keyof typeof OPERANDS): UsageError {
  const usage = {
    list: 'list',
    boot: 'boot <slot>',
    previous: 'previous',
    'erase-otadata': 'erase-otadata',
    save: 'save <slot> <file>',
    restore: 'restore <slot> <file>',
  }[action];
  return new UsageError('usage.operands', l10n.t('It is written so: {0}', `esp32-ota slots ${usage}`), { usage });
}

function list(on: OnSlots): Promise<SlotsDone> {
  const { context, project, slots, chip, address } = on;
  on.hideProgress();
  printSlots(context, slots, project, { address, facts: chip.facts });
  return Promise.resolve({ slots, data: {} });
}
