import { withoutColours } from '../monitor/log-line.ts';
import { stageOf, type StageEvent } from '../monitor/stages.ts';
import type { Sign } from './diagnosis.ts';

/** What a console line says that failed; undefined of any other line. */
export function lineSign(line: string): Sign | undefined {
  const event = stageOf(line);
  return event === undefined ? undefined : stageSign(event);
}

/** A time that a monitor put in front of a line: of the day, or with its date. */
const TIMESTAMP = /^\[?(?:\d{4}-\d\d-\d\d[T ])?\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?\]?[ \t]+/;
/** Lines of a console are cut there by nobody, files can have any. */
const MOST_CHARACTERS = 2000;

/** A line of a log file as the console printed it: without the monitor's time, and no longer than a line of a console can reasonably be. */
export function printedLine(text: string): string {
  return text.slice(0, MOST_CHARACTERS).replace(TIMESTAMP, '');
}

/** As {@link lineSign}, of a line that was read already. */
export function stageSign({ stage, values, line }: StageEvent): Sign | undefined {
  const { cause, failure: _failure, ...rest } = values;
  const text = withoutColours(line).trim();
  if (stage === 'crashed') return { source: 'console', cause: cause ?? 'crashed', text, values: rest };
  if (stage === 'rolledBack') return { source: 'console', cause: 'rolledBack', text };
  if (stage === 'rollingBack') return { source: 'console', cause: 'diagnosticsFailed', text };
  if (stage !== 'failed' || cause === undefined) return undefined;
  return { source: 'console', cause, text, values: rest };
}
