import * as l10n from '@vscode/l10n';
import { revisionText } from '../../image/chips.ts';
import { bytesText } from '../text.ts';
import type { FindingTexts, IdsOf } from './finding-text.ts';

/** What a file is instead of an application, by `recogniseFile`. */
function kindText(kind: string): string {
  const names: Readonly<Record<string, string>> = {
    bootloader: l10n.t('a bootloader'),
    partitionTable: l10n.t('a partition table'),
    otadata: l10n.t('otadata'),
    mergedFlash: l10n.t('an image of the whole flash'),
    preEncrypted: l10n.t('encrypted'),
    delta: l10n.t('a patch'),
    compressed: l10n.t('compressed'),
    elf: l10n.t('an ELF file'),
    html: l10n.t('a web page'),
    json: l10n.t('JSON'),
    erased: l10n.t('erased flash'),
    empty: l10n.t('empty'),
  };
  return names[kind] ?? l10n.t('of no known kind');
}

function damageText(check: string): string {
  const names: Readonly<Record<string, string>> = {
    magic: l10n.t('its first byte is wrong'),
    segments: l10n.t('its segments do not fit together'),
    checksum: l10n.t('its checksum does not match'),
    digest: l10n.t('its SHA-256 does not match'),
  };
  return names[check] ?? check;
}

export const firmwareTexts: FindingTexts<IdsOf<'image'>> = {
  'image-missing': () => l10n.t('There is no image to deliver: the project has not been built.'),
  'image-not-an-app': ({ file, kind }) =>
    l10n.t('{0} is no application image ({1}), so no board takes it.', file, kindText(kind)),
  'image-damaged': ({ file, check }) => l10n.t('{0} is damaged: {1}.', file, damageText(check)),
  'image-too-short': ({ file, bytes, needed }) =>
    l10n.t(
      '{0} has {1}: esp_https_ota looks at the first {2} before it begins.',
      file,
      bytesText(bytes),
      bytesText(needed),
    ),
  'image-wrong-chip': ({ file, found, expected }) =>
    l10n.t('{0} is for {1}, but the board is {2}.', file, found, expected),
  'image-chip-revision': ({ file, minimum, maximum, revision }) =>
    revision < minimum
      ? l10n.t(
          '{0} needs chip revision {1} or later, but the board has {2}.',
          file,
          revisionText(minimum),
          revisionText(revision),
        )
      : l10n.t(
          '{0} is for chip revisions up to {1}, but the board has {2}.',
          file,
          revisionText(maximum),
          revisionText(revision),
        ),
  'image-spi-mode': ({ file, found, expected }) =>
    l10n.t(
      '{0} uses SPI flash mode {1}, what runs on the board {2}: from ESP-IDF 6.1 on firmware refuses that.',
      file,
      found.toUpperCase(),
      expected.toUpperCase(),
    ),
  'image-unsigned': ({ file }) => l10n.t('{0} is not signed, but the firmware asks for a signature.', file),
  'image-signature': ({ file, scheme }) =>
    l10n.t('The signature of {0} ({1}) does not fit its content: it was changed after it was signed.', file, scheme),
  'image-secure-version': ({ file, found, minimum }) =>
    l10n.t('{0} has secure version {1}, but the board asks for {2} or higher.', file, found, minimum),
  'image-no-update-client': ({ file }) =>
    l10n.t('Nothing in {0} can update it: after this update the board takes no other one over the air.', file),
};
