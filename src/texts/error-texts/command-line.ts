import * as l10n from '@vscode/l10n';
import type { OtaErrorCode } from '../../base/ota-error.ts';
import { says, type ErrorTexts } from './error-text.ts';

type Code = Extract<OtaErrorCode, `commandLine.${string}`>;

export const commandLineTexts: ErrorTexts<Code> = {
  'commandLine.notAgreed': (it) =>
    it.canAsk
      ? says(l10n.t('Nothing was changed.'))
      : says(l10n.t('Nothing was changed: there is no terminal to ask in. Agree to it with --yes.')),
};
