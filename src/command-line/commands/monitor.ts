import * as l10n from '@vscode/l10n';
import { duration, pattern } from '../board/duration.ts';
import { PORT_OPTIONS } from '../board/port-options.ts';
import { defineCommand } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { PROJECT_OPERAND } from '../open-project.ts';
import { choice, flag, number, text } from '../option.ts';

/** The console of a board. */
export const monitor = defineCommand({
  name: 'monitor',
  summary: () => l10n.t('the console of a board: crashes with their places in the source, keys, filter, log file'),
  describe: () =>
    l10n.t(
      'In a terminal the keys are those of the editor’s monitor: Ctrl+] quits, Ctrl+T opens the menu, Ctrl+T H lists it; all else, Ctrl+C too, goes to the board. Elsewhere the lines are printed until --for, --until, or a signal ends it.\nA board that is unplugged is waited for. A board that runs is not reset unless --reset is given.',
    ),
  operands: [
    {
      usage: PROJECT_OPERAND.usage,
      describe: () =>
        l10n.t(
          'folder of the project whose build runs, for crashes, the rate and flashing; by default the current folder, if it is one',
        ),
    },
  ],
  options: {
    ...PORT_OPTIONS,
    baud: number(() => l10n.t('rate of the console; by default that of the project, else 115200'), {
      min: 300,
      max: 4_000_000,
    }),
    reset: flag(() => l10n.t('reset the board when the port is open, so that its first line is seen')),
    'no-reset': flag(() => l10n.t('leave a board that runs running, which is the default')),
    filter: text(
      () => l10n.t('which lines are shown, as idf.py monitor --print-filter: tag:level …, *:level for all others'),
      {
        placeholder: 'FILTER',
      },
    ),
    timestamps: flag(() => l10n.t('the time of day before each line')),
    log: text(() => l10n.t('append every line to a file, filtered or not; {port} stands for the name of the port'), {
      placeholder: 'FILE',
    }),
    until: pattern(() => l10n.t('end with 0 when a line matches')),
    for: duration(() =>
      l10n.t('end after that time, such as 500ms, 10s, 2m or 1h: with 0, or with 1 when --until has not been seen'),
    ),
    'line-end': choice(() => l10n.t('what Enter sends'), ['cr', 'lf', 'crlf'], { otherwise: 'cr' }),
    url: text(() => l10n.t('firmware URL that Ctrl+T U sends'), { placeholder: 'URL' }),
  },
  examples: [
    { line: 'monitor', describe: () => l10n.t('of the only board that is plugged in') },
    {
      line: 'monitor --reset --until "Returned from app_main" --for 60s',
      describe: () => l10n.t('in a test: waits for a line, a minute at most'),
    },
    {
      line: 'monitor --filter "wifi:W *:I" --timestamps --log build/board.log',
      describe: () => l10n.t('less on the screen, all of it in a file'),
    },
    {
      line: 'monitor --json --for 10s',
      describe: () =>
        l10n.t('for a program, a line of JSON for each line: media/schemas/monitor.schema.json describes it'),
    },
  ],
  exitCodes: [
    { code: EXIT.ok, describe: () => l10n.t('the line of --until was seen, or there was none to wait for') },
    { code: EXIT.failed, describe: () => l10n.t('it ended before the line of --until was seen') },
    { code: EXIT.unavailable, describe: () => l10n.t('the port can’t be opened, or the log not written') },
  ],
  output: 'lines',
  run: async (context, options, operands) =>
    (await import('../board/monitor.ts')).runMonitor(context, options, operands),
});
