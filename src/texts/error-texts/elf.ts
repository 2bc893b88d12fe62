import * as l10n from '@vscode/l10n';
import type { OtaErrorCode } from '../../base/ota-error.ts';
import { says, type ErrorTexts } from './error-text.ts';

type Code = Extract<OtaErrorCode, `elf.${string}`>;

/** A part of the file, as the user's tools name it. */
function place(section: string, offset: number): string {
  return section === '' ? `0x${offset.toString(16)}` : `${section} 0x${offset.toString(16)}`;
}

export const elfTexts: ErrorTexts<Code> = {
  'elf.notElf': () => says(l10n.t('This is not an ELF file.')),
  'elf.unsupported': (it) =>
    says(
      it.what === 'compression'
        ? l10n.t(
            'The debug information is compressed in a way that can’t be read ({0}). Build without -gz=zstd.',
            it.value,
          )
        : l10n.t('This ELF file was not built for an ESP32: it is not a 32-bit little-endian one.'),
    ),
  'elf.truncated': (it) =>
    says(l10n.t('The ELF file ends too early ({0}). Build again.', place(it.section, it.offset))),
  'elf.malformed': (it) =>
    says(l10n.t('The ELF file is damaged ({0}: {1}). Build again.', place(it.section, it.offset), it.reason)),
  'elf.tooComplex': (it) =>
    says(l10n.t('The debug information can’t be read ({0}). Build again.', place(it.section, it.offset))),
};
