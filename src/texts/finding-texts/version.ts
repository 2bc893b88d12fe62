import * as l10n from '@vscode/l10n';
import type { OtaErrorCode } from '../../base/ota-error.ts';
import type { Coded } from '../../doctor/finding-ids.ts';
import { textOf } from '../error-texts.ts';
import type { FindingTexts, IdsOf } from './finding-text.ts';

/** The words that the problem's own code has. */
function codedText({ code, ...details }: Coded): string {
  return textOf(code as OtaErrorCode, details as never).message;
}

function sourceName(source: string): string {
  const names: Record<string, string> = {
    kconfig: 'CONFIG_APP_PROJECT_VER',
    cmakeVariable: l10n.t('PROJECT_VER in CMakeLists.txt'),
    versionTxt: 'version.txt',
    cmakeProject: l10n.t('project(… VERSION) in CMakeLists.txt'),
    git: 'git describe',
  };
  return names[source] ?? source;
}

export const versionTexts: FindingTexts<IdsOf<'version'> | 'project-file'> = {
  'project-file': codedText,
  'version-same': ({ version, isRefused }) =>
    isRefused
      ? l10n.t('The board already runs {0}, and its firmware refuses the same version.', version)
      : l10n.t('The board already runs {0}: an update would install the same version again.', version),
  'version-lower': ({ version, running }) => l10n.t('The board runs {1}; {0} would be a step back.', version, running),
  'version-not-semantic': ({ version, file }) =>
    l10n.t('{0} is not a semantic version, but {1} compares versions by their order.', version, file),
  'version-txt-ignored': ({ value, by }) =>
    by === 'false'
      ? l10n.t('CMake reads “{0}” in version.txt as false, so version.txt is ignored.', value)
      : l10n.t('version.txt ({0}) is ignored: {1} sets the version.', value, sourceName(by)),
  'version-source-unused': codedText,
  'version-not-built': ({ built, effective, isGit }) =>
    isGit
      ? l10n.t(
          'The image says {0}, Git {1}: CMake asks Git only when it runs again (idf.py reconfigure).',
          built,
          effective,
        )
      : l10n.t('The image still says {0}: build to apply {1}.', built, effective),
  'version-old-image': ({ file, image }) => l10n.t('{0} was changed after {1} was built.', file, image),
  'version-too-long': ({ version, effective }) =>
    l10n.t('{0} is longer than 31 characters: the image says {1}.', version, effective),
  'version-git-dirty': ({ version }) =>
    l10n.t('{0} comes from uncommitted changes: nobody can build this version again.', version),
  'version-source': codedText,
};
