import { Uri, commands, l10n, window } from 'vscode';
import { showInformationMessage, showWarningMessage } from '../messages.ts';
import { onAnswer } from '../report-error.ts';
import { basename, join } from 'node:path';
import { OtaError } from '../../base/ota-error.ts';
import type { ChipSession } from '../../flash/chip-session.ts';
import type { OnProgress } from '../../flash/progress.ts';
import type { ChipSlot, ChipSlots } from '../../flash/slots.ts';
import { commandId } from '../../texts/contributions.ts';
import { slotTitle } from '../../texts/slot-texts.ts';
import { bytesText } from '../../texts/text.ts';
import type { WindowSession } from '../window-session.ts';
import { nameOf } from './flash-commands.ts';
import { portFor } from './port-commands.ts';
import { requireTrust, type Handler } from './run.ts';
import { nextTitle, pickSlot, slotOfRow, tellWaiting, writingSlot } from './slot-question.ts';

export const saveSlot: Handler = async (session, row) => {
  requireTrust();
  const address = await portFor(session, row);
  if (address === undefined) return;
  const title = l10n.t('Saving a slot of {0}', nameOf(session, address));
  const saved = await session.flash.withChip(address, title, async (chip, signal, report) => {
    const slots = await session.slots.readWith(chip, address, signal, report);
    tellWaiting(report);
    const withImage = slots.slots.filter(({ imageBytes }) => imageBytes !== undefined);
    const slot = slotOfRow(slots, row) ?? (await pickSlot(withImage, l10n.t('Select the slot to save')));
    const target = await askTarget(session, slot);
    if (target === undefined) return undefined;
    const { saveSlot: save } = await import('../../flash/slot-images.ts');
    const bytes = await save(chip, slot, { onProgress: report }, signal);
    return { slot, target, bytes };
  });
  if (saved === undefined) return;
  await session.files.writeAtomic(saved.target.fsPath, saved.bytes);
  void showInformationMessage(
    l10n.t(
      'Saved {0} to {1}: {2}, its digest is right.',
      slotTitle(saved.slot),
      basename(saved.target.fsPath),
      bytesText(saved.bytes.length),
    ),
  );
};

async function askTarget(session: WindowSession, slot: ChipSlot): Promise<Uri | undefined> {
  const { description, partition } = slot;
  const name = [description?.projectName ?? partition.label, description?.version].filter(Boolean).join('-');
  const folder = session.projects.project?.folder;
  const file = `${name.replaceAll(/[^\w.+-]/g, '_')}.bin`;
  return window.showSaveDialog({
    title: l10n.t('Save the image of {0} as', partition.label),
    filters: { [l10n.t('Firmware')]: ['bin'] },
    ...(folder === undefined ? {} : { defaultUri: Uri.file(join(folder, file)) }),
  });
}

export const restoreSlot: Handler = async (session, row) => {
  requireTrust();
  const address = await portFor(session, row);
  if (address === undefined) return;
  const folder = session.projects.project?.buildFolder ?? session.projects.project?.folder;
  const [file] =
    (await window.showOpenDialog({
      title: l10n.t('Select the image to restore'),
      openLabel: l10n.t('Restore'),
      filters: { [l10n.t('Firmware')]: ['bin'], [l10n.t('All files')]: ['*'] },
      ...(folder === undefined ? {} : { defaultUri: Uri.file(folder) }),
    })) ?? [];
  if (file === undefined) return;
  const image = await session.files.read(file.fsPath);
  if (image === undefined) throw new OtaError('file.unreadable', { path: file.fsPath, reason: 'ENOENT' });
  const title = l10n.t('Restoring a slot of {0}', nameOf(session, address));
  await session.flash.withChip(address, title, async (chip, signal, report) => {
    const slots = await session.slots.readWith(chip, address, signal, report);
    tellWaiting(report);
    const slot = slotOfRow(slots, row) ?? (await pickSlot(slots.slots, l10n.t('Select the slot to write')));
    await restore(session, { address, chip, slots, slot, image, name: basename(file.fsPath) }, report, signal);
  });
};

interface Restoring {
  readonly address: string;
  readonly chip: ChipSession;
  readonly slots: ChipSlots;
  readonly slot: ChipSlot;
  readonly image: Uint8Array;
  readonly name: string;
}

async function restore(
  session: WindowSession,
  { address, chip, slots, slot, image, name }: Restoring,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<void> {
  const { checkRestore, restoreRisk, restoreSlot: write } = await import('../../flash/slot-images.ts');
  // refused before anybody is asked
  checkRestore(chip, slots, slot, image);
  const risk = restoreRisk(slots, slot);
  const warning = {
    none: l10n.t('The board goes on booting {0}, whatever happens.', nextTitle(slots)),
    bootsOther: l10n.t('The board boots from it: if the power fails while it is written, another slot boots.'),
    bootsNothing: l10n.t('Nothing else boots: if the power fails while it is written, flash the board by cable.'),
  }[risk];
  const action = l10n.t('Restore');
  const answer = await showWarningMessage(
    l10n.t('Write {0} into {1}?', name, slotTitle(slot)),
    { modal: true, detail: warning },
    action,
  );
  if (answer !== action) throw new OtaError('cancelled', { what: 'slot' });
  const options = { ...(await session.flash.writeOptions()), onProgress, acceptsRisk: true };
  const done = await writingSlot(session, { address, chip, slots }, slot.partition.label, () =>
    write(chip, slots, slot, image, options, signal),
  );
  session.slots.put(address, done.slots);
  tellRestored(session, address, done.slots, slot);
}

/** What was restored sleeps unless the board boots from it. */
function tellRestored({ log }: WindowSession, address: string, { slots }: ChipSlots, { partition }: ChipSlot): void {
  const now = slots.find((one) => one.partition.offset === partition.offset);
  if (now === undefined) return;
  if (now.isNext) {
    void showInformationMessage(l10n.t('Restored {0} and read back; the board boots it.', slotTitle(now)));
    return;
  }
  const boot = l10n.t('Boot {0}', partition.label);
  const message = l10n.t('Restored {0} and read back; the board does not boot it.', slotTitle(now));
  onAnswer(
    showInformationMessage(message, boot),
    async () => {
      const row = { payload: address, label: partition.label, contextValue: 'slot' };
      await commands.executeCommand(commandId('bootSlot'), row);
    },
    log,
  );
}
