import { fromPage } from '../common/messages.ts';
import { finite, listOf, oneOf, optional, record, text, type ShapeOf } from '../common/shape.ts';

const tone = oneOf('good', 'warning', 'bad', 'going', 'neutral');

/** A place on an axis: 0 its beginning, 1 its end. */
const place = finite;
const tick = record({ at: place, text });

const step = record({
  id: text,
  name: text,
  tone,
  /** What went by before it: from where the step before it ended. */
  from: place,
  start: place,
  end: place,
  /** Since the beginning, such as `+0.42 s`. */
  since: text,
  took: text,
  /** In a word: done, failed. */
  result: text,
  /** The line or event that proves it. */
  proof: text,
});

/** All that the page shows, in words of the user's language. */
export const timelineView = record({
  title: text,
  facts: text,
  verdict: record({ tone, text, detail: text, button: optional(text) }),
  /** What went wrong on the way, in the order seen. */
  failures: optional(record({ title: text, items: listOf(record({ text, proof: text })) })),
  ticks: listOf(tick),
  steps: listOf(step),
  curve: optional(
    record({
      title: text,
      summary: text,
      spoken: text,
      points: listOf(record({ x: place, y: place })),
      xTicks: listOf(tick),
      yTicks: listOf(tick),
      stalls: listOf(record({ from: place, to: place, text })),
    }),
  ),
  columns: listOf(text),
  texts: record({ picture: text, spoken: text, scale: text, table: text }),
});

export type TimelineView = ShapeOf<typeof timelineView>;
export type StepView = TimelineView['steps'][number];
export type CurveView = NonNullable<TimelineView['curve']>;

export const timelineMessage = fromPage('fix');
export type TimelineAction = 'fix';
