import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { diskFiles } from '../../../src/base/files.ts';
import { loadProject } from '../../../src/idf/project-loader.ts';
import {
  applyBump,
  bumpPaths,
  checkVersion,
  nextVersion,
  planBump,
  type VersionChange,
} from '../../../src/idf/version-bump.ts';
import { addFiles, cmakeLists, copyProject, makeFolder } from './project-folder.ts';

const patch = { kind: 'patch' } as const;
const text = (folder: string, name: string): Promise<string> => readFile(join(folder, name), 'utf8');

async function bump(folder: string, change: VersionChange = patch, git?: string): Promise<string> {
  const project = await loadProject(folder, diskFiles, { describeGit: () => Promise.resolve(git) });
  const plan = await planBump(project, change, diskFiles);
  // whoever has one of them open saves it first
  for (const { path } of plan.edits) expect(bumpPaths(project)).toContain(path);
  await applyBump(plan, diskFiles);
  const after = await loadProject(folder, diskFiles, { describeGit: () => Promise.resolve(git) });
  expect(after.version.value).toBe(plan.to);
  expect(after.version.source).toBe(plan.source);
  return plan.to;
}

describe('the next version', () => {
  it.each([
    ['1.2.3', patch, '1.2.4'],
    ['1.2.3', { kind: 'minor' }, '1.3.0'],
    ['1.2.3', { kind: 'major' }, '2.0.0'],
    ['v1.2.3', patch, 'v1.2.4'],
    ['1.2.3', { kind: 'prerelease' }, '1.2.4-0'],
    ['1.2.3', { kind: 'prerelease', identifier: 'rc' }, '1.2.4-rc.0'],
    ['2.0.0-rc.1', { kind: 'prerelease', identifier: 'rc' }, '2.0.0-rc.2'],
    ['2.0.0-rc.1', patch, '2.0.0'],
    ['1', patch, '1.0.1'],
    ['v1.2', { kind: 'minor' }, 'v1.3.0'],
    ['anything', { kind: 'typed', version: 'build 7' }, 'build 7'],
  ] satisfies [string, VersionChange, string][])('of %s by %j is %s', (current, change, expected) => {
    expect(nextVersion(current, 'versionTxt', change)).toBe(expected);
  });

  it.each([
    ['v1.2.3', 'v1.2.4'],
    ['v1.2.3-4-g0123abc', 'v1.2.4'],
    ['1.2.3-4-g0123abc-dirty', '1.2.4'],
    ['1.2.3-dirty', '1.2.4'],
  ])('of what Git says, %s, leaves out what Git adds to the tag', (current, expected) => {
    expect(nextVersion(current, 'git', patch)).toBe(expected);
  });

  it.each(['0123abc', 'release-7', '1.2.3.4', '1.02.3', ''])(
    'has to be typed where the current one is %j',
    (current) => {
      expect(() => nextVersion(current, 'git', patch)).toThrow(/version\.notSemantic/);
      expect(() => nextVersion(undefined, 'cmakeVariable', patch)).toThrow(/version\.unknown/);
    },
  );

  it('has at most 31 bytes', () => {
    expect(checkVersion('1'.repeat(31), 'versionTxt')).toHaveLength(31);
    expect(() => checkVersion('1'.repeat(32), 'versionTxt')).toThrow(/version\.tooLong/);
  });

  it.each(['1"0', '1\\0', '1;0', '1$0', '1#0', '1\n0', ' 1', '1 ', '1.0-é', '\u0000'])(
    'never holds what breaks on the way: %j',
    (version) => {
      expect(() => checkVersion(version, 'versionTxt')).toThrow(/version\.badCharacter/);
    },
  );
});

