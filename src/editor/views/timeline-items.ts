import { l10n } from 'vscode';
import { diagnose } from '../../doctor/diagnosis.ts';
import type { Timeline } from '../../ota/update-state.ts';
import { causeFixes } from '../cause-fixes.ts';
import { faultText } from '../../texts/fault-texts.ts';
import { clockText, durationText } from '../../texts/text.ts';
import {
  clientText,
  evidenceText,
  stepName,
  stepOutcomeText,
  stepResult,
  verdictText,
} from '../../texts/timeline-texts.ts';
import { failureText } from '../../texts/cause-texts.ts';
import { outcomeIcon } from './outcome-icon.ts';
import type { TreeNode } from './tree-node.ts';

export function verdictIcon(timeline: Timeline): { icon: string; color?: string } {
  switch (timeline.verdict?.outcome) {
    case undefined:
      return { icon: 'loading~spin' };
    case 'confirmed':
      return outcomeIcon('passed');
    case 'delivered':
      return outcomeIcon(timeline.verdict.isRollbackEnabled ? 'warned' : 'passed');
    case 'cancelled':
      return { icon: 'circle-slash' };
    case 'unknown':
      return { icon: 'question' };
    default:
      return outcomeIcon('failed');
  }
}

/** What went wrong: one row for each cause, with everything that shows it and what can be done below. */
function causeItems(timeline: Timeline, id: string): readonly TreeNode[] {
  const { failures, verdict } = timeline;
  const signs = failures.map(({ cause, evidence }) => ({
    source: evidence.source === 'server' ? ('server' as const) : ('console' as const),
    cause,
    text: evidenceText(evidence),
  }));
  return diagnose({ failures: signs }).flatMap(({ cause, evidence }, index) => {
    const failure = failures.find((one) => one.cause === cause);
    if (failure === undefined) return [];
    const echoes = evidence.filter((sign) => sign.text !== evidenceText(failure.evidence));
    // once it has worked in the end, nothing is left to do
    const fixes = verdict?.outcome === 'confirmed' ? [] : causeFixes(cause);
    return [
      {
        id: `${id}/failure/${index}`,
        label: failureText(failure),
        description: failure.evidence.source === 'trigger' ? '' : evidenceText(failure.evidence),
        ...outcomeIcon(verdict?.outcome === 'confirmed' ? 'warned' : 'failed'),
        iconText: l10n.t('cause'),
        isExpanded: true,
        children: [
          ...echoes.map(({ text, source }, place) => ({
            id: `${id}/failure/${index}/sign/${place}`,
            label: text,
            icon: source === 'server' ? 'broadcast' : 'terminal',
            iconText: source === 'server' ? l10n.t('from the server') : l10n.t('from the console'),
          })),
          ...fixes.flatMap((fix) =>
            fix.kind === 'command'
              ? [
                  {
                    id: `${id}/failure/${index}/${fix.title}`,
                    label: fix.title,
                    iconText: l10n.t('fix'),
                    icon: 'lightbulb',
                    color: 'editorLightBulb.foreground',
                    command: { name: fix.command, title: fix.title, arguments: fix.arguments ?? [] },
                  },
                ]
              : [],
          ),
        ],
      },
    ];
  });
}

/** The steps of an update, each with its time, and what went wrong.
 * @param hasEvidence whether each step has the line or event that proves it in a row below; it is in the tooltip either way */
export function stepItems(timeline: Timeline, id: string, hasEvidence = false): readonly TreeNode[] {
  const icons = { done: outcomeIcon('passed'), failed: outcomeIcon('failed'), running: { icon: 'loading~spin' } };
  const sources = { console: 'terminal', server: 'broadcast', publish: 'package', trigger: 'arrow-right' } as const;
  const causes = causeItems(timeline, id);
  const guess = timeline.client?.by === 'onlyCandidate' ? [timeline.client] : [];
  return [
    ...timeline.steps.map((step) => ({
      id: `${id}/${step.id}`,
      label: stepName(step.id),
      description: stepResult(step, timeline),
      tooltip: `${clockText(step.startedMs)}\n${evidenceText(step.evidence)}`,
      ...icons[step.outcome],
      spoken: `${stepName(step.id)}, ${stepOutcomeText(step.outcome)}, ${stepResult(step, timeline)}`,
      ...(hasEvidence
        ? {
            children: [
              {
                id: `${id}/${step.id}/evidence`,
                label: evidenceText(step.evidence),
                icon: sources[step.evidence.source],
              },
            ],
          }
        : {}),
    })),
    ...(timeline.faults ?? []).map((fault) => ({
      id: `${id}/fault/${fault}`,
      label: l10n.t('Deliberate fault: {0}', faultText(fault).name),
      tooltip: faultText(fault).does,
      icon: 'bug',
    })),
    ...guess.map((client) => ({ id: `${id}/client`, label: clientText(client), icon: 'question' })),
    ...causes,
  ];
}

/** The same for every state of one update. */
export function timelineKey({ subject, startedMs }: Timeline): string {
  return `${subject.board}/${subject.releaseId}/${startedMs}`;
}

/** The update as one row with its steps below, each with its time and the line or event that proves it. */
export function timelineItem(timeline: Timeline, id: string): TreeNode {
  const { subject } = timeline;
  const from = subject.previousVersion === undefined ? '' : `${subject.previousVersion} → `;
  const total = timeline.endedMs === undefined ? '' : ` · ${durationText(timeline.endedMs - timeline.startedMs)}`;
  return {
    id,
    label: l10n.t('Update {0}{1}', from, subject.version),
    description: `${verdictText(timeline)}${total}`,
    tooltip: clockText(timeline.startedMs),
    ...verdictIcon(timeline),
    ...(timeline.verdict === undefined ? { iconText: stepOutcomeText('running') } : {}),
    contextValue: 'timeline',
    payload: timelineKey(timeline),
    isExpanded: true,
    children: stepItems(timeline, id),
  };
}
