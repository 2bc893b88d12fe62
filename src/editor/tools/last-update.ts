import { l10n } from 'vscode';
import { OtaError } from '../../base/ota-error.ts';
import { requireProject } from '../commands/run.ts';
import { deliveryAnswer, deliverySummary } from './answers/delivery-answer.ts';
import { INPUTS } from './inputs.ts';
import { secretsOf } from './secrets.ts';
import { says, type Tool } from './tool.ts';

/** What became of the last update, or of one of the history. */
export const tool: Tool = {
  prepare: () => says(l10n.t('Reading the timeline of the last update')),
  run: async (session, given) => {
    const { id, kind, hasEvidence, history } = INPUTS.last_update(given);
    const project = requireProject(session);
    await session.deliver.load();
    const all = session.deliver.deliveries.filter((one) => kind === undefined || one.kind === kind);
    const wanted = id === undefined ? all[0] : all.find((one) => one.id === id);
    if (wanted === undefined) throw new OtaError('tool.noDelivery', { id: id ?? '' });
    const earlier = all.filter((one) => one !== wanted);
    return {
      update: deliveryAnswer(wanted, { hasEvidence, idfVersion: project.idfVersion, secrets: secretsOf(project) }),
      others: earlier.slice(0, history).map(deliverySummary),
      leftOut: Math.max(0, earlier.length - history),
    };
  },
};
