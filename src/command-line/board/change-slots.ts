import * as l10n from '@vscode/l10n';
import { applySlotChange, planSlotChange, type SlotChange } from '../../flash/change-slots.ts';
import type { ChipSlot } from '../../flash/slots.ts';
import { slotChangeJson } from '../../json/slots-json.ts';
import { planText } from '../../texts/slot-plan-text.ts';
import { bootReasonText, bootsText, slotTitle } from '../../texts/slot-texts.ts';
import { agree } from './ask.ts';
import type { OnSlots, SlotsDone } from './on-slots.ts';

/** Plans a change, shows it, asks, carries it out, and tells what was read back.
 * @throws {OtaError} those of `planSlotChange` and `applySlotChange`, `commandLine.notAgreed` */
export async function changeSlots(on: OnSlots, change: SlotChange): Promise<SlotsDone> {
  const { context, slots, chip, options, report } = on;
  const { print, note, isJson, style, signal } = context;
  const plan = planSlotChange(slots, change);
  on.hideProgress();
  if (plan.operations.length === 0) {
    print(l10n.t('Nothing was written: {0} boots already.', titleOf(plan.nextAfter)));
    return { slots, data: { change: slotChangeJson(plan) } };
  }
  // under --json a question still needs its reasons
  const tell = isJson ? note : print;
  if (!isJson || !options.yes) for (const line of planText(slots, plan).split('\n')) tell(line);
  await agree(context, questionOf(change, titleOf(plan.nextAfter)), options.yes);
  const changed = await applySlotChange(chip, slots, plan, { onProgress: report }, signal);
  on.hideProgress();
  const next = changed.slots.find(({ isNext }) => isNext);
  const boots = `${bootsText(next === undefined ? undefined : slotTitle(next))}: ${bootReasonText(changed.boot, next)}`;
  print(`${style.green('✔')} ${l10n.t('Otadata was written and read back. {0}.', boots)}`);
  return { slots: changed, data: { change: slotChangeJson(plan) } };
}

function questionOf({ kind }: SlotChange, boots: string): string {
  switch (kind) {
    case 'boot':
      return l10n.t('Boot {0}?', boots);
    case 'previous':
      return l10n.t('Go back to {0}?', boots);
    case 'eraseOtadata':
      return l10n.t('Erase otadata? The board boots {0} then.', boots);
  }
}

function titleOf(slot: ChipSlot | undefined): string {
  return slot === undefined ? l10n.t('nothing') : slotTitle(slot);
}
