import type { ChipSession } from '../../flash/chip-session.ts';
import type { OnProgress } from '../../flash/progress.ts';
import type { ChipSlots } from '../../flash/slots.ts';
import type { WindowSession } from '../window-session.ts';

interface OnBoard {
  readonly chip: ChipSession;
  readonly slots: ChipSlots;
  readonly signal: AbortSignal;
  readonly report: OnProgress;
}

/** Gets hold of a chip, reads its slots and works with them; cancelled by whoever called the tool, or in the notification that shows it. */
export async function withSlots<T>(
  session: WindowSession,
  port: string,
  title: string,
  caller: AbortSignal,
  work: (on: OnBoard) => Promise<T>,
): Promise<T> {
  const onChip = async (chip: ChipSession, signal: AbortSignal, report: OnProgress): Promise<T> => {
    const slots = await session.slots.readWith(chip, port, signal, report);
    return work({ chip, slots, signal, report });
  };
  return session.flash.withChip(port, title, onChip, caller);
}
