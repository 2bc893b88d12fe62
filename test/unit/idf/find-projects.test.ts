import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { diskFiles } from '../../../src/base/files.ts';
import type { OtaError } from '../../../src/base/ota-error.ts';
import { findProjects, recogniseFolder } from '../../../src/idf/find-projects.ts';
import { cmakeLists, copyProject, makeFolder } from './project-folder.ts';

const HEADER =
  '#\n# Automatically generated file. DO NOT EDIT.\n# Espressif IoT Development Framework (ESP-IDF) 5.4.4 Project Configuration\n#\n';

describe('finding projects', () => {
  it('finds the folder itself, several roots, and nested examples, the root first', async () => {
    const root = await copyProject('v5.5');
    const other = await makeFolder({
      'components/mine/examples/basic/CMakeLists.txt': cmakeLists(),
      'firmware/CMakeLists.txt': cmakeLists(),
      'CMakeLists.txt': 'project(host_tool)\n',
      'firmware/test_app/CMakeLists.txt': cmakeLists(),
    });
    expect(await findProjects([root, other], diskFiles)).toEqual([
      root,
      join(other, 'firmware'),
      join(other, 'firmware/test_app'),
      join(other, 'components/mine/examples/basic'),
    ]);
  });

  it('does not look into outputs, downloads and hidden folders', async () => {
    const root = await makeFolder(
      Object.fromEntries(
        ['build', 'node_modules/x', 'managed_components/a/examples/b', '.git/x', '.hidden', 'out', 'a/b/c/d/e/f'].map(
          (path) => [`${path}/CMakeLists.txt`, cmakeLists()],
        ),
      ),
    );
    await diskFiles.writeAtomic(join(root, 'out', 'CMakeCache.txt'), '');
    expect(await findProjects([root], diskFiles)).toEqual([]);
  });

  it('ends when cancelled, and bears folders that are not there', async () => {
    expect(await findProjects(['/nowhere/at/all'], diskFiles)).toEqual([]);
    await expect(findProjects([await makeFolder()], diskFiles, AbortSignal.abort())).rejects.toThrow(/cancelled/);
  });

  it('tells of a folder that can not be read, and finds the projects of the others', async () => {
    const folder = await makeFolder({ 'project/CMakeLists.txt': cmakeLists() });
    const [loop, project] = [join(folder, 'loop'), join(folder, 'project')];
    // nobody can read it, whatever their rights
    await symlink(loop, loop);
    const told: OtaError[] = [];
    expect(await findProjects([loop, project], diskFiles, undefined, (error) => told.push(error))).toEqual([project]);
    expect(told).toMatchObject([{ code: 'file.unreadable', details: { path: loop, reason: 'ELOOP' } }]);
    await expect(findProjects([loop, project], diskFiles)).rejects.toMatchObject({ code: 'file.unreadable' });
    // below a given folder there may be many
    expect(await findProjects([folder], diskFiles)).toEqual([project]);
  });
});

describe('recognising a folder', () => {
  it.each([
    [{ 'CMakeLists.txt': cmakeLists() }, { by: 'cmake', buildSystem: 'v1', isPlatformIo: false }],
    [
      { 'CMakeLists.txt': 'include($ENV{IDF_PATH}/tools/cmakev2/idf.cmake)\nproject(x)\nidf_project_default()\n' },
      { by: 'cmake', buildSystem: 'v2', isPlatformIo: false },
    ],
    [{ sdkconfig: HEADER }, { by: 'sdkconfig', isPlatformIo: false }],
    [{ sdkconfig: 'CONFIG_A=y\n' }, undefined],
    [
      { 'CMakeLists.txt': cmakeLists(), 'platformio.ini': '' },
      { by: 'cmake', buildSystem: 'v1', isPlatformIo: true },
    ],
    [{ 'platformio.ini': '' }, undefined],
  ])('%#', async (files, expected) => {
    expect(await recogniseFolder(await makeFolder(files as unknown as Record<string, string>), diskFiles)).toEqual(
      expected,
    );
  });
});
