import type { OtaError } from '../base/ota-error.ts';

/** What a monitor has to say between the lines of the board. Its words are those of whoever shows it. */
export type MonitorNotice =
  | { readonly kind: 'opened' | 'resumed' | 'foundAgain'; readonly address: string; readonly baud: number }
  | { readonly kind: 'lost'; readonly address: string }
  /** The port is somebody else's for a while; `to` is what they do. */
  | { readonly kind: 'yielded'; readonly to: string }
  | { readonly kind: 'reset' | 'resetToLoader' }
  | { readonly kind: 'paused' | 'continued' }
  /** Of what came while the output was paused, the oldest part did not fit. */
  | { readonly kind: 'dropped'; readonly lines: number; readonly bytes: number }
  | { readonly kind: 'timestamps'; readonly isOn: boolean }
  | { readonly kind: 'filter'; readonly filter: string }
  | { readonly kind: 'logging'; readonly path: string }
  | { readonly kind: 'loggingEnded'; readonly path: string }
  | { readonly kind: 'sent'; readonly text: string }
  /** Line after line is no text: the rate is wrong, most often. */
  | { readonly kind: 'undecodable'; readonly baud: number }
  /** Ctrl+C went to the board, as every key does. */
  | { readonly kind: 'interruptSent' }
  | { readonly kind: 'help' }
  | { readonly kind: 'failed'; readonly error: OtaError };

/** The words for a notice, one or more lines separated by LF. */
export type NoticeWords = (notice: MonitorNotice) => string;
