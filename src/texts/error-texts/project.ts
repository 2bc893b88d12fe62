import * as l10n from '@vscode/l10n';
import { basename } from 'node:path';
import { says, type ErrorTexts } from './error-text.ts';

type Code =
  | 'sdkconfig.malformedLine'
  | 'sdkconfig.badName'
  | 'sdkconfig.badValue'
  | 'sdkconfigDefaults.missing'
  | 'idfJson.invalid'
  | 'flasherArgs.badOffset'
  | 'cmake.unterminated'
  | 'partitionTable.noFileForChoice'
  | 'partitionTable.unknownBuiltIn'
  | 'partitionTable.csvMissing'
  | 'partitionTable.fileNameStale'
  | 'partitionTable.builtDiffers'
  | 'manifest.notBuilt'
  | 'manifest.badImage'
  | 'project.notIdf'
  | 'project.platformIo'
  | 'project.appMissing'
  | 'project.sourcesNotAllSearched'
  | 'publish.notAnApp';

const build = { kind: 'command', command: 'buildFirmware' } as const;

/** What a file is that is not an application image. */
function kindText(kind: string): string {
  const kinds: Record<string, string> = {
    bootloader: l10n.t('a bootloader'),
    partitionTable: l10n.t('a partition table'),
    otadata: l10n.t('an otadata partition'),
    mergedFlash: l10n.t('a merged image of the whole flash'),
    elf: l10n.t('an ELF file, not the image made from it'),
    html: l10n.t('a web page'),
    json: l10n.t('a JSON file'),
    erased: l10n.t('a piece of erased flash'),
    empty: l10n.t('an empty file'),
    unknown: l10n.t('no ESP32 image'),
  };
  return kinds[kind] ?? kind;
}

export const projectTexts: ErrorTexts<Code> = {
  'sdkconfig.malformedLine': (it) => says(l10n.t('Kconfig ignores this line: {0}', it.text)),
  'sdkconfig.badName': (it) => says(l10n.t('{0} is not a valid Kconfig name.', it.name)),
  'sdkconfig.badValue': (it) =>
    says(
      it.reason === 'lineBreak'
        ? l10n.t('The value of {0} must be a single line.', it.name)
        : l10n.t('{0} takes whole numbers only.', it.name),
    ),
  'sdkconfigDefaults.missing': (it) =>
    says(l10n.t('SDKCONFIG_DEFAULTS names {0}, which does not exist: the build stops.', it.file)),
  'idfJson.invalid': (it) =>
    says(
      it.offset >= 0
        ? l10n.t('A file of the build is damaged at character {0}. Build again.', it.offset)
        : l10n.t('A file of the build is damaged. Build again.'),
    ),
  'flasherArgs.badOffset': (it) =>
    says(l10n.t('flasher_args.json puts {0} at “{1}”, which is not an offset. Build again.', it.file, it.text)),
  'cmake.unterminated': () => says(l10n.t('CMakeLists.txt ends inside a quote, a bracket or a call.')),
  'partitionTable.noFileForChoice': () =>
    says(
      l10n.t(
        'ESP-IDF has no file for this partition table together with core dumps to flash, so the build stops. Choose a custom table.',
      ),
    ),
  'partitionTable.unknownBuiltIn': (it) =>
    says(l10n.t('The partition table {0} is not known for this ESP-IDF.', it.file)),
  'partitionTable.csvMissing': (it) => says(l10n.t('The partition table {0} does not exist.', it.file)),
  'partitionTable.fileNameStale': (it) =>
    says(l10n.t('sdkconfig names {0}, but {1} is chosen: the next build corrects it.', it.configured, it.chosen)),
  'partitionTable.builtDiffers': () =>
    says(l10n.t('The partition table was changed after the last build: build again and flash it by cable once.')),
  'manifest.notBuilt': (it) =>
    says(l10n.t('{0} has not been built yet, so there is nothing to describe. Build the firmware.', it.project), {
      ...build,
      title: l10n.t('Build Firmware'),
    }),
  'manifest.badImage': (it) =>
    says(l10n.t('{0} is not a complete application image, so it can’t be delivered. Build again.', basename(it.path)), {
      ...build,
      title: l10n.t('Build Firmware'),
    }),
  'project.notIdf': (it) =>
    says(l10n.t('{0} is not an ESP-IDF project: it has no CMakeLists.txt that includes project.cmake.', it.folder)),
  'project.platformIo': () =>
    says(
      l10n.t('PlatformIO builds this project, so its outputs lie elsewhere. Use “Serve Image…” for its firmware.bin.'),
    ),
  'project.appMissing': (it) =>
    says(l10n.t('{0} is missing: build the firmware.', it.file), { ...build, title: l10n.t('Build Firmware') }),
  'project.sourcesNotAllSearched': (it) => says(l10n.t('Only the first {0} source files were searched.', it.searched)),
  'publish.notAnApp': (it) =>
    says(
      l10n.t(
        '{0} can’t be delivered: it is {1}. Serve the application image, build/<project>.bin.',
        basename(it.path),
        kindText(it.kind),
      ),
    ),
};
