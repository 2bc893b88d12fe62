import { l10n } from 'vscode';
import { runShown } from '../commands/deliver-commands.ts';
import { requireProject, requireTrust } from '../commands/run.ts';
import { rehearsalSteps } from '../delivery-steps.ts';
import { deliveryAnswer } from './answers/delivery-answer.ts';
import { INPUTS } from './inputs.ts';
import { secretsOf } from './secrets.ts';
import { servedTo } from './start-server.ts';
import { asks, type Tool } from './tool.ts';

/** Updates the virtual board with what is built. */
export const tool: Tool = {
  prepare: (session, given) => {
    INPUTS.rehearse_update(given);
    requireTrust();
    const { name, folder } = requireProject(session);
    return asks(
      l10n.t('Rehearsing the update of {0}', name),
      l10n.t('Rehearse the update on a virtual board?'),
      session.server.state.kind === 'on'
        ? l10n.t(
            'What {0} has built is updated on a virtual board, from the server that runs. No real board is touched.',
            name,
          )
        : `${l10n.t(
            'The OTA server is started, and what {0} has built is updated on a virtual board. No real board is touched.',
            name,
          )} ${servedTo(session)}`,
      folder,
    );
  },
  run: async (session, given, signal) => {
    const { hasEvidence } = INPUTS.rehearse_update(given);
    requireTrust();
    const project = requireProject(session);
    // which address boards are told is not asked: a virtual board takes any
    const steps = rehearsalSteps(session, { asksAddress: false });
    const { delivery, error } = await runShown(
      session,
      'rehearsal',
      l10n.t('Updating the virtual board'),
      steps,
      signal,
    );
    if (error !== undefined) throw error;
    return deliveryAnswer(delivery, { hasEvidence, idfVersion: project.idfVersion, secrets: secretsOf(project) });
  },
};
