import * as l10n from '@vscode/l10n';
import { isOtaError, OtaError } from '../../base/ota-error.ts';
import { readSlots } from '../../flash/slots.ts';
import type { IdfProject } from '../../idf/project.ts';
import { chipJson, slotsJson } from '../../json/slots-json.ts';
import { slotReading, slotsAfterCancel } from '../../ota/after-flash.ts';
import { spareSlot } from '../../ota/slot-rows.ts';
import { flashIntoSpareSlot } from '../../ota/slots.ts';
import { slotTitle } from '../../texts/slot-texts.ts';
import type { CommandContext, CommandResult } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { baudOf, type FlashOptions } from './flash-options.ts';
import { printFiles } from './flash-outcome.ts';
import { portOf, resetOf } from './port-options.ts';
import { withChip } from './with-board.ts';

/** The application of a project into the slot that does not boot, then have it booted.
 * @throws {OtaError} `board.notBuilt`, `slots.*`, `flash.*`, `serial.*`, `cancelled` */
export async function flashSpareSlot(
  context: CommandContext,
  options: FlashOptions,
  project: IdfProject,
): Promise<CommandResult> {
  const { app } = project;
  if (app === undefined) throw new OtaError('flash.nothingToFlash', { count: 0 });
  const address = await portOf(context, options.port);
  const startMs = context.clock.now();
  const work = {
    address,
    holder: 'flash' as const,
    title: l10n.t('Flashing into the spare slot'),
    options: { baud: baudOf(context, options), reset: resetOf(options['reset-by']) },
  };
  const { value, isRestarted } = await withChip(context, work, async ({ chip, report, hideProgress }) => {
    const { signal, print, note, style, makers } = context;
    const slots = await readSlots(chip, { ...slotReading(project), onProgress: report }, signal);
    const spare = spareSlot(slots);
    const writing = { cache: await makers.imageCache(), isFastReflash: !options.full, onProgress: report };
    try {
      const done = await flashIntoSpareSlot(chip, slots, app.bytes, writing, signal);
      hideProgress();
      const files = done.written === undefined ? [] : [done.written];
      printFiles(context, files);
      const before = done.plan.nextBefore;
      print(
        `${style.green('✔')} ${l10n.t(
          '{0} is written and proved, and boots now in place of {1}.',
          slotTitle(done.slot),
          before === undefined ? l10n.t('nothing') : slotTitle(before),
        )}`,
      );
      const { boots, slots: rows } = slotsJson(done.slots, app.image?.description);
      return {
        port: address,
        chip: chipJson(chip.facts),
        what: 'spareSlot',
        end: 'done',
        flash: { state: 'verified', regions: files.map(({ offset, lengthBytes }) => ({ offset, lengthBytes })) },
        files,
        isErased: false,
        durationMs: Math.round(context.clock.now() - startMs),
        willBoot: done.slot.isNext,
        boots,
        slots: rows,
      };
    } catch (error) {
      if (isOtaError(error, 'cancelled')) {
        hideProgress();
        const now = await slotsAfterCancel(chip, slots, spare.partition.offset);
        const next = now?.slots.find(({ isNext }) => isNext);
        note(
          next === undefined
            ? l10n.t('Cancelled: {0} may be partly written.', spare.partition.label)
            : l10n.t(
                'Cancelled: {0} may be partly written, and the board boots {1}.',
                spare.partition.label,
                slotTitle(next),
              ),
        );
      }
      throw error;
    }
  });
  return { exitCode: EXIT.ok, data: { ...value, isRestarted } };
}
