import * as l10n from '@vscode/l10n';
import { MENU_KEYS, type MonitorCommand } from '../monitor/monitor-keys.ts';
import type { MonitorNotice } from '../monitor/notices.ts';
import { errorLine } from './error-texts.ts';
import { virtualWithin } from './board-names.ts';
import { holderText } from './holder-texts.ts';
import { bytesText } from './text.ts';

/** What a monitor says between the lines of the board, for people. */
export function noticeWords(notice: MonitorNotice): string {
  switch (notice.kind) {
    case 'opened':
      return [
        l10n.t('Monitor of {0}, {1} baud', portName(notice.address), notice.baud),
        l10n.t('Quit: Ctrl+] | Menu: Ctrl+T | Help: Ctrl+T H'),
      ].join('\n');
    case 'resumed':
      return l10n.t('The monitor has {0} again.', portName(notice.address));
    case 'foundAgain':
      return l10n.t('Connected to {0} again. It was not reset.', portName(notice.address));
    case 'lost':
      return l10n.t('Lost {0}. Waiting for it to come back.', portName(notice.address));
    case 'yielded':
      return notice.to === ''
        ? l10n.t('The port is used for something else.')
        : l10n.t('The port is used for something else: {0}.', holderText(notice.to));
    case 'reset':
      return l10n.t('Reset');
    case 'resetToLoader':
      return l10n.t('Reset into the loader. Ctrl+T R starts the application.');
    case 'paused':
      return l10n.t('Paused. Ctrl+T Y goes on.');
    case 'continued':
      return l10n.t('What came meanwhile:');
    case 'dropped':
      return l10n.t(
        'What came meanwhile, without the oldest {0} lines ({1}). The log file has them if it was on.',
        notice.lines,
        bytesText(notice.bytes),
      );
    case 'timestamps':
      return notice.isOn ? l10n.t('Timestamps on') : l10n.t('Timestamps off');
    case 'filter':
      return notice.filter === '' ? l10n.t('Every line is shown.') : l10n.t('Filter: {0}', notice.filter);
    case 'logging':
      return l10n.t('Log: {0}', notice.path);
    case 'loggingEnded':
      return l10n.t('End of the log: {0}', notice.path);
    case 'sent':
      return l10n.t('Sent: {0}', notice.text);
    case 'interruptSent':
      return l10n.t('Ctrl+C went to the board. Ctrl+] quits.');
    case 'undecodable':
      return l10n.t(
        'This is no text: {0} baud is probably not the rate of the console (setting esp32Ota.monitor.baud).',
        notice.baud,
      );
    case 'failed':
      return errorLine(notice.error);
    case 'help':
      return helpText();
  }
}

function portName(address: string): string {
  return virtualWithin(address) ?? address;
}

function helpText(): string {
  const texts: Record<MonitorCommand, string> = {
    help: l10n.t('this help'),
    reset: l10n.t('reset the board'),
    resetToLoader: l10n.t('reset the board into its loader'),
    flashProject: l10n.t('flash the project'),
    flashApp: l10n.t('flash the application only'),
    togglePause: l10n.t('pause the output, and go on'),
    toggleLog: l10n.t('log to a file, and stop'),
    toggleTimestamps: l10n.t('timestamps on and off'),
    filter: l10n.t('filter by tag and level'),
    clear: l10n.t('clear the terminal'),
    sendLine: l10n.t('send a line'),
    sendUrl: l10n.t('send the firmware URL'),
    exit: l10n.t('quit (also Ctrl+])'),
  };
  return [
    l10n.t('Ctrl+T, then one of these keys. Ctrl+T and Ctrl+] behind Ctrl+T are for the board.'),
    ...MENU_KEYS.filter(({ command }) => command !== 'help').map(({ key, command }) => `  ${key}  ${texts[command]}`),
  ].join('\n');
}
