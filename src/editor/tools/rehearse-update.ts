import { l10n } from 'vscode';
import { requireProject, requireTrust } from '../commands/run.ts';
import { rehearsalSteps } from '../delivery-steps.ts';
import { deliveryAnswer } from './answers/delivery-answer.ts';
import { INPUTS } from './inputs.ts';
import { secretsOf } from './secrets.ts';
import { asks, type Tool } from './tool.ts';

/** Updates the virtual board with what is built. */
export const tool: Tool = {
  prepare: ({ projects, server }) => {
    const name = projects.project?.name ?? '';
    return asks(
      l10n.t('Rehearsing the update of {0}', name),
      l10n.t('Rehearse the update on a virtual board?'),
      server.state.kind === 'on'
        ? l10n.t(
            'What {0} has built is updated on a virtual board, from the server that runs. No real board is touched.',
            name,
          )
        : l10n.t(
            'The OTA server is started on this computer’s network, and what {0} has built is updated on a virtual board. No real board is touched.',
            name,
          ),
    );
  },
  run: async (session, given, signal) => {
    const { hasEvidence } = INPUTS.rehearse_update(given);
    requireTrust();
    const project = requireProject(session);
    // before the rehearsal would: it asks which address boards are told, and a virtual board takes any
    await session.server.start(signal);
    const { delivery, error } = await session.deliver.run('rehearsal', rehearsalSteps(session), signal);
    if (error !== undefined) throw error;
    return deliveryAnswer(delivery, { hasEvidence, idfVersion: project.idfVersion, secrets: secretsOf(project) });
  },
};
