import * as l10n from '@vscode/l10n';
import { createHash } from 'node:crypto';
import { isOtaError } from '../../base/ota-error.ts';
import { checkRestore, restoreRisk, restoreSlot, saveSlot } from '../../flash/slot-images.ts';
import type { ChipSlots } from '../../flash/slots.ts';
import { slotsAfterCancel } from '../../ota/after-flash.ts';
import { slotTitle } from '../../texts/slot-texts.ts';
import { bytesText } from '../../texts/text.ts';
import { shownPath } from '../open-project.ts';
import { agree } from './ask.ts';
import { slotOfLabel } from './slot-of-label.ts';
import type { OnSlots, SlotsDone } from './on-slots.ts';

/** Saves the application of a slot. A file that is there already is replaced only when that was agreed to.
 * @throws {OtaError} `slots.noSuchSlot`, `slots.noImage`, `file.unwritable`, `commandLine.notAgreed`, `flash.*` */
export async function saveSlotTo(on: OnSlots, label: string, path: string): Promise<SlotsDone> {
  const { context, chip, slots, report, options } = on;
  const { files, print, style, signal, cwd } = context;
  const slot = slotOfLabel(slots, label);
  const shown = shownPath(cwd, path);
  if ((await files.stat(path)) !== undefined) {
    on.hideProgress();
    await agree(context, l10n.t('Replace {0}?', shown), options.yes);
  }
  const bytes = await saveSlot(chip, slot, { onProgress: report }, signal);
  on.hideProgress();
  await files.writeAtomic(path, bytes);
  const sha256 = sha256Of(bytes);
  print(
    `${style.green('✔')} ${l10n.t('Saved {0} to {1}: {2}, its digest is right.', slotTitle(slot), shown, bytesText(bytes.length))}`,
  );
  print(style.dim(`SHA-256 ${sha256}`));
  return { slots, data: { file: { path, slot: label, bytes: bytes.length, sha256 } } };
}

/** Writes a file into a slot, after it was checked for this board and this slot, and was agreed to.
 * @throws {OtaError} `slots.*`, `flash.*`, `commandLine.notAgreed`, `cancelled` */
export async function restoreSlotFrom(on: OnSlots, label: string, path: string, image: Uint8Array): Promise<SlotsDone> {
  const { context, chip, slots, report, options } = on;
  const { print, note, style, signal, cwd, isJson, makers } = context;
  const slot = slotOfLabel(slots, label);
  // refused before anybody is asked
  checkRestore(chip, slots, slot, image);
  on.hideProgress();
  const warning = {
    none: l10n.t('The board goes on booting {0}, whatever happens.', nextTitle(slots)),
    bootsOther: l10n.t('The board boots from it: if the power fails while it is written, another slot boots.'),
    bootsNothing: l10n.t('Nothing else boots: if the power fails while it is written, flash the board by cable.'),
  }[restoreRisk(slots, slot)];
  if (!isJson || !options.yes) (isJson ? note : print)(warning);
  await agree(context, l10n.t('Write {0} into {1}?', shownPath(cwd, path), slotTitle(slot)), options.yes);
  const cache = await makers.imageCache();
  const writing = { cache, isFastReflash: !options.full, onProgress: report, acceptsRisk: true };
  try {
    const { slots: now, written } = await restoreSlot(chip, slots, slot, image, writing, signal);
    on.hideProgress();
    const restored = slotOfLabel(now, label);
    print(
      `${style.green('✔')} ${
        restored.isNext
          ? l10n.t('Restored {0} and read back; the board boots it.', slotTitle(restored))
          : l10n.t('Restored {0} and read back; the board does not boot it.', slotTitle(restored))
      }`,
    );
    if (!restored.isNext) print(`  → esp32-ota slots boot ${label}`);
    const file = { path, slot: label, bytes: image.length, sha256: sha256Of(image), ...written };
    return { slots: now, data: { file } };
  } catch (error) {
    if (isOtaError(error, 'cancelled')) {
      on.hideProgress();
      await noteCancelled(on, label, slot.partition.offset);
    }
    throw error;
  }
}

/** What a slot that was being written is left with. */
async function noteCancelled({ context, chip, slots }: OnSlots, label: string, offset: number): Promise<void> {
  const now = await slotsAfterCancel(chip, slots, offset);
  context.note(
    now === undefined
      ? l10n.t('Cancelled: {0} may be partly written.', label)
      : l10n.t('Cancelled: {0} may be partly written, and the board boots {1}.', label, nextTitle(now)),
  );
}

function nextTitle({ slots }: ChipSlots): string {
  const next = slots.find(({ isNext }) => isNext);
  return next === undefined ? l10n.t('nothing') : slotTitle(next);
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
