import * as l10n from '@vscode/l10n';

/** What otadata says of a slot, in words; empty for the state that firmware without rollback leaves. */
export function slotStateText(state: string): string {
  const texts: Record<string, string> = {
    new: l10n.t('new: boots once to try'),
    pendingVerify: l10n.t('on trial: rolled back at the next reset unless it confirms'),
    valid: l10n.t('valid'),
    invalid: l10n.t('invalid: rolled back by the application'),
    aborted: l10n.t('aborted: rolled back by the bootloader'),
    undefined: '',
  };
  return texts[state] ?? state;
}
