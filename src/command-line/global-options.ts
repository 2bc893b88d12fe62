import * as l10n from '@vscode/l10n';
import { choice, flag, text } from './option.ts';

/** Options that every command has; they may stand before its name too. */
export const GLOBAL_OPTIONS = {
  json: flag(() => l10n.t('print JSON on stdout and nothing else')),
  lang: choice(
    () => l10n.t('language of the words; by default that of ESP32_OTA_LANG, LC_ALL, LC_MESSAGES or LANG'),
    ['en', 'zh-cn'],
  ),
  'no-color': flag(() => l10n.t('no colours; so does NO_COLOR')),
  'data-dir': text(() => l10n.t('folder for the authority, its key and the port locks, instead of the user’s own'), {
    placeholder: 'DIR',
  }),
  verbose: flag(() => l10n.t('say on stderr what is done'), { short: 'v' }),
  version: flag(() => l10n.t('print the version')),
  help: flag(() => l10n.t('print this help'), { short: 'h' }),
};
