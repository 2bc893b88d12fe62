import * as l10n from '@vscode/l10n';
import { bytesText, percentText } from '../text.ts';
import { csvProblemText } from '../error-texts/partition-csv.ts';
import type { Coded } from '../../doctor/finding-ids.ts';
import type { FindingTexts, IdsOf } from './finding-text.ts';

/** What ESP-IDF's generator says of a row, as a sentence of its own. */
function rowText(it: Coded): string {
  const text = csvProblemText(it.code, it);
  return l10n.t('Partition table: {0}.', text);
}

export const layoutTexts: FindingTexts<IdsOf<'layout'>> = {
  'layout-table-missing': ({ reason, file }) => {
    if (reason === 'csvMissing') return l10n.t('The partition table {0} does not exist, so the build stops.', file);
    if (reason === 'noFile')
      return l10n.t('ESP-IDF has no partition table for this choice together with core dumps to flash.');
    return l10n.t('{0} is not a partition table known to this version of the extension.', file);
  },
  'layout-no-ota-slots': ({ table }) =>
    l10n.t('{0} has no OTA slots, so there is nowhere to write an update to.', table === '' ? '?' : table),
  'layout-no-otadata': () =>
    l10n.t(
      'The partition table has OTA slots but no otadata partition, so the board can’t remember which one to boot.',
    ),
  'layout-one-slot': ({ slot, hasFactory }) =>
    hasFactory
      ? l10n.t('{0} is the only OTA slot: the first update works, the second one can’t replace what is running.', slot)
      : l10n.t('{0} is the only OTA slot, and firmware can’t replace itself while it is running.', slot),
  'layout-app-too-large': ({ slot, slotBytes, appBytes, tooSmall, slots }) =>
    tooSmall === slots
      ? l10n.t(
          'The application ({0}) does not fit into its OTA slots: {1} has {2}.',
          bytesText(appBytes),
          slot,
          bytesText(slotBytes),
        )
      : l10n.t(
          'The application ({0}) does not fit into every OTA slot: {1} has {2}. ESP-IDF’s build only warns about this.',
          bytesText(appBytes),
          slot,
          bytesText(slotBytes),
        ),
  'layout-app-nearly-full': ({ slot, slotBytes, appBytes }) =>
    l10n.t(
      'The application fills {0} of {1}: {2} are left for future versions.',
      percentText(appBytes, slotBytes),
      slot,
      bytesText(slotBytes - appBytes),
    ),
  'layout-exceeds-flash': ({ label, endBytes, flashBytes }) =>
    l10n.t(
      '{0} ends at {1}, but the configured flash size is {2}.',
      label === '' ? l10n.t('The partition table') : label,
      bytesText(endBytes),
      bytesText(flashBytes),
    ),
  'layout-overlap': rowText,
  'layout-alignment': rowText,
  'layout-names': rowText,
  'layout-otadata-size': rowText,
  'layout-row': rowText,
  'layout-flash-size-image': ({ imageBytes, configuredBytes, file }) =>
    l10n.t(
      'The configuration says {0} of flash, but {1} was built for {2}.',
      bytesText(configuredBytes),
      file,
      bytesText(imageBytes),
    ),
  'layout-flash-size-board': ({ boardBytes, configuredBytes }) =>
    boardBytes < configuredBytes
      ? l10n.t(
          'The configuration says {0} of flash, but the board has only {1}.',
          bytesText(configuredBytes),
          bytesText(boardBytes),
        )
      : l10n.t(
          'The board has {0} of flash, of which the configuration uses {1}.',
          bytesText(boardBytes),
          bytesText(configuredBytes),
        ),
  'layout-board-table': ({ slots, smallestBytes }) =>
    slots === 0
      ? l10n.t('The board still has a partition table without OTA slots; an update over the air does not change it.')
      : l10n.t(
          'The board has another partition table ({0} OTA slots, the smallest {1}); an update over the air does not change it.',
          slots,
          bytesText(smallestBytes),
        ),
};
