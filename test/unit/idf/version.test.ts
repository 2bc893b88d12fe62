import { describe, expect, it } from 'vitest';
import { parseCmake } from '../../../src/idf/cmake-file.ts';
import { projectConfig } from '../../../src/idf/config-reader.ts';
import { idfVersionText, parseIdfVersion } from '../../../src/idf/idf-version.ts';
import { parseSdkconfig } from '../../../src/idf/sdkconfig.ts';
import { resolveVersion, type ResolvedVersion } from '../../../src/idf/version.ts';
import { cmakeLists } from './project-folder.ts';

interface Sources {
  readonly sdkconfig?: string;
  readonly cmake?: string;
  readonly versionTxt?: string;
  readonly git?: string;
  readonly idf?: string;
  readonly built?: string;
}

function resolve(sources: Sources): ResolvedVersion {
  return resolveVersion({
    config: projectConfig({ path: '/p/sdkconfig', content: parseSdkconfig(sources.sdkconfig ?? '') }, [], undefined),
    cmake: { path: '/p/CMakeLists.txt', file: parseCmake(sources.cmake ?? cmakeLists()) },
    versionTxt: sources.versionTxt === undefined ? undefined : { path: '/p/version.txt', text: sources.versionTxt },
    gitDescription: sources.git,
    idfVersion: parseIdfVersion(sources.idf ?? '5.5.0'),
    built: sources.built === undefined ? undefined : { version: sources.built, path: '/p/build/sample.bin' },
  });
}

const KCONFIG = 'CONFIG_APP_PROJECT_VER_FROM_CONFIG=y\nCONFIG_APP_PROJECT_VER="1.1.1"\n';
const VARIABLE = cmakeLists('set(PROJECT_VER "2.2.2")\n', 'sample VERSION 4.4.4');
const ALL = { sdkconfig: KCONFIG, cmake: VARIABLE, versionTxt: '3.3.3\n', git: 'v5.5.5-1-gabcdef0' };
const codes = (version: ResolvedVersion): string[] => version.problems.map(({ code }) => code);

describe('the version of the next build', () => {
  it('comes from the first source in ESP-IDF’s order, and the others are listed', () => {
    const order: [Sources, string, string][] = [
      [ALL, 'kconfig', '1.1.1'],
      [{ ...ALL, sdkconfig: '' }, 'cmakeVariable', '2.2.2'],
      [{ ...ALL, sdkconfig: '', cmake: cmakeLists('', 'sample VERSION 4.4.4') }, 'versionTxt', '3.3.3'],
      [{ git: 'v5.5.5', cmake: cmakeLists('', 'sample VERSION 4.4.4') }, 'cmakeProject', '4.4.4'],
      [{ git: 'v5.5.5' }, 'git', 'v5.5.5'],
      [{}, 'default', '1'],
    ];
    for (const [sources, source, value] of order)
      expect(resolve(sources)).toMatchObject({ source, value, effective: value });
    expect(resolve(ALL).shadowed.map(({ source, value }) => [source, value])).toEqual([
      ['cmakeVariable', '2.2.2'],
      ['versionTxt', '3.3.3'],
      ['cmakeProject', '4.4.4'],
      ['git', 'v5.5.5-1-gabcdef0'],
    ]);
  });

  it('says at version.txt that Kconfig wins', () => {
    expect(resolve({ sdkconfig: KCONFIG, versionTxt: '3.3.3\n' }).problems).toEqual([
      {
        severity: 'warning',
        code: 'version.shadowed',
        path: '/p/version.txt',
        line: 1,
        column: 1,
        length: 5,
        details: { by: 'kconfig', source: 'versionTxt', value: '3.3.3' },
      },
    ]);
    expect(codes(resolve({ sdkconfig: KCONFIG, versionTxt: '1.1.1\n' }))).toEqual([]);
  });

  it('is 1 when Kconfig is asked and says nothing', () => {
    expect(resolve({ sdkconfig: 'CONFIG_APP_PROJECT_VER_FROM_CONFIG=y\n' })).toMatchObject({
      source: 'kconfig',
      value: '1',
      line: 1,
    });
  });

  it('does not come from a Kconfig value whose switch is off', () => {
    const version = resolve({ sdkconfig: 'CONFIG_APP_PROJECT_VER="7"\n', versionTxt: '1.0.0\n' });
    expect(version.source).toBe('versionTxt');
    expect(codes(version)).toEqual(['version.kconfigUnused']);
  });

  it.each([
    ['set(PROJECT_VER 1.2.3)\n', '1.2.3'],
    ['set(PROJECT_VER "1.2" CACHE STRING "version")\n', '1.2'],
    ['set(PROJECT_VER "1")\nset(PROJECT_VER "2")\n', '2'],
    ['if(NOT DEFINED PROJECT_VER)\n set(PROJECT_VER "3")\nendif()\n', '3'],
    ['set(PROJECT_VER "1")\nunset(PROJECT_VER)\n', undefined],
    ['set(PROJECT_VER)\n', undefined],
    ['# set(PROJECT_VER "9")\n', undefined],
    ['set(MY_PROJECT_VER "9")\n', undefined],
  ])('follows %j', (text, value) => {
    const version = resolve({ cmake: cmakeLists(text) });
    expect([version.source, version.value]).toEqual(value === undefined ? ['default', '1'] : ['cmakeVariable', value]);
  });

  it.each([
    'set(PROJECT_VER "${MAJOR}.${MINOR}")\n',
    'file(READ version.in PROJECT_VER)\n',
    'execute_process(COMMAND git describe OUTPUT_VARIABLE PROJECT_VER)\n',
    'set(PROJECT_VER "1")\nstring(STRIP "${X}" PROJECT_VER)\n',
  ])('is not known before a build where CMake computes it: %j', (text) => {
    const version = resolve({ cmake: cmakeLists(text), versionTxt: '1.0.0\n', built: '0.9.0' });
    expect(version.source).toBe('cmakeVariable');
    expect(version.value).toBeUndefined();
    expect(version.effective).toBeUndefined();
    expect(version.built).toEqual({ version: '0.9.0' });
    expect(codes(version)).toContain('version.computed');
  });

  it('ignores a set() after project()', () => {
    expect(resolve({ cmake: `${cmakeLists()}set(PROJECT_VER "9")\n` }).source).toBe('default');
  });

  it('knows project(… VERSION …) from ESP-IDF 5.2', () => {
    const cmake = cmakeLists('', 'sample VERSION 4.4.4 LANGUAGES C');
    expect(resolve({ cmake, idf: '5.2' })).toMatchObject({ source: 'cmakeProject', value: '4.4.4' });
    const before = resolve({ cmake, idf: '5.1.6' });
    expect(before.source).toBe('default');
    expect(codes(before)).toEqual(['version.projectArgumentIgnored']);
  });
});

