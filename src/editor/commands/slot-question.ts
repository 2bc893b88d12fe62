import { l10n, window } from 'vscode';
import { showWarningMessage } from '../messages.ts';
import { isOtaError, OtaError } from '../../base/ota-error.ts';
import type { SlotChangePlan } from '../../flash/change-slots.ts';
import type { ChipSession } from '../../flash/chip-session.ts';
import type { OnProgress } from '../../flash/progress.ts';
import type { ChipSlot, ChipSlots } from '../../flash/slots.ts';
import { otadataPage, planText } from '../../texts/slot-plan-text.ts';
import { slotProblemText, slotTitle } from '../../texts/slot-texts.ts';
import type { WindowSession } from '../window-session.ts';

/** Second argument of a command on the button of a message that said what it does: it does not ask again. */
export const FROM_MESSAGE = 'fromMessage';

/** Shows what a change writes and asks for it; the bytes themselves on request, side by side.
 * @throws {OtaError} `cancelled` when the user does not want it */
export async function confirmPlan(
  session: WindowSession,
  slots: ChipSlots,
  plan: SlotChangePlan,
  question: { readonly message: string; readonly action: string },
): Promise<void> {
  const bytes = l10n.t('Show Bytes');
  const detail = planText(slots, plan);
  const answer = await showWarningMessage(question.message, { modal: true, detail }, question.action, bytes);
  if (answer === question.action) return;
  if (answer === bytes) {
    await session.showDifference(
      l10n.t('otadata before and after'),
      'otadata.txt',
      otadataPage(slots, plan.before, plan.nextBefore),
      otadataPage(slots, plan.after, plan.nextAfter),
    );
    const items = [{ label: question.action }, { label: l10n.t('Cancel') }];
    const chosen = await window.showQuickPick(items, { title: question.message, ignoreFocusOut: true });
    if (chosen?.label === question.action) return;
  }
  throw new OtaError('cancelled', { what: 'slot' });
}

/** Has the user choose a slot.
 * @throws {OtaError} `cancelled` when the user does not want any */
export async function pickSlot(
  slots: readonly ChipSlot[],
  title: string,
  describe: (slot: ChipSlot) => string = () => '',
): Promise<ChipSlot> {
  const items = slots.map((slot) => {
    const { partition, description, problem, isNext } = slot;
    const holds = description === undefined ? '' : `${description.projectName} ${description.version}`;
    return {
      label: partition.label,
      description: [
        holds,
        problem === undefined ? '' : slotProblemText(problem),
        isNext ? l10n.t('boots next') : '',
        describe(slot),
      ]
        .filter(Boolean)
        .join(' · '),
      slot,
    };
  });
  const chosen = await window.showQuickPick(items, { title, matchOnDescription: true, ignoreFocusOut: true });
  if (chosen === undefined) throw new OtaError('cancelled', { what: 'slot' });
  return chosen.slot;
}

/** The slot of the row a command was called on; undefined where it was not called on one.
 * @throws {OtaError} `slots.noSuchSlot` when the board has it no more */
export function slotOfRow({ slots }: ChipSlots, row: unknown): ChipSlot | undefined {
  const label = labelOfRow(row);
  if (label === undefined) return undefined;
  const slot = slots.find(({ partition }) => partition.label === label);
  if (slot === undefined) throw new OtaError('slots.noSuchSlot', { slot: label });
  return slot;
}

function labelOfRow(row: unknown): string | undefined {
  if (typeof row !== 'object' || row === null || !('contextValue' in row) || !('label' in row)) return undefined;
  const isSlot = typeof row.contextValue === 'string' && row.contextValue.startsWith('slot');
  return isSlot && typeof row.label === 'string' ? row.label : undefined;
}

/** While the user is asked, the board waits in its loader: what is shown is what it has. */
export function tellWaiting(report: OnProgress): void {
  report({ phase: 'waiting' });
}

/** Work that writes an application into a slot. When it is cancelled half-way, tells what the slot and the board are left with.
 * @throws {OtaError} those of the work, `cancelled` among them */
export async function writingSlot<T>(
  session: WindowSession,
  on: { readonly address: string; readonly chip: ChipSession; readonly slots: ChipSlots },
  label: string,
  work: () => Promise<T>,
): Promise<T> {
  session.flash.announceWrite(on.address);
  try {
    return await work();
  } catch (error) {
    if (isOtaError(error, 'cancelled')) await tellCancelled(session, on, label);
    throw error;
  }
}

async function tellCancelled(
  session: WindowSession,
  { address, chip, slots }: { readonly address: string; readonly chip: ChipSession; readonly slots: ChipSlots },
  label: string,
): Promise<void> {
  const slot = slots.slots.find(({ partition }) => partition.label === label);
  const { slotsAfterCancel } = await import('../../ota/after-flash.ts');
  const now = await slotsAfterCancel(chip, slots, slot?.partition.offset);
  if (now === undefined) {
    void showWarningMessage(l10n.t('Cancelled: {0} may be partly written.', label));
    return;
  }
  session.slots.put(address, now);
  void showWarningMessage(
    l10n.t('Cancelled: {0} may be partly written, and the board boots {1}.', label, nextTitle(now)),
  );
}

/** `ota_1 (1.1.0)`, or that it is nothing. */
export function nextTitle({ slots }: ChipSlots): string {
  const next = slots.find(({ isNext }) => isNext);
  return next === undefined ? l10n.t('nothing') : slotTitle(next);
}
