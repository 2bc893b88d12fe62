import { l10n } from 'vscode';
import { OtaError } from '../../base/ota-error.ts';
import type { SlotChange } from '../../flash/change-slots.ts';
import type { ChipSlots } from '../../flash/slots.ts';
import { nameOf } from '../commands/flash-commands.ts';
import { requireTrust } from '../commands/run.ts';
import { slotChangeAnswer } from './answers/slots-answer.ts';
import { boardKey } from './boards.ts';
import { INPUTS } from './inputs.ts';
import { asks, type Tool } from './tool.ts';
import { withSlots } from './with-slots.ts';

/** Makes a board boot another slot, or the version before. */
export const tool: Tool = {
  prepare: (session, given) => {
    const input = INPUTS.boot_slot(given);
    const name = nameOf(session, input.port);
    const slot = slotIn(input.slot);
    const title =
      slot === undefined
        ? l10n.t('Go back to the previous version on {0}?', name)
        : l10n.t('Boot {0} on {1}?', slot, name);
    return asks(
      l10n.t('Changing the slot that {0} boots', name),
      title,
      l10n.t('Otadata of the board is written and read back, and the board restarts.'),
      boardKey(session, input.port),
    );
  },
  run: async (session, given, caller) => {
    const input = INPUTS.boot_slot(given);
    const slot = slotIn(input.slot);
    const { port } = input;
    requireTrust();
    const { applySlotChange, planSlotChange } = await import('../../flash/change-slots.ts');
    const title = l10n.t('Boot another slot of {0}', nameOf(session, port));
    return withSlots(session, port, title, caller, async ({ chip, slots, signal, report }) => {
      const plan = planSlotChange(slots, await changeTo(slots, slot));
      if (plan.operations.length === 0) return slotChangeAnswer(port, plan, slots, session.slots.build);
      session.flash.announceWrite(port);
      const changed = await applySlotChange(chip, slots, plan, { onProgress: report }, signal);
      session.slots.put(port, changed);
      return slotChangeAnswer(port, plan, changed, session.slots.build);
    });
  },
};

/** The label of the slot; undefined for the version before. */
function slotIn(slot: string): string | undefined {
  return slot === 'previous' ? undefined : slot;
}

async function changeTo({ slots }: ChipSlots, label: string | undefined): Promise<SlotChange> {
  if (label === undefined) return { kind: 'previous' };
  const { switchTarget } = await import('../../flash/change-slots.ts');
  const found = slots.find(({ partition }) => partition.label === label);
  const target = found === undefined ? undefined : switchTarget(found.partition);
  if (target === undefined) throw new OtaError('slots.noSuchSlot', { slot: label });
  return { kind: 'boot', target };
}
