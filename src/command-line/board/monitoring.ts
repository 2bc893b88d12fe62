import type { ConsoleSession } from '../../monitor/console-session.ts';
import type { CrashPlaces } from '../../monitor/crash-decoder.ts';
import type { CrashReport } from '../../monitor/crash-report.ts';
import type { LogFile } from '../../monitor/log-file.ts';
import type { CommandContext } from '../command.ts';

export interface MonitorOptions {
  readonly port: string | undefined;
  readonly 'reset-by': 'auto' | 'classic' | 'usb-jtag' | 'none';
  readonly baud: number | undefined;
  readonly reset: boolean;
  readonly 'no-reset': boolean;
  readonly filter: string | undefined;
  readonly timestamps: boolean;
  readonly log: string | undefined;
  readonly until: RegExp | undefined;
  readonly for: number | undefined;
  readonly 'line-end': 'cr' | 'lf' | 'crlf';
  readonly url: string | undefined;
}

/** Why a monitor ended: the line it waited for, its time, a key, or a signal. */
export type MonitorEnd = 'seen' | 'time' | 'quit' | 'interrupted';

/** A monitor and whoever shows it. */
export interface Monitoring {
  readonly context: CommandContext;
  readonly options: MonitorOptions;
  readonly session: ConsoleSession;
  /** The operand. */
  readonly folder: string | undefined;
  readonly places: (crash: CrashReport) => Promise<CrashPlaces | undefined>;
  readonly openLog: () => Promise<LogFile>;
  readonly end: (why: MonitorEnd) => void;
  /** Ends it with an error that was not to be expected. */
  readonly fail: (error: unknown) => void;
}
