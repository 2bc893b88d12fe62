import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { diskFiles, isWithin, nameWithin } from '../../../src/base/files.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'files-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('the real disk', () => {
  it('reads no device and no pipe, whatever link leads there', async () => {
    if (process.platform === 'win32') return; // it has none in its file system
    symlinkSync('/dev/zero', join(folder, 'sdkconfig'));
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    for (const name of ['sdkconfig', 'pipe']) {
      const path = join(folder, name);
      for (const read of [() => diskFiles.read(path), () => diskFiles.readText(path)])
        await expect(read()).rejects.toMatchObject({ code: 'file.unreadable', details: { reason: 'notAFile' } });
    }
  });

  it('reads no file that would not fit into memory', async () => {
    const path = join(folder, 'large');
    writeFileSync(path, '');
    truncateSync(path, 600 * 1024 * 1024);
    await expect(diskFiles.read(path)).rejects.toMatchObject({ details: { reason: 'EFBIG' } });
  });

  it('tells where a path leads', async () => {
    const real = (await diskFiles.realPath(folder)) ?? '';
    writeFileSync(join(folder, 'file'), '');
    symlinkSync(join(folder, 'file'), join(folder, 'link'));
    expect(await diskFiles.realPath(join(folder, 'link'))).toBe(join(real, 'file'));
    expect(await diskFiles.realPath(join(folder, 'no'))).toBeUndefined();
  });

  it('gives undefined for what is not there, also below a file', async () => {
    writeFileSync(join(folder, 'file'), '');
    expect(await diskFiles.read(join(folder, 'no'))).toBeUndefined();
    expect(await diskFiles.readText(join(folder, 'file', 'below'))).toBeUndefined();
    expect(await diskFiles.stat(join(folder, 'no'))).toBeUndefined();
    expect(await diskFiles.list(join(folder, 'no'))).toEqual([]);
    expect(await diskFiles.backUp(join(folder, 'no'))).toBeUndefined();
  });

  it('names the path and the reason of what can not be read', async () => {
    await expect(diskFiles.read(folder)).rejects.toMatchObject({
      code: 'file.unreadable',
      details: { path: folder, reason: 'EISDIR' },
    });
  });

  it('replaces a file in one step and leaves nothing beside it', async () => {
    const path = join(folder, 'deep', 'er', 'version.txt');
    await diskFiles.writeAtomic(path, '1.0.0\n');
    await diskFiles.writeAtomic(path, '1.1.0\n');
    expect(readFileSync(path, 'utf8')).toBe('1.1.0\n');
    expect(readdirSync(join(folder, 'deep', 'er'))).toEqual(['version.txt']);
  });

  it('leaves the old file and nothing else when it can not write', async () => {
    const path = join(folder, 'taken');
    writeFileSync(join(folder, 'taken'), 'old');
    await expect(diskFiles.writeAtomic(join(path, 'below'), 'new')).rejects.toMatchObject({ code: 'file.unwritable' });
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['taken']);
  });

  it('writes a secret for its owner only, and keeps the permissions of a file that it replaces', async () => {
    const secret = join(folder, 'key.pem');
    await diskFiles.writeAtomic(secret, 'secret', 0o600);
    expect(statSync(secret).mode & 0o777).toBe(0o600);
    const script = join(folder, 'run.sh');
    writeFileSync(script, '');
    chmodSync(script, 0o755);
    await diskFiles.writeAtomic(script, '#!/bin/sh\n');
    expect(statSync(script).mode & 0o777).toBe(0o755);
  });

  it('never overwrites a backup', async () => {
    const path = join(folder, 'ca_cert.pem');
    writeFileSync(path, 'theirs');
    const backups = [await diskFiles.backUp(path), await diskFiles.backUp(path), await diskFiles.backUp(path)];
    expect(new Set(backups).size).toBe(3);
    for (const backup of backups) expect(readFileSync(backup ?? '', 'utf8')).toBe('theirs');
    expect(backups[0]).toMatch(/ca_cert\.pem\.\d{8}-\d{6}\.bak$/);
  });

  it('removes a file, and does not mind when it is gone', async () => {
    const path = join(folder, 'a');
    writeFileSync(path, '');
    await diskFiles.remove(path);
    await diskFiles.remove(path);
    expect(existsSync(path)).toBe(false);
  });
});

describe('a path within a folder', () => {
  it.each([
    ['/srv/a/p', true],
    ['/srv/a/p/build/x.log', true],
    ['/srv/a/p/..x', true],
    ['/srv/a/p/../q', false],
    ['/srv/a', false],
    ['/srv/a/pp/x', false],
    ['/etc/passwd', false],
  ])('%s: %s', (path, expected) => {
    expect(isWithin(path, '/srv/a/p')).toBe(expected);
  });

  it.each([
    ['/srv/a/p/certs/ca.pem', 'certs/ca.pem'],
    ['/srv/a/p/..certs/ca.pem', '..certs/ca.pem'],
    ['/srv/a/pp/ca.pem', '/srv/a/pp/ca.pem'],
    ['/srv/a/shared/ca.pem', '/srv/a/shared/ca.pem'],
  ])('%s is named %s', (path, expected) => {
    expect(nameWithin(path, '/srv/a/p')).toBe(expected);
  });
});
