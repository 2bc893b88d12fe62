import { l10n } from 'vscode';
import type { SlotProblem } from '../flash/slots.ts';

/** Why nothing can boot from a slot. */
export function slotProblemText(problem: SlotProblem): string {
  const texts: Record<SlotProblem, string> = {
    empty: l10n.t('empty'),
    notAnImage: l10n.t('no image'),
    damaged: l10n.t('damaged image'),
    wrongChip: l10n.t('image for another chip'),
    wrongRevision: l10n.t('image for another chip revision'),
  };
  return texts[problem];
}
