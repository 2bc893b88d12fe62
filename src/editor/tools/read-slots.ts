import { l10n } from 'vscode';
import { OtaError } from '../../base/ota-error.ts';
import { nameOf } from '../commands/flash-commands.ts';
import { requireTrust } from '../commands/run.ts';
import { slotsAnswer } from './answers/slots-answer.ts';
import { boardKey, boardOf } from './boards.ts';
import { INPUTS, named } from './inputs.ts';
import { asks, says, type Tool } from './tool.ts';
import { withSlots } from './with-slots.ts';

/** What a board has in its slots: as it is known, or read anew, which restarts the board. */
export const tool: Tool = {
  prepare: (session, given) => {
    const input = INPUTS.read_slots(given);
    if (!input.refresh) return says(l10n.t('Looking at the slots'));
    const port = named(input.port);
    const name = nameOf(session, port);
    return asks(
      l10n.t('Reading the slots of {0}', name),
      l10n.t('Read the slots of {0}?', name),
      l10n.t('Reading restarts the board: what it does at the moment is interrupted. Nothing is written.'),
      boardKey(session, port),
    );
  },
  run: async (session, given, signal) => {
    const input = INPUTS.read_slots(given);
    const port = input.refresh ? named(input.port) : boardOf(session, input.port);
    const known = session.slots.slotsOf(port);
    // only what the user has agreed to talks to the board: that is asked for with `refresh`
    if (!input.refresh) {
      if (known === undefined) throw new OtaError('tool.slotsNotRead', { port });
      return slotsAnswer(port, known, session.slots.build);
    }
    requireTrust();
    const title = l10n.t('Reading the slots of {0}', nameOf(session, port));
    const slots = await withSlots(session, port, title, signal, (on) => Promise.resolve(on.slots));
    return slotsAnswer(port, slots, session.slots.build);
  },
};
