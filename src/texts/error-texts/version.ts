import * as l10n from '@vscode/l10n';
import { basename } from 'node:path';
import type { OtaErrorCode } from '../../base/ota-error.ts';
import { says, type ErrorTexts } from './error-text.ts';

type Code = Extract<OtaErrorCode, `version.${string}`>;

const build = { kind: 'command', command: 'buildFirmware' } as const;

export const versionTexts: ErrorTexts<Code> = {
  'version.cut': (it) =>
    says(l10n.t('{0} is longer than 31 characters: the image says {1}.', it.version, it.effective)),
  'version.multiLine': (it) => says(l10n.t('version.txt has {0} lines: they become {1}.', it.lines, it.version)),
  'version.ignoredAsFalse': (it) => says(l10n.t('CMake reads “{0}” as false, so the next source counts.', it.text)),
  'version.shadowed': (it) => says(l10n.t('{0} has no effect: another source wins.', it.value)),
  'version.computed': () => says(l10n.t('CMake computes the version, so it is known after a build.')),
  'version.conditional': (it) =>
    says(l10n.t('{0} is set under a condition: whether it counts is known after a build.', it.variable)),
  'version.projectArgumentIgnored': (it) =>
    says(l10n.t('ESP-IDF {0} ignores VERSION in project(): {1} has no effect.', it.idfVersion, it.value)),
  'version.kconfigUnused': (it) =>
    says(l10n.t('CONFIG_APP_PROJECT_VER is {0}, but CONFIG_APP_PROJECT_VER_FROM_CONFIG is off.', it.value)),
  'version.gitStale': (it) =>
    says(
      l10n.t(
        'Git says {1} now, the image {0}: CMake asks git only when it runs again (idf.py reconfigure).',
        it.built,
        it.described,
      ),
    ),
  'version.notRebuilt': (it) =>
    says(l10n.t('The image still says {0}: build to apply {1}.', it.built, it.effective), {
      ...build,
      title: l10n.t('Build Firmware'),
    }),
  'version.excluded': () => says(l10n.t('CONFIG_APP_EXCLUDE_PROJECT_VER_VAR leaves the version out of the image.')),
  'version.notSemantic': (it) =>
    says(l10n.t('{0} is not a semantic version, so it can’t be raised: enter the new one.', it.version)),
  'version.unknown': () => says(l10n.t('The version is not known before a build: enter the new one.')),
  'version.tooLong': (it) =>
    says(l10n.t('The version has {0} characters, but the image has room for {1}.', it.lengthBytes, it.maxBytes)),
  'version.badCharacter': (it) => says(l10n.t('A version can’t contain “{0}”.', it.character)),
  'version.empty': () => says(l10n.t('A version can’t be empty.')),
  'version.notForProjectArgument': () => says(l10n.t('project(… VERSION) takes one to four numbers, such as 1.2.3.')),
  'version.multiLineFile': (it) =>
    says(l10n.t('{0} has {1} lines: leave only the one with the version.', basename(it.path), it.lines), {
      kind: 'file',
      path: it.path,
    }),
  'version.noPlace': (it) =>
    says(l10n.t('The version is no longer found in {0}.', basename(it.path)), { kind: 'file', path: it.path }),
  'version.same': (it) => says(l10n.t('The version is already {0}.', it.version)),
};
