/** What a console line proves.
 *
 * - before the application: `rom`, `reset`, `downloadMode`, `romLoad`, `bootloader`, `bootInfo`, `partitionTable`, `partition`,
 *   `partitionTableEnd`, `bootChoice`, `segment`, `loadedApp`, `otadataWritten`, `handover`
 * - the application: `appInfo`, `appStarted`, `exampleStarted`, `digest`, `wifi`, `wifiProblem`, `gotIp`, `slots`
 * - an update: `otaStarted`, `connected`, `headersReceived`, `imageDescription`, `writing`, `written`, `verifying`, `succeeded`,
 *   `diagnostics`, `confirmed`, `rollingBack`, `rolledBack` (of the follower: the old slot runs again), `notice`, `failed`
 * - its end: `rebooting`, `crashed`, `crashDetail`, `crashEnded` (of the follower: the whole block is there)
 */
export type Stage =
  | 'rom'
  | 'reset'
  | 'downloadMode'
  | 'romLoad'
  | 'bootloader'
  | 'bootInfo'
  | 'partitionTable'
  | 'partition'
  | 'partitionTableEnd'
  | 'bootChoice'
  | 'segment'
  | 'loadedApp'
  | 'otadataWritten'
  | 'handover'
  | 'appInfo'
  | 'appStarted'
  | 'exampleStarted'
  | 'digest'
  | 'wifi'
  | 'wifiProblem'
  | 'gotIp'
  | 'slots'
  | 'otaStarted'
  | 'connected'
  | 'headersReceived'
  | 'imageDescription'
  | 'writing'
  | 'written'
  | 'verifying'
  | 'succeeded'
  | 'diagnostics'
  | 'confirmed'
  | 'rollingBack'
  | 'rolledBack'
  | 'notice'
  | 'failed'
  | 'rebooting'
  | 'crashed'
  | 'crashDetail'
  | 'crashEnded';

/** What is wrong, as far as one line can tell. Several failures share a cause. */
export type CauseId =
  | 'nameNotResolved'
  | 'serverUnreachable'
  | 'handshakeTooSlow'
  | 'certificateNotTrusted'
  | 'certificateUsage'
  | 'noSharedTls'
  | 'notTls'
  | 'connectionLost'
  | 'deviceMemory'
  | 'embeddedCertificateUnusable'
  | 'noServerVerification'
  | 'httpStatus'
  | 'authentication'
  | 'redirect'
  | 'serverSlow'
  | 'imageTooShort'
  | 'notAnAppImage'
  | 'wrongChip'
  | 'chipRevision'
  | 'spiMode'
  | 'sameVersion'
  | 'versionRolledBackBefore'
  | 'secureVersion'
  | 'appNotConfirmed'
  | 'noOtaPartitions'
  | 'imageTooLarge'
  | 'flashFailure'
  | 'partitionReadOnly'
  | 'imageCorrupt'
  | 'signature'
  | 'urlFromStdin'
  | 'partitionTable'
  | 'nothingBootable'
  | 'otadata'
  | 'flashSize'
  | 'noBootloader'
  | 'wifi'
  | 'power'
  | 'watchdog'
  /** The line only says that something failed; the cause stands in a line before it. */
  | 'earlier';

/** One row of a table of texts. */
export interface StageRule {
  /** Stable and unique, `room.what`. */
  readonly id: string;
  readonly stage: Stage;
  /** Which lines can match: those with a log prefix (the default), those without, or both. */
  readonly form?: 'log' | 'plain' | 'any';
  /** The tag that the line must have; `*` at the end stands for anything. Any tag when there is none: examples log under names of their own. */
  readonly tags?: readonly string[];
  /** How the message begins, at least 4 characters; empty only in a row with tags. */
  readonly starts: string;
  /** What the message must go on with; named groups become values. */
  readonly then?: RegExp;
  /** Values that the row itself tells. */
  readonly values?: Readonly<Record<string, string>>;
  /** What the same line proves while an application runs. */
  readonly stageInApp?: Stage;
  /** Stable name of what failed. */
  readonly failure?: string;
  readonly cause?: CauseId;
  /** First and last version of ESP-IDF whose text this is, where it was not always so. */
  readonly since?: string;
  readonly until?: string;
}

export interface StageEvent {
  readonly stage: Stage;
  /** The line as it came, colours and all. */
  readonly line: string;
  /** What was captured; a failure's name and cause are in `failure` and `cause`. */
  readonly values: Readonly<Record<string, string>>;
  /** Id of the row that matched; the follower's own events have none. */
  readonly rule?: string;
}
