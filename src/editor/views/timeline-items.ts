import { l10n } from 'vscode';
import { diagnose } from '../../doctor/diagnosis.ts';
import type { ClientLink, Step, StepId, Timeline } from '../../ota/update-state.ts';
import { causeFixes } from '../cause-fixes.ts';
import { faultText } from '../fault-texts.ts';
import { bytesText, clockText, durationText, percentText, rateText } from '../text.ts';
import { failureText } from '../cause-texts.ts';
import { outcomeIcon } from './check-texts.ts';
import type { TreeNode } from './tree-node.ts';

export function stepName(id: StepId): string {
  const names: Record<StepId, string> = {
    published: l10n.t('Published'),
    triggered: l10n.t('Board told to update'),
    started: l10n.t('Update started on the board'),
    tls: l10n.t('TLS connection'),
    asked: l10n.t('Firmware requested'),
    download: l10n.t('Download'),
    verify: l10n.t('Image verified by the board'),
    slotSet: l10n.t('New slot selected'),
    reboot: l10n.t('Reboot'),
    running: l10n.t('New version runs'),
    confirmed: l10n.t('Confirmed by the application'),
  };
  return names[id];
}

/** The verdict in one sentence; what goes on when there is none yet. */
export function verdictText(timeline: Timeline): string {
  const { verdict, subject } = timeline;
  if (verdict === undefined) {
    const { download } = timeline;
    const isLoading = timeline.steps.at(-1)?.id === 'download' && download !== undefined;
    return isLoading
      ? l10n.t(
          'downloading {0}, {1}',
          percentText(download.sentBytes, download.totalBytes),
          rateText(download.bytesPerSecond),
        )
      : stepName(timeline.steps.at(-1)?.id ?? 'published');
  }
  switch (verdict.outcome) {
    case 'confirmed':
      return l10n.t('Delivered and confirmed: {0} runs', subject.version);
    case 'delivered':
      return verdict.isRollbackEnabled
        ? l10n.t(
            'Delivered, not confirmed: {0} runs, but has not marked itself valid; the next reset rolls it back',
            subject.version,
          )
        : l10n.t('Delivered: {0} runs (rollback is off, so nothing confirms it)', subject.version);
    case 'refused':
      return l10n.t('Refused: {0}', failureText(verdict.failure));
    case 'failed':
      return l10n.t('Failed: {0}', failureText(verdict.failure));
    case 'rolledBack':
      return l10n.t('Rolled back: {0}', failureText(verdict.failure));
    case 'unknown':
      return subject.isWithoutConsole === true
        ? l10n.t('Unknown: “{0}” was never seen, because nobody reads the board’s console', stepName(verdict.missing))
        : l10n.t('Unknown: “{0}” was never seen', stepName(verdict.missing));
    case 'cancelled':
      return l10n.t('Cancelled during “{0}”', stepName(verdict.during));
  }
}

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

export function stepOutcomeText(outcome: Step['outcome']): string {
  const words = { done: l10n.t('done'), failed: l10n.t('failed'), running: l10n.t('going on') };
  return words[outcome];
}

export function stepResult(step: Step, timeline: Timeline): string {
  const took = step.endedMs === undefined ? '' : durationText(step.endedMs - step.startedMs);
  const since = `+${durationText(step.startedMs - timeline.startedMs)}`;
  switch (step.id) {
    case 'download': {
      const { download } = timeline;
      if (download === undefined) return since;
      const amount =
        step.outcome === 'done'
          ? bytesText(download.totalBytes)
          : `${percentText(download.sentBytes, download.totalBytes)} · ${bytesText(download.sentBytes)}`;
      const requests = download.requests > 1 ? l10n.t('{0} requests', download.requests) : '';
      return [since, amount, rateText(download.bytesPerSecond), took, requests].filter(Boolean).join(' · ');
    }
    case 'published':
      return `${timeline.subject.version} · ${bytesText(timeline.subject.totalBytes)}`;
    case 'running':
      // what ran at that moment: later it may be another one again
      return [since, step.outcome === 'done' ? timeline.subject.version : timeline.runningVersion]
        .filter(Boolean)
        .join(' · ');
    case 'tls':
      return [since, step.evidence.text].join(' · ');
    default:
      return step.endedMs !== undefined && step.endedMs - step.startedMs >= 5 ? `${since} · ${took}` : since;
  }
}

/** Which client of the server was taken for the board. */
export function clientText({ address, by }: ClientLink): string {
  switch (by) {
    case 'connection':
      return l10n.t('client {0}, by its own connection', address);
    case 'address':
      return l10n.t('client {0}, by the address in the console', address);
    case 'mac':
      return l10n.t('client {0}, by its MAC address', address);
    case 'onlyCandidate':
      return l10n.t('client {0}, a guess: no other board was waiting', address);
  }
}

/** What went wrong: one row for each cause, with everything that shows it and what can be done below. */
function causeItems(timeline: Timeline, id: string): readonly TreeNode[] {
  const { failures, verdict } = timeline;
  const signs = failures.map(({ cause, evidence }) => ({
    source: evidence.source === 'server' ? ('server' as const) : ('console' as const),
    cause,
    text: evidence.text,
  }));
  return diagnose({ failures: signs }).flatMap(({ cause, evidence }, index) => {
    const failure = failures.find((one) => one.cause === cause);
    if (failure === undefined) return [];
    const echoes = evidence.filter((sign) => sign.text !== failure.evidence.text);
    // once it has worked in the end, nothing is left to do
    const fixes = verdict?.outcome === 'confirmed' ? [] : causeFixes(cause);
    return [
      {
        id: `${id}/failure/${index}`,
        label: failureText(failure),
        description: failure.evidence.source === 'trigger' ? '' : failure.evidence.text,
        ...outcomeIcon(verdict?.outcome === 'confirmed' ? 'warned' : 'failed'),
        isExpanded: true,
        children: [
          ...echoes.map(({ text, source }, place) => ({
            id: `${id}/failure/${index}/sign/${place}`,
            label: text,
            icon: source === 'server' ? 'broadcast' : 'terminal',
          })),
          ...fixes.flatMap((fix) =>
            fix.kind === 'command'
              ? [
                  {
                    id: `${id}/failure/${index}/${fix.title}`,
                    label: fix.title,
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
      tooltip: `${clockText(step.startedMs)}\n${step.evidence.text}`,
      ...icons[step.outcome],
      spoken: `${stepName(step.id)}, ${stepOutcomeText(step.outcome)}, ${stepResult(step, timeline)}`,
      ...(hasEvidence
        ? {
            children: [
              { id: `${id}/${step.id}/evidence`, label: step.evidence.text, icon: sources[step.evidence.source] },
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
    contextValue: 'timeline',
    payload: timelineKey(timeline),
    isExpanded: true,
    children: stepItems(timeline, id),
  };
}
