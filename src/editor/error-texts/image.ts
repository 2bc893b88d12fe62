import { l10n } from 'vscode';
import type { ImageErrorCode } from '../../image/errors.ts';
import { says, type ErrorTexts } from './error-text.ts';
import { hexText } from '../text.ts';
import { csvProblemText } from './partition-csv.ts';

const at = hexText;

export const imageTexts: ErrorTexts<
  Exclude<
    ImageErrorCode,
    `partitionTable.${'noFileForChoice' | 'unknownBuiltIn' | 'csvMissing' | 'fileNameStale' | 'builtDiffers'}`
  >
> = {
  'image.truncated': (it) =>
    says(
      l10n.t(
        'The image ends early: {0} bytes are missing at {1}. Build again.',
        it.neededBytes - it.availableBytes,
        at(it.offsetBytes),
      ),
    ),
  'image.badMagic': (it) =>
    says(l10n.t('Not an ESP32 image: it begins with {0} instead of {1}.', at(it.found), at(it.expected))),
  'image.tooManySegments': (it) =>
    says(l10n.t('The image claims {0} segments; {1} is the most. It is damaged or no image.', it.count, it.maximum)),
  'image.badSegment': (it) =>
    says(
      l10n.t(
        'Segment {0} of the image has an impossible length of {1} bytes. It is damaged.',
        it.index,
        it.lengthBytes,
      ),
    ),
  'image.badCertificate': () => says(l10n.t('The text is not a certificate in PEM form.')),
  'partitionTable.truncated': (it) =>
    says(l10n.t('The partition table ends at {0} without its end marker.', at(it.offsetBytes))),
  'partitionTable.badMagic': (it) =>
    says(l10n.t('The partition table has something else than a row at {0}.', at(it.offsetBytes))),
  'partitionTable.md5Mismatch': (it) =>
    says(l10n.t('The partition table is damaged: its MD5 at {0} does not match.', at(it.offsetBytes))),
  'partitionTable.secondMd5': (it) =>
    says(l10n.t('The partition table has a second MD5 row at {0}.', at(it.offsetBytes))),
  'partitionTable.empty': () => says(l10n.t('The partition table is empty.')),
  'partitionTable.tooManyRows': (it) =>
    says(l10n.t('The partition table has {0} rows; {1} fit.', it.count, it.maximum)),
  'partitionTable.badValue': (it) =>
    says(l10n.t('Row {0} of the partition table: {1} does not fit the field {2}.', it.index + 1, it.value, it.field)),
  'partitionCsv.invalid': (it) =>
    says(l10n.t('Partition table, line {0}, column {1}: {2}', it.line, it.column, csvProblemText(it.problem, {}))),
  'otadata.truncated': () => says(l10n.t('The otadata partition is too small: it has to be 8 KB.')),
  'otadata.noSuchSlot': (it) =>
    says(l10n.t('There is no slot {0}: the table has {1} OTA slots.', it.slot, it.slotCount)),
};
