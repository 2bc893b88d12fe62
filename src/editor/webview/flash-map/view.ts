import { fromPage } from '../common/messages.ts';
import { finite, flag, listOf, oneOf, optional, record, text, type ShapeOf } from '../common/shape.ts';

const term = record({ term: text, text });

const region = record({
  /** The same as long as the region is. */
  id: text,
  kind: oneOf('bootloader', 'partitionTable', 'app', 'data', 'other', 'free', 'reserved'),
  offset: finite,
  size: finite,
  name: text,
  /** Such as `app, ota_0`. */
  type: text,
  start: text,
  sizeText: text,
  /** Which part of it the image takes: 0 … 1. */
  fill: optional(finite),
  /** What lies in it. */
  content: text,
  isRunning: flag,
  badges: listOf(record({ kind: oneOf('running', 'next', 'warning', 'difference'), text })),
  /** All of it in one sentence, for a screen reader. */
  spoken: text,
  details: listOf(term),
  /** One for each column of the table. */
  cells: listOf(text),
});

/** All that the page shows, in words of the user's language. */
export const flashMapView = record({
  title: text,
  facts: text,
  summary: text,
  /** Instead of contents, when they are not known; with a button where they can be had. */
  notice: optional(record({ text, button: optional(text) })),
  endBytes: finite,
  regions: listOf(region),
  columns: listOf(text),
  legend: listOf(record({ kind: oneOf('running', 'app', 'data', 'system', 'other', 'free'), text })),
  otadata: optional(
    record({ title: text, entries: listOf(record({ name: text, text, isActive: flag })), explanation: text }),
  ),
  differences: optional(record({ title: text, items: listOf(text) })),
  texts: record({
    picture: text,
    table: text,
    details: text,
    /** Of a row that is drawn larger than to scale. */
    enlarged: text,
    scale: text,
  }),
});

export type FlashMapView = ShapeOf<typeof flashMapView>;
export type RegionView = FlashMapView['regions'][number];

export const flashMapMessage = fromPage('readSlots');
export type FlashMapAction = 'readSlots';
