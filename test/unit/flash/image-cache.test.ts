import { mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { diskFiles } from '../../../src/base/files.ts';
import { directoryCache } from '../../../src/flash/image-cache.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'image-cache-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

const MAC = '24:0a:c4:00:00:01';

describe('the cache of last images', () => {
  it('gives what was written, by board and offset', async () => {
    const cache = directoryCache(directory, diskFiles);
    await cache.write(MAC, 0x10000, Uint8Array.of(1, 2, 3));
    expect(await cache.read(MAC.toUpperCase(), 0x10000)).toEqual(Buffer.of(1, 2, 3));
    expect(await cache.read(MAC, 0x20000)).toBeUndefined();
    expect(await cache.read('24:0a:c4:00:00:02', 0x10000)).toBeUndefined();
  });

  it('can be read by its owner only: firmware may have passwords in it', async () => {
    if (process.platform === 'win32') return; // its folder is the user's alone there
    await directoryCache(directory, diskFiles).write(MAC, 0, Uint8Array.of(1, 2, 3));
    expect(readdirSync(directory).map((name) => statSync(join(directory, name)).mode & 0o777)).toEqual([0o600]);
  });

  it('gives nothing for a file that was damaged', async () => {
    const cache = directoryCache(directory, diskFiles);
    await cache.write(MAC, 0, Uint8Array.of(1, 2, 3));
    const [name = ''] = readdirSync(directory);
    writeFileSync(join(directory, name), new Uint8Array(40));
    expect(await cache.read(MAC, 0)).toBeUndefined();
  });

  it('lets the oldest go when there is too much, and never holds what is larger than it', async () => {
    const cache = directoryCache(directory, diskFiles, 3000);
    for (let offset = 0; offset < 3; offset++) {
      await cache.write(MAC, offset, new Uint8Array(1000).fill(offset));
      for (const name of readdirSync(directory)) {
        if (name.endsWith(`${offset}.image`)) utimesSync(join(directory, name), offset + 1, offset + 1);
      }
    }
    expect(await cache.read(MAC, 0)).toBeUndefined();
    expect(await cache.read(MAC, 1)).toBeDefined();
    expect(await cache.read(MAC, 2)).toBeDefined();
    await cache.write(MAC, 9, new Uint8Array(5000));
    expect(await cache.read(MAC, 9)).toBeUndefined();
  });

  it('fails in silence: it is only a hint', async () => {
    const file = join(directory, 'file');
    writeFileSync(file, '');
    const cache = directoryCache(join(file, 'below'), diskFiles);
    await cache.write(MAC, 0, Uint8Array.of(1));
    expect(await cache.read(MAC, 0)).toBeUndefined();
  });
});
