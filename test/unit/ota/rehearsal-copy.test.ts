import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { diskFiles } from '../../../src/base/files.ts';
import { buildCommandOf, copyProject } from '../../../src/ota/rehearsal-copy.ts';
import { caught } from '../../support/caught.ts';

let parent = '';
let folder = '';
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'rehearsal-copy-'));
  folder = join(parent, 'app');
  for (const path of ['app/main', 'app/build', 'app/server_certs', 'tools', '.hidden'])
    mkdirSync(join(parent, path), { recursive: true });
  writeFileSync(join(folder, 'main', 'main.c'), 'int x;');
  writeFileSync(join(folder, 'build', 'app.bin'), 'old');
  writeFileSync(join(folder, 'server_certs', 'ca_cert.pem'), 'theirs');
  writeFileSync(join(parent, 'tools', 'build.mjs'), '');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(parent, { recursive: true, force: true });
});

const project = (path = join(folder, 'server_certs', 'ca_cert.pem')): Parameters<typeof copyProject>[0] => ({
  folder,
  buildFolders: [join(folder, 'build')],
  certificate: { path, isEmbedded: true },
});

describe('a copy of a project for a rehearsal', () => {
  it('has the sources with our certificate, what lies beside them, and no build; the project stays as it is', async () => {
    const copy = await copyProject(project(), 'ours', diskFiles);
    expect(readFileSync(join(copy.folder, 'main', 'main.c'), 'utf8')).toBe('int x;');
    expect(readFileSync(join(copy.folder, 'server_certs', 'ca_cert.pem'), 'utf8')).toBe('ours');
    expect(existsSync(join(copy.folder, 'build'))).toBe(false);
    expect(existsSync(join(copy.folder, '..', 'tools', 'build.mjs'))).toBe(true);
    expect(existsSync(join(copy.folder, '..', '.hidden'))).toBe(false);
    expect(readFileSync(join(folder, 'server_certs', 'ca_cert.pem'), 'utf8')).toBe('theirs');
    await copy.remove();
    expect(existsSync(copy.folder)).toBe(false);
    expect(readdirSync(join(parent, 'tools'))).toEqual(['build.mjs']);
  });

  it('takes the place that the firmware embeds from, inside of the project only', async () => {
    const own = await copyProject(project(join(folder, 'certs', 'root.pem')), 'ours', diskFiles);
    expect(readFileSync(join(own.folder, 'certs', 'root.pem'), 'utf8')).toBe('ours');
    await own.remove();
    const dotted = await copyProject(project(join(folder, '..certs', 'root.pem')), 'ours', diskFiles);
    expect(readFileSync(join(dotted.folder, '..certs', 'root.pem'), 'utf8')).toBe('ours');
    await dotted.remove();
    const outside = await copyProject(project(join(parent, 'root.pem')), 'ours', diskFiles);
    expect(readFileSync(join(outside.folder, 'server_certs', 'ca_cert.pem'), 'utf8')).toBe('ours');
    await outside.remove();
    expect(existsSync(join(parent, 'root.pem'))).toBe(false);
  });

  it('has its links within itself: what is written through them changes nothing of the project', async () => {
    writeFileSync(join(folder, 'sdkconfig.s3'), 'before');
    symlinkSync('sdkconfig.s3', join(folder, 'sdkconfig'), 'file');
    symlinkSync(join(folder, 'main'), join(folder, 'src'), 'junction');
    writeFileSync(join(parent, 'shared.txt'), 'before');
    symlinkSync(join('..', 'shared.txt'), join(folder, 'shared.txt'), 'file');
    symlinkSync('nowhere', join(folder, 'dangling'), 'file');
    const copy = await copyProject(project(), undefined, diskFiles);
    for (const name of ['sdkconfig', 'shared.txt', 'src/main.c']) writeFileSync(join(copy.folder, name), 'after');
    expect(readFileSync(join(copy.folder, 'sdkconfig.s3'), 'utf8')).toBe('after');
    expect(readFileSync(join(copy.folder, 'main', 'main.c'), 'utf8')).toBe('after');
    expect(readFileSync(join(folder, 'sdkconfig.s3'), 'utf8')).toBe('before');
    expect(readFileSync(join(parent, 'shared.txt'), 'utf8')).toBe('before');
    expect(readFileSync(join(folder, 'main', 'main.c'), 'utf8')).toBe('int x;');
    await copy.remove();
  });

  it.skipIf(process.platform === 'win32')('leaves out what is no file, such as a pipe', async () => {
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    const copy = await copyProject(project(), undefined, diskFiles);
    expect(readdirSync(copy.folder).sort()).toEqual(['main', 'server_certs']);
    await copy.remove();
  });

  it('says which folder can not be written when there is no place for it', async () => {
    vi.stubEnv('TMPDIR', join(parent, 'nowhere'));
    vi.stubEnv('TEMP', join(parent, 'nowhere'));
    const error = await caught(copyProject(project(), undefined, diskFiles), 'file.unwritable');
    expect(error.details).toEqual({ path: join(parent, 'nowhere'), reason: 'ENOENT' });
  });

  it('says what can not be read', async () => {
    rmSync(folder, { recursive: true });
    const error = await caught(copyProject(project(), undefined, diskFiles), 'file.unreadable');
    expect(error.details).toEqual({ path: folder, reason: 'ENOENT' });
  });

  it('is not made where the place is a link that leads out of it', async () => {
    const elsewhere = join(parent, 'elsewhere');
    mkdirSync(elsewhere);
    rmSync(join(folder, 'server_certs'), { recursive: true });
    symlinkSync(elsewhere, join(folder, 'server_certs'), 'junction');
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith('esp32-ota-rehearsal-'));
    await caught(copyProject(project(), 'ours', diskFiles), 'file.outside');
    expect(readdirSync(elsewhere)).toEqual([]);
    expect(
      readdirSync(tmpdir()).filter((name) => name.startsWith('esp32-ota-rehearsal-') && !before.includes(name)),
    ).toEqual([]);
  });
});

describe('the build command of a project', () => {
  const settings = (text: string): void => {
    mkdirSync(join(folder, '.vscode'), { recursive: true });
    writeFileSync(join(folder, '.vscode', 'settings.json'), text);
  };

  it('is found in settings with comments, and only where it is one', async () => {
    expect(await buildCommandOf(folder, diskFiles)).toBeUndefined();
    settings(
      '{\n  // "esp32Ota.build.command": "rm -rf x",\n  "esp32Ota.build.command": "make \\"all\\"", // ours\n}\n',
    );
    expect(await buildCommandOf(folder, diskFiles)).toBe('make "all"');
    settings('{ "esp32Ota.build.command": "" }');
    expect(await buildCommandOf(folder, diskFiles)).toBeUndefined();
    settings('{ "esp32Ota.build.command": 7 }');
    expect(await buildCommandOf(folder, diskFiles)).toBeUndefined();
    settings('{ "esp32Ota.build.command": "bad \\x escape" }');
    expect(await buildCommandOf(folder, diskFiles)).toBeUndefined();
  });
});
