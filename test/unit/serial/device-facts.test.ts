import { mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findHolder, permissionOf } from '../../../src/serial/device-facts.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'facts-'));
  await writeFile(join(root, 'tty'), '', { mode: 0o660 });
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

describe.skipIf(process.platform === 'win32')('the facts of a device', () => {
  it('say which process has it open, also by a link', async () => {
    await mkdir(join(root, 'proc/42/fd'), { recursive: true });
    await mkdir(join(root, 'proc/43/fd'), { recursive: true });
    await mkdir(join(root, 'proc/self'), { recursive: true });
    await writeFile(join(root, 'proc/42/comm'), 'minicom\n');
    await symlink('/dev/null', join(root, 'proc/43/fd/0'));
    await symlink(join(root, 'tty'), join(root, 'proc/42/fd/5'));
    await symlink(join(root, 'tty'), join(root, 'by-id'));
    const holder = { name: 'minicom', pid: 42 };
    expect(await findHolder(join(root, 'tty'), join(root, 'proc'))).toEqual(holder);
    expect(await findHolder(join(root, 'by-id'), join(root, 'proc'))).toEqual(holder);
  });

  it('leave the process open where the system does not tell', async () => {
    expect(await findHolder(join(root, 'tty'), join(root, 'none'))).toBeUndefined();
    await mkdir(join(root, 'proc/42'), { recursive: true });
    expect(await findHolder(join(root, 'none'), join(root, 'proc'))).toBeUndefined();
  });

  it('say which group may open it, and whether the user is in it', async () => {
    const { gid } = await stat(join(root, 'tty'));
    await writeFile(join(root, 'group'), `root:x:99999:\ndialout:x:${gid}:somebody,${userInfo().username}\n`);
    expect(await permissionOf(join(root, 'tty'), join(root, 'group'))).toMatchObject({
      group: 'dialout',
      isMember: true,
      isActive: true,
    });
    await writeFile(join(root, 'group'), `dialout:x:${gid}:somebody\n`);
    expect(await permissionOf(join(root, 'tty'), join(root, 'group'))).toMatchObject({
      group: 'dialout',
      isMember: false,
    });
    expect(await permissionOf(join(root, 'tty'), join(root, 'none'))).toMatchObject({ group: String(gid) });
    expect((await permissionOf(join(root, 'tty'))).mode).toMatch(/^6\d0$/);
  });

  it('are empty when there is nothing', async () => {
    expect(await permissionOf(join(root, 'none'))).toEqual({ group: '', isMember: false, isActive: false, mode: '' });
  });
});