describe('version.txt', () => {
  it.each([
    ['1.2.3\n', '1.2.3'],
    ['1.2.3', '1.2.3'],
    ['1.2.3\r\n', '1.2.3'],
    ['\uFEFF1.2.3\n', '1.2.3'],
    ['1.2.3\n\n', '1.2.3;'],
    ['1.2.3\nsecond', '1.2.3;second'],
  ])('%j gives %s', (text, value) => {
    expect(resolve({ versionTxt: text }).value).toBe(value);
  });

  it('of several lines is a warning, because CMake joins them', () => {
    expect(resolve({ versionTxt: '1.2.3\nsecond\n' }).problems).toMatchObject([
      { code: 'version.multiLine', line: 2, details: { version: '1.2.3;second', lines: 2 } },
    ]);
  });

  it.each(['', '\n', '0\n', 'off', 'x-NOTFOUND\n'])(
    '%j counts as none from ESP-IDF 5.2 and as it is before',
    (text) => {
      expect(resolve({ versionTxt: text, git: 'v1' })).toMatchObject({ source: 'git' });
      expect(codes(resolve({ versionTxt: text }))).toContain('version.ignoredAsFalse');
      expect(resolve({ versionTxt: text, git: 'v1', idf: '4.4' })).toMatchObject({ source: 'versionTxt' });
    },
  );
});

describe('what the image gets', () => {
  it('is cut at 31 bytes', () => {
    const version = resolve({ versionTxt: '1.0.0-a-very-long-prerelease-name\n' });
    expect(version).toMatchObject({ isCut: true, effective: '1.0.0-a-very-long-prerelease-na' });
    expect(codes(version)).toEqual(['version.cut']);
    expect(resolve({ versionTxt: `${'x'.repeat(31)}\n` }).isCut).toBe(false);
  });

  it('is empty where the configuration leaves it out', () => {
    const version = resolve({ sdkconfig: 'CONFIG_APP_EXCLUDE_PROJECT_VER_VAR=y\n', versionTxt: '1.0.0\n', built: '' });
    expect(version).toMatchObject({ effective: '', isExcluded: true, built: { version: '', agrees: true } });
    expect(codes(version)).toEqual(['version.excluded']);
  });

  it('agrees with the built image, or a rebuild is due', () => {
    expect(resolve({ versionTxt: '1.0.1\n', built: '1.0.1' }).built).toEqual({ version: '1.0.1', agrees: true });
    const stale = resolve({ versionTxt: '1.0.1\n', built: '1.0.0' });
    expect(stale.built).toEqual({ version: '1.0.0', agrees: false });
    expect(codes(stale)).toEqual(['version.notRebuilt']);
  });

  it('may lag behind Git, which is asked only when CMake runs', () => {
    const version = resolve({ git: 'v1.0.0-2-gabcdef0-dirty', built: 'v1.0.0' });
    expect(version.problems).toMatchObject([{ code: 'version.gitStale', path: '/p/build/sample.bin' }]);
  });
});

it.each([
  ['v5.5.1', '5.5.1'],
  ['5.5.1', '5.5.1'],
  ['v6.0-dev-12-gabc', '6.0-dev-12-gabc'],
])('ESP-IDF %s is told as %s, wherever it was read', (written, told) => {
  const version = parseIdfVersion(written);
  expect(version && idfVersionText(version)).toBe(told);
});
