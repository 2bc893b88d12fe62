import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { diskFiles } from '../../../src/base/files.ts';
import { versionFindings } from '../../../src/doctor/checks/version.ts';
import { loadProject } from '../../../src/idf/project-loader.ts';
import { copyProject, GENERATIONS } from '../idf/project-folder.ts';
import { makeApp } from '../../support/make-image.ts';
import { factsOf, idsOf } from './project-facts.ts';

type Generation = (typeof GENERATIONS)[number];

const VERSIONS: Record<Generation, string> = {
  'v4.4': '1.2.3',
  'v5.1': '3.1.4',
  'v5.3': '2.0.0-rc.1',
  'v5.5': '1.4.0',
  'v6.0': 'v2.5.0',
};
const nameOf = (generation: Generation): string =>
  generation === 'v4.4' ? 'native_ota' : generation === 'v5.1' ? 'advanced_https_ota' : 'simple_ota';
const built = (generation: Generation, version = VERSIONS[generation]) => ({
  [`build/${nameOf(generation)}.bin`]: makeApp({ version, projectName: nameOf(generation) }),
});

describe.each(GENERATIONS)('the version of a project of %s', (generation) => {
  const version = VERSIONS[generation];
  // that of 5.1 has a version.txt that loses against Kconfig
  const usual = generation === 'v5.1' ? ['version-txt-ignored'] : [];

  it('is in order', async () => {
    expect(idsOf(versionFindings(await factsOf(generation, { files: built(generation) })))).toEqual(usual);
  });

  it('is the one that the board runs, which some firmware refuses', async () => {
    const board = { runningVersion: version };
    const config = ['# CONFIG_EXAMPLE_SKIP_VERSION_CHECK is not set'];
    const [found] = versionFindings(await factsOf(generation, { files: built(generation), config, facts: { board } }));
    const isRefused = generation === 'v4.4' || generation === 'v5.1';
    expect(found).toMatchObject({
      id: 'version-same',
      severity: isRefused ? 'warning' : 'information',
      details: { version, isRefused },
      fixes: [{ id: 'bumpVersion' }],
    });
    const skips = await factsOf(generation, {
      files: built(generation),
      config: ['CONFIG_EXAMPLE_SKIP_VERSION_CHECK=y'],
      facts: { board },
    });
    expect(versionFindings(skips)[0]).toMatchObject({ severity: 'information' });
  });

  it('is lower than the one that runs', async () => {
    const facts = await factsOf(generation, {
      files: built(generation),
      facts: { board: { runningVersion: '9.10.0' } },
    });
    expect(versionFindings(facts)[0]).toMatchObject({
      id: 'version-lower',
      severity: 'warning',
      details: { version, running: '9.10.0' },
    });
    for (const runningVersion of ['0.9.0', 'not-semantic']) {
      expect(idsOf(versionFindings({ ...facts, board: { runningVersion } }))).toEqual(usual);
    }
    // another firmware on purpose
    expect(
      idsOf(versionFindings({ ...facts, board: { runningVersion: '9.10.0', runningProject: 'factory_test' } })),
    ).toEqual(usual);
  });

  it('is not semantic while the sources compare by order', async () => {
    const code = 'bool newer(const char *version) { return strcmp(version, running->version) > 0; }\n';
    const main = '#include "esp_https_ota.h"\nvoid f(void) { esp_https_ota(&c); }\n';
    const config = ['CONFIG_APP_PROJECT_VER_FROM_CONFIG=y', 'CONFIG_APP_PROJECT_VER="summer"'];
    const files = { 'main/main.c': main + code };
    const found = versionFindings(await factsOf(generation, { files, config }));
    expect(found).toContainEqual(
      expect.objectContaining({ id: 'version-not-semantic', details: { version: 'summer', file: 'main.c:3' } }),
    );
    const equal = { 'main/main.c': main + code.replace('> 0', '== 0') };
    expect(idsOf(versionFindings(await factsOf(generation, { files: equal, config })))).not.toContain(
      'version-not-semantic',
    );
    expect(idsOf(versionFindings(await factsOf(generation, { files })))).not.toContain('version-not-semantic');
  });

  it('stands in a version.txt that Kconfig overrules', async () => {
    const config = ['CONFIG_APP_PROJECT_VER_FROM_CONFIG=y', 'CONFIG_APP_PROJECT_VER="7.0.0"'];
    const facts = await factsOf(generation, { files: { 'version.txt': '1.0.1\n' }, config });
    expect(versionFindings(facts)).toContainEqual(
      expect.objectContaining({
        id: 'version-txt-ignored',
        path: facts.project.versionTxtPath,
        range: { line: 1, column: 1, endColumn: 6 },
        details: { value: '1.0.1', by: 'kconfig' },
        fixes: [
          {
            kind: 'setOptions',
            id: 'useVersionTxt',
            options: { APP_PROJECT_VER_FROM_CONFIG: false },
            needs: ['rebuild'],
          },
        ],
      }),
    );
  });

  it('stands in a version.txt that CMake takes for false, from ESP-IDF 5.2 on', async () => {
    const found = versionFindings(
      await factsOf(generation, {
        files: {
          'version.txt': 'OFF\n',
          'CMakeLists.txt': 'include($ENV{IDF_PATH}/tools/cmake/project.cmake)\nproject(a)\n',
        },
        config: ['# CONFIG_APP_PROJECT_VER_FROM_CONFIG is not set'],
      }),
    );
    const isFalse = generation !== 'v4.4' && generation !== 'v5.1';
    expect(
      found.some(({ id, details }) => id === 'version-txt-ignored' && 'by' in details && details.by === 'false'),
    ).toBe(isFalse);
  });

  it('stands in project(), which ESP-IDF before 5.2 ignores', async () => {
    const cmake = 'include($ENV{IDF_PATH}/tools/cmake/project.cmake)\nproject(a VERSION 4.5.6)\n';
    const found = versionFindings(await factsOf(generation, { files: { 'CMakeLists.txt': cmake } }));
    const isIgnored = generation === 'v4.4' || generation === 'v5.1';
    expect(
      found.some((one) => one.id === 'version-source-unused' && one.details.code === 'version.projectArgumentIgnored'),
    ).toBe(isIgnored);
  });

  it('is longer than its field', async () => {
    const long = '1.2.3-a-prerelease-with-a-very-long-name';
    const config = ['CONFIG_APP_PROJECT_VER_FROM_CONFIG=y', `CONFIG_APP_PROJECT_VER="${long}"`];
    expect(versionFindings(await factsOf(generation, { config }))).toContainEqual(
      expect.objectContaining({ id: 'version-too-long', details: { version: long, effective: long.slice(0, 31) } }),
    );
  });

  it('is not in the image yet', async () => {
    const found = versionFindings(await factsOf(generation, { files: built(generation, '0.0.1') }));
    expect(found.at(-1)).toMatchObject({
      id: 'version-not-built',
      details: { built: '0.0.1', effective: version, isGit: false },
      fixes: [{ id: 'build' }],
    });
  });

  it('is in an image that is older than a source', async () => {
    const facts = await factsOf(generation, { files: built(generation) });
    const path = join(facts.project.folder, 'main', 'main.c');
    const later = new Date((facts.project.app?.modifiedMs ?? 0) + 60_000);
    await utimes(path, later, later);
    const project = await loadProject(facts.project.folder, diskFiles);
    expect(versionFindings({ ...facts, project }).at(-1)).toMatchObject({
      id: 'version-old-image',
      path,
      details: { file: 'main.c', image: `${nameOf(generation)}.bin` },
    });
  });

  it('comes from uncommitted changes', async () => {
    const folder = await copyProject(generation, {
      'CMakeLists.txt': 'include($ENV{IDF_PATH}/tools/cmake/project.cmake)\nproject(a)\n',
      'version.txt': '',
    });
    const facts = await factsOf(generation);
    const describeGit = (text: string) => loadProject(folder, diskFiles, { describeGit: () => Promise.resolve(text) });
    const withoutKconfig = async (text: string) => {
      const project = await describeGit(text);
      return versionFindings({
        ...facts,
        project: { ...project, version: { ...project.version, source: 'git', value: text, effective: text } },
      });
    };
    expect(idsOf(await withoutKconfig('v1.2.3-4-g1a2b3c4-dirty'))).toContain('version-git-dirty');
    expect(idsOf(await withoutKconfig('v1.2.3'))).not.toContain('version-git-dirty');
  });
});
