import * as l10n from '@vscode/l10n';
import type { CrashWords } from '../monitor/crash-decoder.ts';

/** What stands below a backtrace, between names and places. */
export function crashWords(): CrashWords {
  return {
    guess: l10n.t('guess'),
    unknown: l10n.t('not in the ELF file'),
    inlinedBy: l10n.t('inlined by'),
    otherFile: (printed, built) =>
      l10n.t(
        'The firmware that runs is not the one in the build folder (ELF file SHA256 {0}, built {1}): places in the source may be wrong.',
        printed,
        built,
      ),
  };
}
