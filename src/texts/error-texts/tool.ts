import * as l10n from '@vscode/l10n';
import { says, type ErrorTexts, type WayOut } from './error-text.ts';

type Code =
  | 'tool.badInput'
  | 'tool.noPort'
  | 'tool.changed'
  | 'tool.slotsNotRead'
  | 'tool.noConsole'
  | 'tool.noDelivery'
  | 'api.unknownVersion'
  | 'api.badOption'
  | 'api.ended';

const SELECT_PORT = (): WayOut => ({ kind: 'command', title: l10n.t('Select Port…'), command: 'selectPort' });

/** What language models and other extensions are told, and through them the user. */
export const toolTexts: ErrorTexts<Code> = {
  'tool.badInput': (it) =>
    says(
      it.field === ''
        ? l10n.t('The input has to be {0}.', it.allowed)
        : l10n.t('The field {0} of the input has to be: {1}.', it.field, it.allowed),
    ),
  'tool.changed': () => says(l10n.t('What was agreed to has changed since: nothing was done. Ask again.')),
  'tool.noPort': (it) =>
    says(
      it.known === ''
        ? l10n.t('No port is selected, and no board is known.')
        : l10n.t('No port is selected. Name one of these: {0}.', it.known),
      SELECT_PORT(),
      { kind: 'command', title: l10n.t('Attach Virtual Board'), command: 'attachVirtualBoard' },
    ),
  'tool.slotsNotRead': (it) =>
    says(l10n.t('The slots of {0} are not known, or have changed since. Reading them restarts the board.', it.port), {
      kind: 'command',
      title: l10n.t('Read Slots'),
      command: 'readSlots',
    }),
  'tool.noConsole': (it) =>
    says(
      it.known === ''
        ? l10n.t('Nothing was read from the console of {0} in this window.', it.port)
        : l10n.t('Nothing was read from the console of {0} in this window, but from: {1}.', it.port, it.known),
      { kind: 'command', title: l10n.t('Open Monitor'), command: 'openMonitor' },
    ),
  'tool.noDelivery': (it) =>
    says(
      it.id === ''
        ? l10n.t('This project has not been updated or rehearsed yet.')
        : l10n.t('No update {0} is in the history of this project.', it.id),
      { kind: 'command', title: l10n.t('Rehearse Update'), command: 'rehearseUpdate' },
    ),
  'api.unknownVersion': (it) => says(l10n.t('This version of ESP32 OTA has no API {0}.', it.version)),
  'api.badOption': (it) => says(l10n.t('Another extension gave a wrong {0}: it has to be {1}.', it.option, it.allowed)),
  'api.ended': () => says(l10n.t('ESP32 OTA was deactivated.')),
};
