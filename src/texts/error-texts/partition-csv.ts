import * as l10n from '@vscode/l10n';
import type { CsvProblem, CsvProblemCode } from '../../image/csv-problem.ts';

/** What is wrong with a row of a partition CSV, in words. */
export function csvProblemText(code: string, details: CsvProblem['details']): string {
  const value = String(details['value'] ?? details['name'] ?? details['flag'] ?? l10n.t('the value'));
  const texts: Record<CsvProblemCode, string> = {
    byteOrderMark: l10n.t('this ESP-IDF can’t read a byte order mark: save the file as UTF-8 without BOM'),
    unknownVariable: l10n.t('{0} is a variable that is not set', value),
    emptyType: l10n.t('the type is missing'),
    emptySubtype: l10n.t('an application needs a subtype, such as ota_0'),
    unknownKeyword: l10n.t('{0} is not a known word here', value),
    badNumber: l10n.t('{0} is not a number: write 0x1000, 4096, 4K or 1M', value),
    valueTooLarge: l10n.t('{0} is too large', value),
    emptySize: l10n.t('the size is missing'),
    unknownFlag:
      details['isComment'] === true
        ? l10n.t('a comment needs a line of its own')
        : l10n.t('{0} is not a flag: use encrypted and readonly, joined by a colon', value),
    bootloaderOffsetUnknown: l10n.t('the offset of this bootloader is not known'),
    bootloaderAboveTable: l10n.t('the bootloader must lie below the partition table'),
    belowTable: l10n.t('it overlaps the partition table'),
    overlap: l10n.t('it overlaps another partition'),
    negativeSize: l10n.t('it would end before it begins'),
    offsetNotAligned: l10n.t('the offset is not aligned: applications begin at a multiple of 0x10000, data at 0x1000'),
    sizeNotAligned: l10n.t('the size is not aligned: applications are a multiple of 0x1000'),
    duplicateLabel: l10n.t('the name is used twice'),
    multipleOtadata: l10n.t('there may be only one otadata partition'),
    otadataSize: l10n.t('otadata must be 0x2000 bytes'),
    alwaysReadWrite: l10n.t('this partition can’t be read-only'),
    nvsTooSmall: l10n.t('nvs smaller than 0x3000 must have the flag readonly'),
    exceedsFlash: l10n.t('it ends beyond the flash: set the flash size in menuconfig or make partitions smaller'),
    tooManyRows: l10n.t('too many rows'),
    noPartitions: l10n.t('there are no partitions'),
    labelIsKeyword: l10n.t('the name is a word for another kind of partition'),
    labelTooLong: l10n.t('the name is longer than 16 bytes and will be cut'),
    labelQuoted: l10n.t('the quotes become part of the name'),
    extraColumns: l10n.t('columns after the sixth are ignored'),
    offsetNotSectorAligned: l10n.t('the offset is not at a 4 KB sector'),
  };
  return code in texts ? texts[code as CsvProblemCode] : code;
}
