import { asMarkdown } from '../base/plain-text.ts';
import type { BoardUpdate, Delivery, Work } from './delivery.ts';
import type { Step, Timeline } from './update-state.ts';

/** The words of a report, in the language of whoever reads it. */
export interface ReportWords {
  readonly title: (delivery: Delivery) => string;
  /** How it ended, in a sentence. */
  readonly outcome: (delivery: Delivery) => string;
  readonly verdict: (timeline: Timeline) => string;
  readonly work: (work: Work) => string;
  readonly workOutcome: (outcome: Work['outcome']) => string;
  readonly step: (id: Step['id']) => string;
  readonly stepOutcome: (outcome: Step['outcome']) => string;
  readonly result: (step: Step, timeline: Timeline) => string;
  /** What proves a step, with where it was seen. */
  readonly evidence: (evidence: Step['evidence']) => string;
  readonly client: (client: NonNullable<Timeline['client']>) => string;
  readonly failure: (failure: Timeline['failures'][number]) => string;
  readonly heading: (name: 'preparation' | 'step' | 'outcome' | 'result' | 'evidence' | 'causes' | 'image') => string;
  readonly time: (atMs: number) => string;
}

/** A delivery as a Markdown page. */
export function updateMarkdown(delivery: Delivery, words: ReportWords): string {
  const { heading } = words;
  const work = delivery.work.map((one) => [words.work(one), words.workOutcome(one.outcome), one.note ?? '']);
  return [
    `# ${asMarkdown(words.title(delivery))}`,
    `${words.time(delivery.startedMs)}. **${asMarkdown(words.outcome(delivery))}**`,
    ...(work.length === 0
      ? []
      : [`## ${heading('preparation')}`, table([heading('step'), heading('outcome'), heading('result')], work)]),
    ...delivery.updates.flatMap((update) => boardSection(update, words)),
    '',
  ].join('\n\n');
}

function boardSection({ name, timeline }: BoardUpdate, words: ReportWords): string[] {
  const { heading } = words;
  const { subject, failures, client } = timeline;
  const rows = timeline.steps.map((step) => [
    words.step(step.id),
    words.stepOutcome(step.outcome),
    words.result(step, timeline),
    words.evidence(step.evidence),
  ]);
  return [
    `## ${asMarkdown(name)}`,
    `**${asMarkdown(words.verdict(timeline))}**`,
    `${heading('image')}: ${asMarkdown(`${subject.project} ${subject.version}`)}, \`sha256 ${asMarkdown(subject.sha256)}\``,
    ...(client === undefined ? [] : [asMarkdown(words.client(client))]),
    table([heading('step'), heading('outcome'), heading('result'), heading('evidence')], rows),
    ...(failures.length === 0
      ? []
      : [
          `### ${heading('causes')}`,
          failures
            .map(
              (failure) =>
                `- ${asMarkdown(words.failure(failure))} (${asMarkdown(words.evidence(failure.evidence))})${timesText(failure)}`,
            )
            .join('\n'),
        ]),
  ];
}

function timesText({ times = 1 }: Timeline['failures'][number]): string {
  return times === 1 ? '' : ` ×${times}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(asMarkdown).join(' | ')} |`;
  return [line(head), `|${' --- |'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

/** A delivery as JSON, with everything that is known of it. */
export function updateJson(delivery: Delivery): string {
  return `${JSON.stringify(delivery, undefined, 2)}\n`;
}
