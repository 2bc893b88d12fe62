import { l10n } from 'vscode';
import { mainCauses } from '../../doctor/main-cause.ts';
import { stallsOf } from '../../ota/download-samples.ts';
import type { Step, Timeline } from '../../ota/update-state.ts';
import { failureText } from '../../texts/cause-texts.ts';
import { bytesText, clockText, dayText, durationText, percentText, rateText } from '../../texts/text.ts';
import { clientText, evidenceText, stepName, stepOutcomeText, verdictText } from '../../texts/timeline-texts.ts';
import type { CurveView, StepView, TimelineView } from '../webview/timeline/view.ts';
import { axisSteps } from './time-axis.ts';

/** Something that went before the update, such as the build, with its name in the user's language. */
export interface PriorStep {
  readonly name: string;
  readonly outcome: 'running' | 'done' | 'failed';
  readonly startedMs: number;
  readonly endedMs?: number;
  readonly note?: string;
}

const MOST_TICKS = 6;

/** A timeline in the words of the page. `fix` is what the button says that does something about the cause. */
export function timelineViewOf(
  timeline: Timeline,
  options: {
    readonly board: string;
    readonly before: readonly PriorStep[];
    readonly fix: string | undefined;
    readonly nowMs: number;
  },
): TimelineView {
  const { subject, verdict, failures } = timeline;
  const { before, board, fix, nowMs } = options;
  const startMs = Math.min(timeline.startedMs, ...before.map((step) => step.startedMs));
  const endMs = Math.max(
    timeline.endedMs ?? (verdict === undefined ? nowMs : startMs),
    ...timeline.steps.map((step) => step.endedMs ?? step.startedMs),
  );
  const spanMs = Math.max(1, endMs - startMs);
  const from = subject.previousVersion === undefined ? '' : `${subject.previousVersion} → `;
  const told = verdict !== undefined && 'failure' in verdict ? verdict.failure : undefined;
  // a timeline from the history has copies
  // the echo of a cause is no failure of its own
  const main = mainCauses(failures.map(({ cause }) => cause));
  const others = failures.filter(
    ({ cause, evidence }) => main.includes(cause) && (cause !== told?.cause || evidence.text !== told.evidence.text),
  );
  const steps = stepViews(timeline, before, startMs, endMs);
  const word = verdictText(timeline);
  const curve = curveOf(timeline, nowMs);
  return {
    title: l10n.t('Update {0}{1}', from, subject.version),
    facts: [
      board,
      subject.project,
      bytesText(subject.totalBytes),
      `${dayText(timeline.startedMs)} ${clockText(timeline.startedMs)}`,
      timeline.client === undefined ? '' : clientText(timeline.client),
    ]
      .filter(Boolean)
      .join(' · '),
    verdict: {
      tone: toneOf(timeline),
      text: word,
      detail: told === undefined ? '' : evidenceText(told.evidence),
      ...(fix === undefined ? {} : { button: fix }),
    },
    ...(others.length === 0
      ? {}
      : {
          failures: {
            title: l10n.t('What went wrong on the way'),
            items: others.map((failure) => ({ text: failureText(failure), proof: evidenceText(failure.evidence) })),
          },
        }),
    ticks: axisSteps(spanMs, MOST_TICKS).map((ms) => ({ at: ms / spanMs, text: tickText(ms) })),
    steps,
    ...(curve === undefined ? {} : { curve }),
    columns: [l10n.t('Step'), l10n.t('Result'), l10n.t('At'), l10n.t('Took'), l10n.t('Proof')],
    texts: {
      picture: l10n.t('Steps on the axis of time'),
      spoken: l10n.t('The steps of the update drawn to scale over {0}: {1}', durationText(spanMs), word),
      scale: l10n.t(
        'To scale. A diamond is a moment that was seen, a bar is time that a step took, a thin line is the time before it.',
      ),
      table: l10n.t('Every step with what proves it'),
    },
  };
}

/** `0 s`, `0.5 s`, `90 s`, `5 min`: short enough for an axis. */
function tickText(ms: number): string {
  if (ms >= 120_000 && ms % 60_000 === 0) return l10n.t('{0} min', ms / 60_000);
  return l10n.t('{0} s', Number((ms / 1000).toPrecision(6)));
}

