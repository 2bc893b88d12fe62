import * as l10n from '@vscode/l10n';
import type { ReportWords } from '../ota/update-report.ts';
import type { Step } from '../ota/update-state.ts';
import { failureText } from './cause-texts.ts';
import { clockText, dayText } from './text.ts';
import { clientText, evidenceText, stepName, stepOutcomeText, stepResult, verdictText } from './timeline-texts.ts';
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
  const sources: Record<Step['evidence']['source'], string> = {
    console: l10n.t('Console'),
    server: l10n.t('Server'),
    publish: l10n.t('This computer'),
    trigger: l10n.t('This computer'),
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
    evidence: (evidence) => `${sources[evidence.source]}: ${evidenceText(evidence)}`,
    client: clientText,
    failure: failureText,
    heading: (name) => headings[name],
    time: (atMs) => `${dayText(atMs)} ${clockText(atMs)}`,
  };
}
