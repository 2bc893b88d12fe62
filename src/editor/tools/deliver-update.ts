import { l10n } from 'vscode';
import { OtaError } from '../../base/ota-error.ts';
import { hostsOf } from '../../ota/delivery-boards.ts';
import { deliveryPlanText } from '../../texts/tool-questions.ts';
import { runShown } from '../commands/deliver-commands.ts';
import { requireProject, requireTrust } from '../commands/run.ts';
import { chosenBoards } from '../delivery-boards.ts';
import { deliverySteps } from '../delivery-steps.ts';
import { readSettings } from '../settings.ts';
import type { WindowSession } from '../window-session.ts';
import { deliveryAnswer } from './answers/delivery-answer.ts';
import { boardKey } from './boards.ts';
import { INPUTS } from './inputs.ts';
import { secretsOf } from './secrets.ts';
import { asks, type Tool } from './tool.ts';

/** Checks, builds, publishes, brings the boards to update, and follows them to a verdict. */
export const tool: Tool = {
  prepare: (session, given) => {
    INPUTS.deliver_update(given);
    requireTrust();
    const { name, folder } = requireProject(session);
    const { selected } = session.ports;
    const { values } = readSettings(session.projects.workspaceFolder());
    return asks(
      l10n.t('Delivering {0}', name),
      l10n.t('Deliver {0} to its boards?', name),
      planText(session),
      folder,
      boardKey(session, selected),
      // of these the question shows a part
      values['build.command'],
      ...values['deliver.httpRequest'],
    );
  },
  run: async (session, given, signal) => {
    const { hasEvidence } = INPUTS.deliver_update(given);
    requireTrust();
    const project = requireProject(session);
    // to the boards that the user agreed to, whatever is selected from now on
    const steps = deliverySteps(session, { isForAgent: true });
    await session.deliver.load();
    const title = l10n.t('Delivering {0}', project.name);
    const { delivery, error } = await runShown(session, 'delivery', title, steps, signal);
    if (error !== undefined) throw error;
    return deliveryAnswer(delivery, { hasEvidence, idfVersion: project.idfVersion, secrets: secretsOf(project) });
  },
};

/** What happens to which boards, as the settings have it now. */
function planText(session: WindowSession): string {
  const { values } = readSettings(session.projects.workspaceFolder());
  const { trigger, port } = chosenBoards(session);
  // it would come to nothing after the build
  if (port === '' && (trigger === 'reset' || trigger === 'sendUrl')) throw new OtaError('trigger.noBoard', { trigger });
  return deliveryPlanText({
    isBuilt: values['deliver.build'],
    buildCommand: values['build.command'].trim(),
    bumpVersion: values['deliver.bumpVersion'],
    trigger,
    port,
    hosts: trigger === 'http' ? hostsOf(values['deliver.httpRequest']) : [],
  });
}
