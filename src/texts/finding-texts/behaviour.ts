import * as l10n from '@vscode/l10n';
import { bytesText } from '../text.ts';
import type { FindingTexts, IdsOf } from './finding-text.ts';

export const behaviourTexts: FindingTexts<IdsOf<'behaviour'>> = {
  'behaviour-never-confirms': ({ call }) =>
    l10n.t(
      'Rollback is on, but nothing calls {0}(): after an update the next reset brings the old version back, and no further update may start.',
      call,
    ),
  'behaviour-rollback-only-app': ({ option }) =>
    l10n.t(
      '{0} is on, but not in the bootloader that was built: an update changes the application only, so nothing would be rolled back.',
      option,
    ),
  'behaviour-rollback-only-bootloader': ({ option }) =>
    l10n.t('{0} is off, but still on in the bootloader that was built.', option),
  'behaviour-wifi-placeholder': ({ option, ssid }) =>
    l10n.t('{0} is still “{1}”: set name and password of your network in menuconfig.', option, ssid),
  'behaviour-short-timeout': ({ timeoutMs, imageBytes, least }) =>
    l10n.t(
      'The firmware waits {0} ms for data. For {1}, with pauses while flash is erased, {2} ms are the least.',
      timeoutMs,
      bytesText(imageBytes),
      least,
    ),
  'behaviour-partial-download': ({ option, idf }) =>
    l10n.t('Partial download is on, but ESP-IDF {1} needs {0} for it.', option, idf),
  'behaviour-log-level': ({ option, level, isBootloader }) => {
    const name = ['NONE', 'ERROR', 'WARN'][level] ?? String(level);
    return isBootloader
      ? l10n.t('{0} is {1}: the console does not say which slot boots.', option, name)
      : l10n.t('{0} is {1}: the console says nothing of an update, so its steps can’t be told.', option, name);
  },
};
