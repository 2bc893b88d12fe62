import * as l10n from '@vscode/l10n';
import { OWN_HOLDERS, type OwnHolder } from '../serial/holders.ts';

/** Who has a port, for people. A title of what goes on, or the name that another extension gave, is one already. */
export function holderText(holder: string): string {
  const words: Record<OwnHolder, string> = {
    monitor: l10n.t('its monitor'),
    flash: l10n.t('flashing'),
    slots: l10n.t('work with its slots'),
  };
  const own = OWN_HOLDERS.find((one) => one === holder);
  return own === undefined ? holder : words[own];
}
