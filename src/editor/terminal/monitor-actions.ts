import { commands, l10n, window, type LogOutputChannel } from 'vscode';
import { isOtaError } from '../../base/ota-error.ts';
import type { ConsoleSession } from '../../monitor/console-session.ts';
import { logFilePath, openLogFile } from '../../monitor/log-file.ts';
import type { KeyAction } from '../../monitor/monitor-keys.ts';
import { parsePrintFilter } from '../../monitor/print-filter.ts';
import { commandId, type CommandName, type SettingTypes } from '../../texts/contributions.ts';
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
  };
}

/** What a key does. What goes wrong is said in the terminal, where the key was typed. */
export async function actOn(subject: MonitorSubject, action: KeyAction): Promise<void> {
  try {
    await act(subject, action);
  } catch (error) {
    tell(subject, error);
  }
}

async function act(subject: MonitorSubject, action: KeyAction): Promise<void> {
  const { session } = subject;
  switch (action.kind) {
    case 'send':
      return session.type(action.text);
    case 'exit':
      return subject.end();
    case 'help':
      session.notify({ kind: 'help' });
      return;
    case 'reset':
      return session.reset();
    case 'resetToLoader':
      return session.reset('loader');
    case 'togglePause':
      if (session.isPaused) session.continue();
      else session.pause();
      return;
    case 'toggleTimestamps': {
      const isOn = session.render.hasTimestamps !== true;
      session.configure({ hasTimestamps: isOn });
      session.notify({ kind: 'timestamps', isOn });
      return;
    }
    case 'toggleLog':
      return session.logPath === undefined ? startLog(subject) : session.logTo(undefined);
    case 'filter':
      return askFilter(subject);
    case 'clear':
      subject.clear();
      return;
    case 'sendLine': {
      const line = await window.showInputBox({ title: l10n.t('Send a line'), ignoreFocusOut: true });
      subject.show();
      return line === undefined ? undefined : session.sendLine(line);
    }
    case 'sendUrl':
      return run(subject, 'sendFirmwareUrl');
    case 'flashProject':
    case 'flashApp':
      return run(subject, action.kind);
  }
}

async function run({ session }: MonitorSubject, name: CommandName): Promise<void> {
  await commands.executeCommand(commandId(name), { payload: session.address });
}

function tell({ session, log }: MonitorSubject, error: unknown): void {
  if (isOtaError(error)) session.notify({ kind: 'failed', error });
  else reportError(error, log);
}

async function askFilter(subject: MonitorSubject): Promise<void> {
  const { session } = subject;
  const text = await window.showInputBox({
    title: l10n.t('Filter by tag and level'),
    prompt: l10n.t('tag:level …, *:level for all others; levels N E W I D V; empty shows everything'),
    placeHolder: 'wifi:W *:I',
    value: session.render.filter?.text ?? '',
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
  subject.show();
  if (text === undefined) return;
  const filter = parsePrintFilter(text);
  session.configure({ filter });
  session.notify({ kind: 'filter', filter: filter.text });
}

async function startLog(subject: MonitorSubject): Promise<void> {
  const { session } = subject;
  const options = subject.logOptions();
  const file = await openLogFile(logFilePath(options['monitor.logFile'], session.address, options.folder), {
    limitBytes: options['monitor.logFileMegabytes'] * 1024 * 1024,
    keptFiles: options['monitor.logFilesKept'],
    onFailed: (error) => {
      tell(subject, error);
      void session.logTo(undefined);
    },
  });
  await session.logTo(file);
}
