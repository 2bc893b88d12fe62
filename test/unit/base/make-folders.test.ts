import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { makeFolders } from '../../../src/base/make-folders.ts';

const folder = mkdtempSync(join(tmpdir(), 'make-folders-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('making folders', () => {
  it('makes those above too, with their mode, and leaves what is there', async () => {
    const deep = join(folder, 'a', 'b', 'c');
    await Promise.all([makeFolders(deep, 0o700), makeFolders(deep, 0o700), makeFolders(join(folder, 'a', 'x'), 0o700)]);
    await makeFolders(deep, 0o700);
    expect(statSync(deep).isDirectory()).toBe(true);
    if (process.platform !== 'win32') expect(statSync(join(folder, 'a')).mode & 0o777).toBe(0o700);
  });

  it('tells the system’s error where a file is in the way', async () => {
    writeFileSync(join(folder, 'file'), '');
    await expect(makeFolders(join(folder, 'file'))).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(makeFolders(join(folder, 'file', 'below'))).rejects.toThrow(/ENOTDIR|ENOENT|EEXIST/);
  });

  it.runIf(existsSync('/proc/self'))(
    'comes to an end where the system says that a folder that is there is not',
    async () => {
      await expect(makeFolders('/proc/not-there/below')).rejects.toMatchObject({ code: 'ENOENT' });
    },
  );
});
