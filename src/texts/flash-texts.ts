import * as l10n from '@vscode/l10n';
import type { FlashState } from '../flash/flash-state.ts';
import type { FlashPhase, FlashProgress } from '../flash/progress.ts';
import { bytesText, durationText, hexText, percentText, rateText } from './text.ts';

/** What goes on with the chip behind a port. */
export interface FlashActivity {
  readonly address: string;
  readonly progress: FlashProgress;
}

export function phaseName(phase: FlashPhase): string {
  const names: Record<FlashPhase, string> = {
    connecting: l10n.t('Connecting'),
    identifying: l10n.t('Identifying the chip'),
    stub: l10n.t('Starting the flasher stub'),
    baud: l10n.t('Raising the baud rate'),
    comparing: l10n.t('Comparing'),
    erasing: l10n.t('Erasing'),
    writing: l10n.t('Writing'),
    verifying: l10n.t('Verifying'),
    reading: l10n.t('Reading'),
    waiting: l10n.t('Waiting for your answer'),
    resetting: l10n.t('Resetting the board'),
  };
  return names[phase];
}

/** `Writing app 42% of 905 KB, 93 KB/s, 4 s left` */
export function activityText({ progress }: FlashActivity): string {
  const { phase, file, doneBytes = 0, totalBytes = 0, bytesPerSecond, leftMs } = progress;
  const what = [
    phaseName(phase),
    file,
    totalBytes > 0 ? l10n.t('{0} of {1}', percentText(doneBytes, totalBytes), bytesText(totalBytes)) : '',
  ]
    .filter(Boolean)
    .join(' ');
  return [
    what,
    bytesPerSecond === undefined ? '' : rateText(bytesPerSecond),
    leftMs === undefined ? '' : l10n.t('{0} left', durationText(leftMs)),
  ]
    .filter(Boolean)
    .join(', ');
}

/** What is in flash now, as far as it was observed. */
export function stateText(state: FlashState): string {
  switch (state.kind) {
    case 'untouched':
      return l10n.t('Nothing was written: the flash is as it was.');
    case 'partlyWritten': {
      const bytes = state.regions.reduce((sum, region) => sum + region.lengthBytes, 0);
      const from = state.regions[0]?.offset ?? 0;
      return l10n.t(
        'The flash is partly written ({0} from {1} on): flash again before you use the board.',
        bytesText(bytes),
        hexText(from),
      );
    }
    case 'notVerified':
      return l10n.t('Everything was written, but not read back: flash again to be sure.');
    case 'verified':
      return l10n.t('Everything is in flash and was read back.');
  }
}

/** Behind what was done with a board that has not started since. */
export function notRestartedText(): string {
  return l10n.t('The board was not restarted: press its reset button.');
}
