import { l10n } from 'vscode';
import { chosenBoards, triggerOf } from '../delivery-boards.ts';
import { deliverySteps } from '../delivery-steps.ts';
import { requireProject, requireTrust } from '../commands/run.ts';
import { deliveryAnswer } from './answers/delivery-answer.ts';
import { INPUTS } from './inputs.ts';
import { asks, type Tool } from './tool.ts';

/** Checks, builds, publishes, brings the boards to update, and follows them to a verdict. */
export const tool: Tool = {
  prepare: (session) => {
    const name = session.projects.project?.name ?? '';
    const isVirtual = chosenBoards(session).kind === 'virtual';
    return asks(
      l10n.t('Delivering {0}', name),
      l10n.t('Deliver {0} to its boards?', name),
      isVirtual
        ? l10n.t('The project is built and served, and the virtual boards are updated over the air.')
        : l10n.t(
            'The project is built and served, and real boards are updated over the air (port: {0}, told by: {1}).',
            session.ports.selected === '' ? l10n.t('none') : session.ports.selected,
            triggerOf(session),
          ),
    );
  },
  run: async (session, given, signal) => {
    const { hasEvidence } = INPUTS.deliver_update(given);
    requireTrust();
    const { idfVersion } = requireProject(session);
    await session.deliver.load();
    const { delivery, error } = await session.deliver.run('delivery', deliverySteps(session), signal);
    if (error !== undefined) throw error;
    return deliveryAnswer(delivery, { hasEvidence, idfVersion });
  },
};
