import type { IdfVersion } from '../idf/idf-version.ts';
import { withoutColours } from '../monitor/log-line.ts';
import { stageOf, type StageEvent } from '../monitor/stages.ts';
import type { TransferEvent } from '../server/transfer-events.ts';
import { fixesFor } from './causes.ts';
import type { Fix } from './finding.ts';
import { accountingFor, mainCauses } from './main-cause.ts';

/** One sign of something that failed, as it was seen. */
export interface Sign {
  readonly source: 'console' | 'server';
  /** Id of a cause, as far as this sign alone tells. */
  readonly cause: string;
  /** The console's line without colours, or the server's event in words. */
  readonly text: string;
  /** What the line told besides, such as `code` or `found`. */
  readonly values?: Readonly<Record<string, string>>;
}

/** Why something failed: one cause with every sign of it. */
export interface Diagnosis {
  readonly cause: string;
  /** In the order seen. */
  readonly evidence: readonly Sign[];
  /** The best first; empty where nothing can be done by a click. */
  readonly fixes: readonly Fix[];
}

/** What went wrong, as few causes as account for everything that was seen. Nothing for nothing.
 * @param idfVersion of the firmware that runs: options are called differently in others */
export function diagnose(seen: {
  readonly failures: readonly Sign[];
  readonly transfers?: readonly TransferEvent[];
  readonly idfVersion?: IdfVersion | undefined;
}): readonly Diagnosis[] {
  const signs = [...seen.failures, ...(seen.transfers ?? []).flatMap(transferSign)];
  const main = mainCauses(signs.map(({ cause }) => cause));
  return main.map((cause) => ({
    cause,
    evidence: signs.filter(
      (sign) => sign.cause === cause || (!main.includes(sign.cause) && accountingFor(main, sign.cause) === cause),
    ),
    fixes: fixesFor(cause, seen.idfVersion),
  }));
}

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

/** What the server saw that failed. */
function transferSign(event: TransferEvent): readonly Sign[] {
  switch (event.kind) {
    case 'tlsFailed':
      return [{ source: 'server', cause: `tls.${event.cause}`, text: event.detail }];
    case 'refused':
      return [{ source: 'server', cause: `client.${event.reason}`, text: event.client.address }];
    case 'requested':
      return event.status < 400
        ? []
        : [
            {
              source: 'server',
              cause: `http.${event.status}`,
              text: `${event.method} ${event.path} → ${event.status}`,
            },
          ];
    case 'ended':
      return event.outcome !== 'aborted'
        ? []
        : [
            {
              source: 'server',
              cause: 'download.aborted',
              text: `${event.sentBytes} of ${event.totalBytes ?? '?'} bytes sent`,
            },
          ];
    default:
      return [];
  }
}
