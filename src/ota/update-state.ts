import type { FaultId } from '../server/faults/profiles.ts';
import type { DownloadSample } from './download-samples.ts';

/** The steps of an update, in the order they are shown. */
export const STEP_IDS = [
  'published',
  'triggered',
  'started',
  'tls',
  'asked',
  'download',
  'verify',
  'slotSet',
  'reboot',
  'running',
  'confirmed',
] as const;

export type StepId = (typeof STEP_IDS)[number];

/** What proves a step: a line of the board's console, an event of the server, or what we did ourselves, in words for a log. */
export interface Evidence {
  readonly source: 'console' | 'server' | 'publish' | 'trigger';
  readonly text: string;
  /** Where the text is a sentence of ours and no line of a board or protocol: what it says, for words in the reader's language. */
  readonly says?: OwnWords;
}

/** What we say as a proof, with what goes into the words. */
export type OwnWords =
  | { readonly id: 'reset' }
  | { readonly id: 'typed'; readonly url: string }
  | { readonly id: 'noAnswer'; readonly request: string }
  | { readonly id: 'sent'; readonly sentBytes: number; readonly totalBytes: number }
  | { readonly id: 'published'; readonly release: string; readonly bytes: number; readonly sha256: string };

export interface Step {
  readonly id: StepId;
  readonly outcome: 'running' | 'done' | 'failed';
  readonly startedMs: number;
  readonly endedMs?: number;
  readonly evidence: Evidence;
}

export interface Download {
  /** Bytes of the image that the board has received, or that were handed to the network where it does not tell; from the image's start. */
  readonly sentBytes: number;
  readonly totalBytes: number;
  /** Over the whole download. */
  readonly bytesPerSecond: number;
  /** How many requests it took: more than one with ranges or after a resumption. */
  readonly requests: number;
  /** How it went on, from its first request to the newest progress; bounded, see `withSample`. */
  readonly samples?: readonly DownloadSample[];
}

/** What the update is about; known before it starts. */
export interface UpdateSubject {
  readonly board: string;
  readonly project: string;
  readonly version: string;
  readonly sha256: string;
  /** 64 hex digits; the board prints the first ones of it when the release runs. */
  readonly elfSha256: string;
  readonly totalBytes: number;
  readonly releaseId: string;
  /** What the board ran before, when that was seen. */
  readonly previousVersion?: string;
  /** The board tells how much it has received, and only that counts: what the server handed to the network may still be on its way. */
  readonly countsItself?: boolean;
  /** Nobody reads the board's console: what the server sees is all there is. */
  readonly isWithoutConsole?: boolean;
  /** The board can go back by itself when the new application does not confirm. */
  readonly isRollbackEnabled: boolean;
}

/** Which client of the server is taken for the board, and why: by its own connections, by the address that its console printed, by its MAC
 * address, or because no other board it could be is waiting for an update, which is a guess. */
export interface ClientLink {
  readonly address: string;
  readonly by: 'connection' | 'address' | 'mac' | 'onlyCandidate';
}

export interface Failure {
  readonly step: StepId;
  /** A stable id, such as `tls.unknownAuthority` or a failure id of the console's lines. */
  readonly cause: string;
  /** Of the first time. */
  readonly evidence: Evidence;
  /** How often it was seen, where that is more than once. */
  readonly times?: number;
  /** Address of the server's client that it happened to, where that is only perhaps the board: nobody else is waited for, but it never got the
   * release. Says nothing of the board until it does. */
  readonly stranger?: string;
}

/** One try at bringing one board to one release: what was seen of it so far. */
export interface Timeline {
  readonly subject: UpdateSubject;
  readonly startedMs: number;
  readonly steps: readonly Step[];
  readonly download?: Download;
  readonly downloadStartedMs?: number;
  readonly client?: ClientLink;
  /** Every failure in the order first seen, one for each cause in each step; the first is usually the cause, the later ones its echo. */
  readonly failures: readonly Failure[];
  /** Deliberate faults of the server that it met, in the order seen. */
  readonly faults?: readonly FaultId[];
  readonly runningVersion?: string;
  readonly runsRelease?: boolean;
  readonly verdict?: Verdict;
  readonly endedMs?: number;
}

/** How an update ended. `confirmed`: the release runs and said it works; `delivered`: it runs, nobody confirmed; `refused`: the board or
 * its application said no before anything was written; `unknown`: `missing` was never seen. */
export type Verdict =
  | { readonly outcome: 'confirmed' }
  | { readonly outcome: 'delivered'; readonly isRollbackEnabled: boolean }
  | { readonly outcome: 'refused' | 'failed' | 'rolledBack'; readonly failure: Failure }
  | { readonly outcome: 'unknown'; readonly missing: StepId }
  | { readonly outcome: 'cancelled'; readonly during: StepId };
