import { commands, l10n } from 'vscode';
import { showWarningMessage } from '../messages.ts';
import type { FlashBoardOptions } from '../../flash/flash-board.ts';
import type { FlashRequest } from '../../flash/flash-plan.ts';
import type { ChipSlots } from '../../flash/slots.ts';
import { appToFlash, asleepAfterFlash } from '../../ota/after-flash.ts';
import { commandId } from '../../texts/contributions.ts';
import { onAnswer } from '../report-error.ts';
import { FROM_MESSAGE } from './slot-question.ts';
import { bootReasonText, slotTitle } from '../../texts/slot-texts.ts';
import type { WindowSession } from '../window-session.ts';

interface SlotWatch {
  readonly options: Pick<FlashBoardOptions, 'inspect'>;
  /** Warns when the application that was flashed does not boot. */
  tell(): void;
}

/** Looks at the slots after flashing: an application that is flashed without otadata may not be what boots, and slots that were read before are
 * worth reading again. */
export function watchSlots(session: WindowSession, address: string, name: string, request: FlashRequest): SlotWatch {
  const app = appToFlash(request);
  const isWorthReading = app?.isAlone === true || session.slots.slotsOf(address) !== undefined;
  let slots: ChipSlots | undefined;
  return {
    options: {
      inspect: async (chip, signal) => {
        if (isWorthReading) slots = await session.slots.readWith(chip, address, signal);
      },
    },
    tell: () => {
      if (app === undefined) return;
      session.slots.noteFlashed(address, { offset: app.offset, elfSha256: app.elfSha256 });
      const after = asleepAfterFlash(app, slots);
      if (slots === undefined || after === undefined) return;
      const boot = l10n.t('Boot What I Just Flashed');
      const message = l10n.t(
        'What was flashed into {0} does not boot: {1} boots {2} instead, because {3}.',
        slotTitle(after.flashed),
        name,
        after.next === undefined ? l10n.t('nothing') : slotTitle(after.next),
        bootReasonText(slots.boot, after.next),
      );
      onAnswer(
        showWarningMessage(message, boot),
        async () => {
          await commands.executeCommand(commandId('bootFlashed'), { payload: address }, FROM_MESSAGE);
        },
        session.log,
      );
    },
  };
}