describe('a bump', () => {
  it('of Kconfig changes sdkconfig and the defaults, and nothing else', async () => {
    const folder = await copyProject('v5.1');
    const before = [await text(folder, 'sdkconfig'), await text(folder, 'sdkconfig.defaults')];
    expect(await bump(folder)).toBe('3.1.5');
    const after = [await text(folder, 'sdkconfig'), await text(folder, 'sdkconfig.defaults')];
    expect(after.map((file) => file.replace('VER="3.1.5"', 'VER="3.1.4"'))).toEqual(before);
    expect(await text(folder, 'version.txt')).toBe('9.9.9\n');
  });

  it('of Kconfig whose value is its default adds the value where the switch is', async () => {
    const folder = await makeFolder({
      'CMakeLists.txt': cmakeLists(),
      'sdkconfig.defaults': 'CONFIG_APP_PROJECT_VER_FROM_CONFIG=y\n',
    });
    expect(await bump(folder)).toBe('1.0.1');
    expect(await text(folder, 'sdkconfig.defaults')).toBe(
      'CONFIG_APP_PROJECT_VER_FROM_CONFIG=y\nCONFIG_APP_PROJECT_VER="1.0.1"\n',
    );
  });

  it('of a CMake variable changes the argument only', async () => {
    const folder = await copyProject('v5.3');
    const before = await text(folder, 'CMakeLists.txt');
    expect(await bump(folder, { kind: 'prerelease', identifier: 'rc' })).toBe('2.0.0-rc.2');
    expect((await text(folder, 'CMakeLists.txt')).replace('2.0.0-rc.2', '2.0.0-rc.1')).toBe(before);
  });

  it('of a CMake variable quotes what needs it', async () => {
    const folder = await makeFolder({ 'CMakeLists.txt': cmakeLists('set(PROJECT_VER 1.0.0) # mine\r\n') });
    expect(await bump(folder, { kind: 'typed', version: 'beta (2)' })).toBe('beta (2)');
    expect(await text(folder, 'CMakeLists.txt')).toContain('set(PROJECT_VER "beta (2)") # mine\r\n');
  });

  it('of project(… VERSION …) changes the argument, and takes numbers only', async () => {
    const folder = await copyProject('v5.5');
    expect(await bump(folder, { kind: 'minor' })).toBe('1.5.0');
    expect(await text(folder, 'CMakeLists.txt')).toContain('project(simple_ota VERSION 1.5.0)');
    await expect(bump(folder, { kind: 'prerelease' })).rejects.toThrow(/version\.notForProjectArgument/);
  });

  it.each([
    ['1.2.3\n', '1.2.4\n'],
    ['1.2.3', '1.2.4'],
    ['v1.2.3\r\n', 'v1.2.4\r\n'],
    ['\uFEFF1.2.3\n', '\uFEFF1.2.4\n'],
    ['1.2.3\n\n', '1.2.4\n'],
  ])('of version.txt %j gives %j', async (before, after) => {
    const folder = await makeFolder({ 'CMakeLists.txt': cmakeLists(), 'version.txt': before });
    await bump(folder);
    expect(await text(folder, 'version.txt')).toBe(after);
  });

  it('of Git or the default makes version.txt', async () => {
    const folder = await makeFolder({ 'CMakeLists.txt': cmakeLists() });
    expect(await bump(folder, patch, 'v2.0.0-3-gabcdef0')).toBe('v2.0.1');
    expect(await text(folder, 'version.txt')).toBe('v2.0.1\n');
    const other = await makeFolder({ 'CMakeLists.txt': cmakeLists() });
    const plan = await planBump(await loadProject(other, diskFiles), patch, diskFiles);
    expect(plan).toEqual({
      from: '1',
      to: '1.0.1',
      source: 'versionTxt',
      createsVersionTxt: true,
      edits: [{ path: join(other, 'version.txt'), after: '1.0.1\n' }],
    });
  });

  it('writes nothing where a file changed since it was planned', async () => {
    const folder = await copyProject('v5.1');
    const plan = await planBump(await loadProject(folder, diskFiles), patch, diskFiles);
    await addFiles(folder, { 'sdkconfig.defaults': '# mine now\n' });
    const before = await text(folder, 'sdkconfig');
    await expect(applyBump(plan, diskFiles)).rejects.toThrow(/file\.changed/);
    expect(await text(folder, 'sdkconfig')).toBe(before);
    expect(await text(folder, 'sdkconfig.defaults')).toBe('# mine now\n');
  });

  it('refuses a version.txt with several lines, the version in force, and one that CMake computes', async () => {
    const lines = await makeFolder({ 'CMakeLists.txt': cmakeLists(), 'version.txt': '1.0.0\nnotes\n' });
    await expect(bump(lines)).rejects.toThrow(/version\.notSemantic/);
    await expect(bump(lines, { kind: 'typed', version: '1.0.1' })).rejects.toThrow(/version\.multiLineFile/);
    const same = await makeFolder({ 'CMakeLists.txt': cmakeLists(), 'version.txt': '1.0.0\n' });
    await expect(bump(same, { kind: 'typed', version: '1.0.0' })).rejects.toThrow(/version\.same/);
    const computed = await makeFolder({ 'CMakeLists.txt': cmakeLists('set(PROJECT_VER "${X}")\n') });
    await expect(bump(computed)).rejects.toThrow(/version\.unknown/);
    await expect(bump(computed, { kind: 'typed', version: '2.0.0' })).rejects.toThrow(/version\.noPlace/);
  });

  it('keeps bytes that are no UTF-8', async () => {
    const head = Buffer.from('# caf\xe9\n', 'latin1');
    const folder = await makeFolder({
      'CMakeLists.txt': Buffer.concat([head, Buffer.from(cmakeLists('set(PROJECT_VER "1.0.0")\n'))]),
    });
    await bump(folder);
    expect((await readFile(join(folder, 'CMakeLists.txt'))).subarray(0, head.length).equals(head)).toBe(true);
  });
});
