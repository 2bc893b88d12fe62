import type { IdfVersion } from '../idf/idf-version.ts';
import { withoutColours } from '../monitor/log-line.ts';
import { stageOf, type StageEvent } from '../monitor/stages.ts';
import type { TransferEvent } from '../server/transfer-events.ts';
import { fixesFor } from './causes.ts';
import type { Fix } from './finding.ts';

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

/** What else shows up when something is the cause. The server knows better than the board why a handshake failed, the board knows better
 * than the server why it went away. */
const ECHOES: Readonly<Record<string, readonly string[]>> = {
  'tls.unknownAuthority': ['certificateNotTrusted', 'tls.closed', 'tls.other', 'connectionLost'],
  'tls.certificateRefused': ['certificateNotTrusted', 'tls.closed', 'tls.other', 'connectionLost'],
  'tls.plainHttpOnTls': ['http.400', 'httpStatus', 'connectionLost', 'imageTooShort', 'notAnAppImage', 'serverSlow'],
  'tls.tlsOnPlainHttp': ['notTls', 'noSharedTls', 'connectionLost', 'tls.closed'],
  'tls.noSharedVersion': ['noSharedTls', 'connectionLost', 'tls.closed'],
  'tls.noSharedCipher': ['noSharedTls', 'connectionLost', 'tls.closed'],
  'client.publicAddress': ['connectionLost', 'serverUnreachable', 'tls.closed'],
  'client.tooManyConnections': ['connectionLost', 'serverUnreachable', 'tls.closed'],
  certificateUsage: ['tls.certificateRefused', 'tls.closed', 'tls.other'],
  certificateNotTrusted: ['tls.closed', 'tls.other'],
  embeddedCertificateUnusable: ['noServerVerification', 'certificateNotTrusted', 'tls.closed', 'tls.other'],
  noServerVerification: ['tls.closed'],
  handshakeTooSlow: ['tls.timeout', 'tls.closed', 'connectionLost'],
  deviceMemory: ['tls.closed', 'tls.timeout', 'tls.other', 'connectionLost'],
  notTls: ['tls.closed', 'tls.other'],
  noSharedTls: ['tls.closed', 'tls.other'],
  'http.401': ['authentication', 'httpStatus'],
  wifi: ['connectionLost', 'serverUnreachable', 'nameNotResolved', 'tls.closed', 'tls.timeout'],
  connectionLost: ['imageCorrupt', 'imageTooShort', 'tls.closed'],
  'download.aborted': ['imageCorrupt', 'imageTooShort'],
  crashed: ['rolledBack', 'tls.closed'],
  diagnosticsFailed: ['rolledBack'],
  power: ['crashed', 'rolledBack', 'watchdog'],
  watchdog: ['crashed', 'rolledBack'],
  partitionTable: ['nothingBootable'],
  flashSize: ['partitionTable', 'nothingBootable'],
  otadata: ['nothingBootable'],
  imageCorrupt: ['nothingBootable'],
  noOtaPartitions: ['otadata'],
  chipRevision: ['imageCorrupt', 'nothingBootable'],
  wrongChip: ['imageCorrupt', 'nothingBootable'],
  imageTooLarge: ['imageCorrupt'],
  signature: ['imageCorrupt'],
  notAnAppImage: ['imageCorrupt'],
};
/** What a board that has lost its link says of what it has got; only the server tells that the link was it. */
const OF_THE_LINK = new Set(['imageCorrupt', 'imageTooShort', 'earlier']);

/** Whether a cause accounts for another that was seen too. */
export function explains(cause: string, other: string): boolean {
  if (cause === other) return false;
  if (/^http\.\d+$/.test(cause) && other === 'httpStatus') return true;
  if (ECHOES[cause]?.includes(other) === true) return true;
  // the line only repeats that something failed
  if (other === 'earlier') return true;
  // a board that has a reason of its own to go away breaks off the download
  return other === 'download.aborted' && !OF_THE_LINK.has(cause);
}

/** One cause for all signs that belong together: which causes are left, in the order in which the first sign of each was seen. */
export function mainCauses(causes: readonly string[]): readonly string[] {
  const seen = [...new Set(causes)];
  return seen.filter(
    (one, index) => !seen.some((other, place) => explains(other, one) && !(explains(one, other) && place > index)),
  );
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
      (sign) => sign.cause === cause || (!main.includes(sign.cause) && firstFor(main, sign.cause) === cause),
    ),
    fixes: fixesFor(cause, seen.idfVersion),
  }));
}

/** The cause that a consequence is counted to: one that explains it, directly or over another. */
function firstFor(main: readonly string[], cause: string): string | undefined {
  const direct = main.find((one) => explains(one, cause));
  return direct ?? main.find((one) => (ECHOES[one] ?? []).some((between) => explains(between, cause)));
}

/** What a console line says that failed; undefined of any other line. */
export function lineSign(line: string): Sign | undefined {
  const event = stageOf(line);
  return event === undefined ? undefined : stageSign(event);
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
