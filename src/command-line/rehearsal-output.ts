import * as l10n from '@vscode/l10n';
import type { Step, Timeline, Verdict } from '../ota/update-state.ts';
import { failureText } from '../texts/cause-texts.ts';
import { evidenceText, stepName, stepResult, verdictText } from '../texts/timeline-texts.ts';
import type { CommandContext } from './command.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { clipped, padded } from './text-width.ts';

/** Steps beside each other in columns. */
const NAME_COLUMNS = 30;

export interface TimelineOutput {
  /** Hears every state of the update. */
  show(timeline: Timeline): void;
  /** What is left to say at its end. */
  end(timeline: Timeline): void;
}

/** Writes an update as it goes on: a line for each step that is through, with what proves it, and a bar while it downloads. */
export function timelineOutput(context: CommandContext, title: string): TimelineOutput {
  const { print, style } = context;
  const progress = context.progress(title);
  const told = new Set<Step['id']>();
  const tell = (step: Step, timeline: Timeline): void => {
    told.add(step.id);
    const mark = { done: style.green('✔'), failed: style.red('✖'), running: style.yellow('…') }[step.outcome];
    print(`${mark} ${padded(stepName(step.id), NAME_COLUMNS)} ${style.dim(stepResult(step, timeline))}`.trimEnd());
    const text = evidenceText(step.evidence);
    // those say what we did ourselves, or what stands in the line already
    if (step.id === 'tls' || step.evidence.source === 'publish' || text === '') return;
    print(`    ${style.dim(clipped(text, Math.max(40, (context.stdout.columns ?? 100) - 5)))}`);
  };
  return {
    show: (timeline) => {
      for (const step of timeline.steps) {
        if (step.outcome !== 'running' && !told.has(step.id)) tell(step, timeline);
      }
      const { download, verdict } = timeline;
      const running = timeline.steps.findLast((step) => step.outcome === 'running');
      if (verdict !== undefined || running === undefined) return;
      if (running.id === 'download' && download !== undefined) {
        const { sentBytes: doneBytes, totalBytes, bytesPerSecond } = download;
        progress.update({ doneBytes, totalBytes, label: stepName('download'), bytesPerSecond });
      } else if (context.stderr.isTTY === true) {
        progress.say(`${stepName(running.id)} …`);
      }
    },
    end: (timeline) => {
      progress.end();
      for (const step of timeline.steps) if (!told.has(step.id)) tell(step, timeline);
      const { verdict } = timeline;
      if (verdict === undefined) return;
      const isGood = exitCodeOfVerdict(verdict) === EXIT.ok;
      const isDelivered = verdict.outcome === 'delivered';
      const mark = isGood ? style.green('✔') : isDelivered ? style.yellow('⚠') : style.red('✖');
      print();
      print(`${mark} ${style.bold(verdictText(timeline))}`);
      if (isGood || !('failure' in verdict)) return;
      const others = timeline.failures.filter((failure) => failure !== verdict.failure).map(failureText);
      for (const text of new Set(others)) print(`    ${style.dim(l10n.t('also seen: {0}', text))}`);
    },
  };
}

/** How a command ends that brought an update to this verdict. */
export function exitCodeOfVerdict(verdict: Verdict | undefined): ExitCode {
  switch (verdict?.outcome) {
    case 'confirmed':
      return EXIT.ok;
    case 'delivered':
      // where a board can go back by itself, it will
      return verdict.isRollbackEnabled ? EXIT.failed : EXIT.ok;
    case 'cancelled':
      return EXIT.cancelled;
    default:
      return EXIT.failed;
  }
}
