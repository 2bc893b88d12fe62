import * as l10n from '@vscode/l10n';
import type { ImageErrorCode } from '../../image/errors.ts';
import { says, type ErrorTexts } from './error-text.ts';
import { bytesText, hexText } from '../text.ts';
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
        'The image ends early: {0} are missing at {1}. Build again.',
        bytesText(it.neededBytes - it.availableBytes),
        at(it.offsetBytes),
      ),
    ),
  'image.badMagic': (it) =>
    says(l10n.t('Not an ESP32 image: it begins with {0} instead of {1}.', at(it.found), at(it.expected))),
  'image.tooManySegments': (it) =>
    says(
      l10n.t(
        'The image claims {0} segments, but {1} is the maximum: it is damaged or not an image. Build again.',
        it.count,
        it.maximum,
      ),
    ),
  'image.badSegment': (it) =>
    says(
      l10n.t(
        'Segment {0} of the image has an impossible length of {1} bytes: the image is damaged. Build again.',
        it.index,
        it.lengthBytes,
      ),
    ),
  'image.badCertificate': () => says(l10n.t('The text is not a certificate in PEM format.')),
  'partitionTable.truncated': (it) =>
    says(l10n.t('The partition table ends at {0} without its end marker.', at(it.offsetBytes))),
  'partitionTable.badMagic': (it) => says(l10n.t('The partition table has no valid row at {0}.', at(it.offsetBytes))),
  'partitionTable.md5Mismatch': (it) =>
    says(l10n.t('The partition table is damaged: its MD5 at {0} does not match.', at(it.offsetBytes))),
  'partitionTable.secondMd5': (it) =>
    says(l10n.t('The partition table has a second MD5 row at {0}.', at(it.offsetBytes))),
  'partitionTable.empty': () => says(l10n.t('The partition table is empty.')),
  'partitionTable.tooManyRows': (it) =>
    says(l10n.t('The partition table has {0} rows, but only {1} fit.', it.count, it.maximum)),
  'partitionTable.badValue': (it) =>
    says(l10n.t('Row {0} of the partition table: {1} does not fit the field {2}.', it.index + 1, it.value, it.field)),
  'partitionCsv.invalid': (it) =>
    says(l10n.t('Partition table, line {0}, column {1}: {2}', it.line, it.column, csvProblemText(it.problem, {}))),
  'otadata.truncated': () => says(l10n.t('The otadata partition is too small: it must be 8 KB.')),
  'otadata.noSuchSlot': (it) =>
    says(l10n.t('There is no OTA slot {0}. Number of OTA slots in the partition table: {1}.', it.slot, it.slotCount)),
};
