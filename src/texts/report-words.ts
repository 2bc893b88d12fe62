import * as l10n from '@vscode/l10n';
import type { ReportWords } from '../ota/update-report.ts';
import { failureText } from './cause-texts.ts';
import { clockText, dayText } from './text.ts';
import { clientText, stepName, stepOutcomeText, stepResult, verdictText } from './timeline-texts.ts';
import { deliveryText, deliveryTitle, workName, workOutcomeText } from './delivery-texts.ts';

/** The words of an exported update, in the editor's language. */
export function reportWords(): ReportWords {
  const headings: Record<Parameters<ReportWords['heading']>[0], string> = {
    preparation: l10n.t('Preparation'),
    step: l10n.t('Step'),
    outcome: l10n.t('Outcome'),
    result: l10n.t('Result'),
    evidence: l10n.t('Evidence'),
    causes: l10n.t('Causes'),
    image: l10n.t('Image'),
  };
  return {
    title: (delivery) => l10n.t('Update of {0}: {1}', delivery.project, deliveryTitle(delivery)),
    outcome: deliveryText,
    verdict: verdictText,
    work: workName,
    workOutcome: workOutcomeText,
    step: stepName,
    stepOutcome: stepOutcomeText,
    result: stepResult,
    client: clientText,
    failure: failureText,
    heading: (name) => headings[name],
    time: (atMs) => `${dayText(atMs)} ${clockText(atMs)}`,
  };
}