function toneOf({ verdict }: Timeline): TimelineView['verdict']['tone'] {
  switch (verdict?.outcome) {
    case undefined:
      return 'going';
    case 'confirmed':
      return 'good';
    case 'delivered':
      return verdict.isRollbackEnabled ? 'warning' : 'good';
    case 'unknown':
      return 'warning';
    case 'cancelled':
      return 'neutral';
    case 'refused':
    case 'failed':
    case 'rolledBack':
      return 'bad';
  }
}

const TONES = { done: 'good', failed: 'bad', running: 'going' } as const;

function stepViews(
  timeline: Timeline,
  before: readonly PriorStep[],
  startMs: number,
  endMs: number,
): readonly StepView[] {
  const spanMs = Math.max(1, endMs - startMs);
  const place = (ms: number): number => Math.min(1, Math.max(0, (ms - startMs) / spanMs));
  const all = [
    ...before.map((step, index) => ({ ...step, id: `before-${index}`, proof: step.note ?? '' })),
    ...timeline.steps.map((step) => ({
      ...step,
      name: stepName(step.id),
      proof: [resultOf(step, timeline), evidenceText(step.evidence)].filter(Boolean).join(' · '),
    })),
  ];
  let lastMs = startMs;
  return all.map(({ id, name, outcome, startedMs, endedMs, proof }) => {
    const end = endedMs ?? (outcome === 'running' ? endMs : startedMs);
    const fromMs = Math.min(lastMs, startedMs);
    lastMs = Math.max(lastMs, end);
    return {
      id,
      name,
      tone: TONES[outcome],
      from: place(fromMs),
      start: place(startedMs),
      end: place(end),
      since: `+${durationText(startedMs - startMs)}`,
      took: end > startedMs ? durationText(end - startedMs) : '–',
      result: stepOutcomeText(outcome),
      proof,
    };
  });
}

function resultOf({ id }: Step, { download, runningVersion }: Timeline): string {
  if (id === 'running') return runningVersion ?? '';
  if (id !== 'download' || download === undefined) return '';
  const requests = download.requests > 1 ? l10n.t('{0} requests', download.requests) : '';
  return [amountText(download), rateText(download.bytesPerSecond), requests].filter(Boolean).join(' · ');
}

function amountText({ sentBytes, totalBytes }: NonNullable<Timeline['download']>): string {
  return sentBytes >= totalBytes
    ? bytesText(totalBytes)
    : l10n.t('{0} of {1} ({2})', bytesText(sentBytes), bytesText(totalBytes), percentText(sentBytes, totalBytes));
}

function curveOf({ download, steps, verdict }: Timeline, nowMs: number): CurveView | undefined {
  const samples = download?.samples ?? [];
  const [first, last] = [samples[0], samples.at(-1)];
  if (download === undefined || first === undefined || last === undefined || last.bytes === 0) return undefined;
  const step = steps.find(({ id }) => id === 'download');
  const isGoingOn = step?.outcome === 'running' && verdict === undefined;
  const endMs = Math.max(last.atMs, isGoingOn ? nowMs : (step?.endedMs ?? last.atMs));
  const spanMs = Math.max(1, endMs - first.atMs);
  const total = Math.max(download.totalBytes, last.bytes, 1);
  const took = durationText(last.atMs - first.atMs);
  const stalls = stallsOf([...samples, ...(endMs > last.atMs ? [{ atMs: endMs, bytes: last.bytes }] : [])]);
  const summary = [amountText(download), took, rateText(download.bytesPerSecond)].join(' · ');
  const stallText = (fromMs: number, toMs: number): string =>
    l10n.t('Nothing came for {0}, from +{1} on.', durationText(toMs - fromMs), durationText(fromMs - first.atMs));
  return {
    title: l10n.t('Download'),
    summary,
    spoken: l10n.t('Curve of the bytes received over time: {0}', summary),
    points: samples.map(({ atMs, bytes }) => ({ x: (atMs - first.atMs) / spanMs, y: bytes / total })),
    xTicks: axisSteps(spanMs, MOST_TICKS - 1).map((ms) => ({ at: ms / spanMs, text: tickText(ms) })),
    yTicks: [0, 0.5, 1].map((at) => ({ at, text: bytesText(Math.round(at * total)) })),
    stalls: stalls.map(({ fromMs, toMs }) => ({
      from: (fromMs - first.atMs) / spanMs,
      to: (toMs - first.atMs) / spanMs,
      text: stallText(fromMs, toMs),
    })),
  };
}
