import * as l10n from '@vscode/l10n';
import type { ChipSlot, SlotProblem } from '../flash/slots.ts';
import type { BootChoice } from '../image/boot-choice.ts';
import type { Partition } from '../image/partition-table.ts';

/** Why nothing can boot from a slot. */
export function slotProblemText(problem: SlotProblem): string {
  const texts: Record<SlotProblem, string> = {
    empty: l10n.t('empty'),
    notAnImage: l10n.t('no image'),
    damaged: l10n.t('damaged or incomplete image'),
    wrongChip: l10n.t('image for another chip'),
    wrongRevision: l10n.t('image for another chip revision'),
  };
  return texts[problem];
}

/** `ota_1 (1.1.0)` */
export function slotTitle({ partition, description }: ChipSlot): string {
  return description === undefined ? partition.label : `${partition.label} (${description.version})`;
}

/** Why the board boots what it boots. */
export function bootReasonText(
  { reason, order }: BootChoice,
  next: { readonly partition: Pick<Partition, 'label' | 'offset'> } | undefined,
): string {
  const reasons: Record<BootChoice['reason'], string> = {
    noOtadata: l10n.t('the partition table has no otadata'),
    otadataTooSmall: l10n.t('otadata is too small, the bootloader gives up'),
    defaultFactory: l10n.t('otadata names no slot, so factory does'),
    noFactoryTryingOta0: l10n.t('otadata names no slot and there is no factory, so the first one does'),
    activeEntry: l10n.t('otadata names it'),
    corruptFallingBackToFactory: l10n.t('otadata is damaged, so factory does'),
    corruptTryingAll: l10n.t('otadata is damaged and there is no factory, so each is tried'),
  };
  const first = order[0];
  if (next === undefined || first === undefined || first.offset === next.partition.offset) return reasons[reason];
  return l10n.t('nothing can boot from {0}, which comes first', first.label);
}

/** The row or sentence about what boots next. */
export function bootsText(label: string | undefined): string {
  return label === undefined ? l10n.t('Nothing boots') : l10n.t('Boots {0}', label);
}
