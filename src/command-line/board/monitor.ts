import * as l10n from '@vscode/l10n';
import { DisposableStore } from '../../base/disposable.ts';
import { isOtaError } from '../../base/ota-error.ts';
import { appSymbols } from '../../idf/app-elf.ts';
import { consoleBaud } from '../../idf/console-baud.ts';
import { ConsoleSession } from '../../monitor/console-session.ts';
import { CrashDecoder } from '../../monitor/crash-decoder.ts';
import { logFilePath, openLogFile, type LogFile } from '../../monitor/log-file.ts';
import type { MonitorNotice } from '../../monitor/notices.ts';
import { plainLine } from '../../monitor/plain-line.ts';
import { parsePrintFilter } from '../../monitor/print-filter.ts';
import { openPort } from '../../serial/open-port.ts';
import { listPorts } from '../../serial/ports.ts';
import { crashWords } from '../../texts/crash-words.ts';
import { noticeWords } from '../../texts/notice-words.ts';
import type { CommandContext, CommandResult } from '../command.ts';
import { conflict, needsOther } from '../conflict.ts';
import { EXIT } from '../exit-codes.ts';
import { shownPath } from '../open-project.ts';
import { UsageError } from '../usage-error.ts';
import { showAsJson, showPlain } from './monitor-output.ts';
import { showInTerminal } from './monitor-terminal.ts';
import type { Monitoring, MonitorEnd, MonitorOptions } from './monitoring.ts';
import { optionalProject } from './optional-project.ts';
import { portOf, resetOf } from './port-options.ts';

/** Where a log goes that was not named. */
const LOG_FILE = 'esp32-ota-{port}.log';

/** Runs `monitor`.
 * @throws {OtaError} `serial.*`, `monitor.badFilter`, `file.unwritable`, `project.notIdf`
 * @throws {UsageError} `usage.conflict`, `usage.needsOther`, `usage.needsTerminal` */
export async function runMonitor(
  context: CommandContext,
  options: MonitorOptions,
  [folder]: readonly string[],
): Promise<CommandResult> {
  const isInteractive = !context.isJson && context.stdin.isTTY === true && context.stdout.isTTY === true;
  checkOptions(context, options, isInteractive);
  const filter = parsePrintFilter(options.filter ?? '');
  const project = await optionalProject(context, folder);
  const address = await portOf(context, options.port);
  const { signal, makers, log, clock, files } = context;
  const decoder = new CrashDecoder({ files, words: crashWords, logger: log });
  const symbols = appSymbols(project);
  const store = new DisposableStore();
  const session: ConsoleSession = new ConsoleSession({
    address,
    leases: await makers.portLeases(),
    open: (at, stop) => openPort(at, { signal: stop, baud: options.baud ?? consoleBaud(project?.description) }),
    list: () => listPorts(),
    words: (notice) => wordsOf(notice, context.cwd, isInteractive),
    render: { hasTimestamps: options.timestamps, filter },
    lineEnd: ({ cr: '\r', lf: '\n', crlf: '\r\n' } as const)[options['line-end']],
    reset: resetOf(options['reset-by']),
    decode: (crash, what) => decoder.lines(symbols, crash, session.view, what),
  });
  const ending: { why?: MonitorEnd } = {};
  let wake = (): void => undefined;
  let fail = (_error: unknown): void => undefined;
  const ended = new Promise<void>((resolve, reject) => {
    wake = resolve;
    fail = reject;
  });
  // it is waited for only when the port is open
  ended.catch(() => undefined);
  const end = (why: MonitorEnd): void => {
    ending.why ??= why;
    wake();
    // whoever waits for a port that does not come up waits no more
    if (session.state === 'opening') void session.close();
  };
  const found: { line?: string } = {};
  store.add(
    session.onLine((line) => {
      const text = plainLine(line);
      if (found.line !== undefined || options.until?.test(text) !== true) return;
      found.line = text;
      end('seen');
    }),
  );
  const monitoring: Monitoring = {
    context,
    options,
    session,
    folder,
    places: (crash) => decoder.places(symbols, crash, session.view),
    openLog: () => openLog(context, options, session),
    end,
    fail: (error) => {
      fail(error);
    },
  };
  const show = isInteractive ? showInTerminal : context.isJson ? showAsJson : showPlain;
  const onAbort = (): void => {
    end('interrupted');
  };
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  const shown = show(monitoring);
  try {
    if (options.log !== undefined) await session.logTo(await monitoring.openLog());
    if (ending.why === undefined) await session.open();
    if (options.for !== undefined)
      store.add(
        clock.after(options.for, () => {
          end('time');
        }),
      );
    if (options.reset) await session.reset();
    await ended;
    return result(options, ending.why ?? 'quit', found.line);
  } catch (error) {
    // ended while the port was being opened
    if (ending.why === undefined || !isOtaError(error, 'cancelled')) throw error;
    return result(options, ending.why, found.line);
  } finally {
    signal.removeEventListener('abort', onAbort);
    store.dispose();
    await session.close();
    await shown.end();
    session.dispose();
  }
}

/** What nothing would come of: keys, and how they reset, where nobody types.
 * @throws {UsageError} `usage.conflict`, `usage.needsOther`, `usage.needsTerminal` */
function checkOptions({ given, isJson }: CommandContext, options: MonitorOptions, isInteractive: boolean): void {
  if (options.reset && options['no-reset']) throw conflict(['--reset', '--no-reset']);
  if (isJson && options.timestamps) throw conflict(['--json', '--timestamps']);
  if (isInteractive) return;
  const [typed] = ['url', 'line-end'].filter((name) => given.has(name));
  if (typed !== undefined)
    throw new UsageError(
      'usage.needsTerminal',
      l10n.t('{0} is for what is typed: it needs a terminal.', `--${typed}`),
      {
        option: typed,
      },
    );
  if (given.has('reset-by') && !options.reset) throw needsOther(['reset-by'], '--reset');
}

function result({ until }: MonitorOptions, reason: MonitorEnd, seen: string | undefined): CommandResult {
  return {
    exitCode: until !== undefined && reason !== 'seen' ? EXIT.failed : EXIT.ok,
    data: { reason, ...(seen === undefined ? {} : { seen }) },
  };
}

function openLog({ cwd, note }: CommandContext, { log }: MonitorOptions, session: ConsoleSession): Promise<LogFile> {
  return openLogFile(logFilePath(log ?? LOG_FILE, session.address, cwd), {
    onFailed: (error) => {
      note(noticeWords({ kind: 'failed', error }));
      void session.logTo(undefined);
    },
  });
}

/** The editor's words, but for what is different here. */
function wordsOf(notice: MonitorNotice, cwd: string, isInteractive: boolean): string {
  if (notice.kind === 'opened' && !isInteractive)
    return l10n.t('Monitor of {0}, {1} baud', notice.address, notice.baud);
  if (notice.kind === 'undecodable')
    return l10n.t('This is no text: {0} baud is probably not the rate of the console (--baud).', notice.baud);
  if (notice.kind === 'logging' || notice.kind === 'loggingEnded')
    return noticeWords({ ...notice, path: shownPath(cwd, notice.path) });
  return noticeWords(notice);
}
