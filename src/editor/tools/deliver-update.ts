import { l10n } from 'vscode';
import { triggerOf } from '../delivery-boards.ts';
import { deliverySteps } from '../delivery-steps.ts';
import { requireProject, requireTrust } from '../commands/run.ts';
import type { WindowSession } from '../window-session.ts';
import { deliveryAnswer } from './answers/delivery-answer.ts';
import { INPUTS } from './inputs.ts';
import { secretsOf } from './secrets.ts';
import { asks, type Tool } from './tool.ts';

/** Checks, builds, publishes, brings the boards to update, and follows them to a verdict. */
export const tool: Tool = {
  prepare: (session) => {
    const name = session.projects.project?.name ?? '';
    return asks(l10n.t('Delivering {0}', name), l10n.t('Deliver {0} to its boards?', name), consequence(session));
  },
  run: async (session, given, signal) => {
    const { hasEvidence } = INPUTS.deliver_update(given);
    requireTrust();
    const project = requireProject(session);
    await session.deliver.load();
    const { delivery, error } = await session.deliver.run('delivery', deliverySteps(session), signal);
    if (error !== undefined) throw error;
    return deliveryAnswer(delivery, { hasEvidence, idfVersion: project.idfVersion, secrets: secretsOf(project) });
  },
};

/** What happens to which boards, as the settings have it now. */
function consequence(session: WindowSession): string {
  const { selected } = session.ports;
  const port = selected === '' ? l10n.t('any that asks') : selected;
  switch (triggerOf(session)) {
    case 'virtual':
      return l10n.t('The project is built and served, and the virtual boards are updated over the air.');
    case 'wait':
      return l10n.t('The project is built and served, and a real board ({0}) is updated once it asks for it.', port);
    case 'reset':
      return l10n.t('The project is built and served, and a real board ({0}) is reset, so that it asks for it.', port);
    case 'sendUrl':
      return l10n.t('The project is built and served, and a real board ({0}) gets the URL on its console.', port);
    case 'http':
      return l10n.t('The project is built and served, and real boards are told by HTTP requests, as the settings say.');
  }
}
