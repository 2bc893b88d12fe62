import * as l10n from '@vscode/l10n';
import type { OtaErrorCode } from '../../base/ota-error.ts';
import { says, type ErrorTexts } from './error-text.ts';

type Code = Extract<OtaErrorCode, `monitor.${string}`>;

export const monitorTexts: ErrorTexts<Code> = {
  'monitor.badFilter': (it) =>
    says(
      it.problem === 'noTag'
        ? l10n.t('“{0}” in the filter has no tag before the colon.', it.item)
        : l10n.t('“{0}” in the filter ends with no level: use N, E, W, I, D or V.', it.item),
    ),
  'monitor.notConnected': (it) => says(l10n.t('{0} is not connected.', it.address)),
};
