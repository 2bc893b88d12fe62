import type { IdfVersion } from '../idf/idf-version.ts';
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
