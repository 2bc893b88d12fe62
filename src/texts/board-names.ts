import * as l10n from '@vscode/l10n';
import type { TroubleName } from '../ota/board-trouble.ts';
import { virtualNumberOf } from '../ota/virtual-port.ts';

/** `Virtual board`, `Virtual board 2` … */
export function virtualName(number: number): string {
  return number === 1 ? l10n.t('Virtual board') : l10n.t('Virtual board {0}', number);
}

/** How the virtual board behind an address is called within a sentence; undefined for any other address. */
export function virtualWithin(address: string): string | undefined {
  const number = virtualNumberOf(address);
  if (number === undefined) return undefined;
  return number === 1 ? l10n.t('the virtual board') : l10n.t('virtual board {0}', number);
}

/** How the virtual board behind an address is called behind a colon or by itself; undefined for any other address. */
export function virtualLabel(address: string): string | undefined {
  const number = virtualNumberOf(address);
  if (number === undefined) return undefined;
  return number === 1 ? l10n.t('virtual board') : l10n.t('virtual board {0}', number);
}

/** What a virtual board is made to do wrong. */
export function misbehaviourText(trouble: TroubleName): string {
  const texts: Record<TroubleName, () => string> = {
    none: () => l10n.t('behaves'),
    crash: () => l10n.t('crashes on the first boot of a new version'),
    neverConfirm: () => l10n.t('never confirms a new version'),
    failDiagnostics: () => l10n.t('finds a new version not working'),
    dropWifi: () => l10n.t('loses Wi-Fi in the next download'),
    powerCut: () => l10n.t('loses power in the next download'),
  };
  return texts[trouble]();
}
