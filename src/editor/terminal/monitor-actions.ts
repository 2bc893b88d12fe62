import { commands, l10n, window, type LogOutputChannel } from 'vscode';
import { isOtaError } from '../../base/ota-error.ts';
import { actOnKey, type KeyHost } from '../../monitor/act-on-key.ts';
import type { ConsoleSession } from '../../monitor/console-session.ts';
import { logFilePath, openLogFile, type LogFile } from '../../monitor/log-file.ts';
import type { KeyAction } from '../../monitor/monitor-keys.ts';
import { parsePrintFilter } from '../../monitor/print-filter.ts';
import { commandId, type SettingTypes } from '../../texts/contributions.ts';
import { errorLine } from '../../texts/error-texts.ts';
import { reportError } from '../report-error.ts';

/** The monitor that a key was typed at. */
export interface MonitorSubject {
  readonly session: ConsoleSession;
  readonly log: LogOutputChannel;
  /** Gives the terminal the focus. */
  show(): void;
  clear(): void;
  end(): Promise<void>;
  logOptions(): Pick<SettingTypes, 'monitor.logFile' | 'monitor.logFileMegabytes' | 'monitor.logFilesKept'> & {
    /** What a relative path counts from. */
    readonly folder: string;
    /** Whether the path of the log comes from the user, and not from the folder that is open. */
    readonly isPathOfUser: boolean;
  };
}

/** What a key does. What goes wrong is said in the terminal, where the key was typed. */
export async function actOn(subject: MonitorSubject, action: KeyAction): Promise<void> {
  try {
    await actOnKey(subject.session, action, hostOf(subject));
  } catch (error) {
    tell(subject, error);
  }
}

function hostOf(subject: MonitorSubject): KeyHost {
  const { session } = subject;
  return {
    clear: () => {
      subject.clear();
    },
    end: () => subject.end(),
    ask: async (what, value) => {
      const text = await (what === 'line' ? askLine() : askFilter(value));
      subject.show();
      return text;
    },
    openLog: () => openLog(subject),
    run: async (name) => {
      await commands.executeCommand(commandId(name === 'sendUrl' ? 'sendFirmwareUrl' : name), {
        payload: session.address,
      });
    },
  };
}

function tell({ session, log }: MonitorSubject, error: unknown): void {
  if (isOtaError(error)) session.notify({ kind: 'failed', error });
  else reportError(error, log);
}

function askLine(): Thenable<string | undefined> {
  return window.showInputBox({ title: l10n.t('Send a line'), ignoreFocusOut: true });
}

function askFilter(value: string): Thenable<string | undefined> {
  return window.showInputBox({
    title: l10n.t('Filter by tag and level'),
    prompt: l10n.t('tag:level …, *:level for all others; levels N E W I D V; empty shows everything'),
    placeHolder: 'wifi:W *:I',
    value,
    ignoreFocusOut: true,
    validateInput: (typed) => {
      try {
        parsePrintFilter(typed);
        return undefined;
      } catch (error) {
        return isOtaError(error) ? errorLine(error) : String(error);
      }
    },
  });
}

function openLog(subject: MonitorSubject): Promise<LogFile> {
  const { session } = subject;
  const options = subject.logOptions();
  return openLogFile(logFilePath(options['monitor.logFile'], session.address, options.folder), {
    limitBytes: options['monitor.logFileMegabytes'] * 1024 * 1024,
    keptFiles: options['monitor.logFilesKept'],
    // the settings of a project may name a place in its folder, not a file of the user's
    within: options.isPathOfUser ? undefined : options.folder,
    onFailed: (error) => {
      tell(subject, error);
      void session.logTo(undefined);
    },
  });
}
