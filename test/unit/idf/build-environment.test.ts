import { describe, expect, it } from 'vitest';
import { findBuildInvocation, type BuildSources } from '../../../src/idf/build-environment.ts';

const NOTHING: BuildSources = {
  command: '',
  idfPath: '',
  idfPathVariable: undefined,
  espIdfExtensionPath: undefined,
  platform: 'linux',
};

describe('how a project is built', () => {
  it('is by the command of the settings, in the project’s own environment', () => {
    expect(findBuildInvocation({ ...NOTHING, command: ' make all ' })).toEqual({
      commandLine: 'make all',
      environment: {},
      source: 'command',
    });
  });

  it('runs a script with the Node.js that is at hand, by its path and with no shell between', () => {
    const command = ' ${node} tools/build.mjs --name "two words" ';
    expect(findBuildInvocation({ ...NOTHING, command, node: '/my apps/code' })).toEqual({
      commandLine: "'/my apps/code' 'tools/build.mjs' '--name' 'two words'",
      environment: { ELECTRON_RUN_AS_NODE: '1' },
      program: { path: '/my apps/code', args: ['tools/build.mjs', '--name', 'two words'] },
      source: 'command',
    });
    expect(findBuildInvocation({ ...NOTHING, command })?.program?.path).toBe(process.execPath);
  });

  it('gives the command of the settings the ESP-IDF that is known', () => {
    expect(findBuildInvocation({ ...NOTHING, command: 'make', idfPathVariable: '/opt/idf' })?.environment).toEqual({
      IDF_PATH: '/opt/idf',
    });
  });

  it('prefers the path of the settings, then IDF_PATH, then the ESP-IDF extension', () => {
    const all = { ...NOTHING, idfPath: '/set', idfPathVariable: '/env', espIdfExtensionPath: '/ext' };
    expect(findBuildInvocation(all)).toMatchObject({
      commandLine: ". '/set/export.sh' && idf.py build",
      source: 'setting',
    });
    expect(findBuildInvocation({ ...all, idfPath: ' ' })).toMatchObject({
      environment: { IDF_PATH: '/env' },
      source: 'IDF_PATH',
    });
    expect(findBuildInvocation({ ...all, idfPath: '', idfPathVariable: '' })).toMatchObject({
      source: 'espIdfExtension',
    });
  });

  it('quotes a path for the shell it goes to', () => {
    expect(findBuildInvocation({ ...NOTHING, idfPath: "/o'clock/my idf" })?.commandLine).toBe(
      ". '/o'\\''clock/my idf/export.sh' && idf.py build",
    );
    expect(findBuildInvocation({ ...NOTHING, idfPath: 'C:\\my idf', platform: 'win32' })?.commandLine).toBe(
      'call "C:\\my idf\\export.bat" && idf.py build',
    );
  });

  it('is given to a shell that reads the line; the user’s own line to their own', () => {
    const shellOn = (platform: NodeJS.Platform): unknown =>
      findBuildInvocation({ ...NOTHING, idfPath: '/idf', platform })?.shell;
    expect(shellOn('win32')).toEqual({ path: 'cmd.exe', args: ['/d', '/c'] });
    expect(shellOn('linux')).toEqual({ path: 'bash', args: ['-c'] });
    expect(shellOn('darwin')).toEqual({ path: '/bin/zsh', args: ['-l', '-c'] });
    expect(findBuildInvocation({ ...NOTHING, idfPath: '/idf', command: 'make' })).not.toHaveProperty('shell');
  });

  it('builds where the ESP-IDF extension does, but a command of the user’s own knows its place', () => {
    const elsewhere = { ...NOTHING, buildFolder: "/out/it's here" };
    expect(findBuildInvocation({ ...elsewhere, idfPath: '/idf' })?.commandLine).toBe(
      ". '/idf/export.sh' && idf.py -B '/out/it'\\''s here' build",
    );
    expect(findBuildInvocation({ ...elsewhere, idfPath: '/idf', command: 'make' })?.commandLine).toBe('make');
  });

  it('is unknown when there is neither a command nor an ESP-IDF', () => {
    expect(findBuildInvocation(NOTHING)).toBeUndefined();
  });
});
