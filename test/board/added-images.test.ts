import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { diskFiles } from '../../src/base/files.ts';
import { AddedImages } from '../../src/ota/added-images.ts';
import { ReleaseStore } from '../../src/server/release-store.ts';
import { useBuiltExample } from '../support/built-example.ts';
import { caught } from '../support/caught.ts';

const example = useBuiltExample();

let releases: ReleaseStore;
let images: AddedImages;
let path: string;
/** Of the files that are watched. */
let changes: Map<string, () => void>;
let failed: unknown[];
let published: string[];
/** Until it resolves, nothing is read. */
let held: Promise<void>;
let reads: number;
let looks: number;

beforeEach(() => {
  path = join(mkdtempSync(join(example.folder, 'added-')), 'other.bin');
  write(1);
  releases = new ReleaseStore();
  changes = new Map();
  failed = [];
  published = [];
  held = Promise.resolve();
  reads = 0;
  looks = 0;
  images = new AddedImages({
    releases,
    files: {
      ...diskFiles,
      stat: async (name) => {
        const stat = await diskFiles.stat(name);
        looks += 1;
        return stat;
      },
      read: async (name) => {
        const bytes = await diskFiles.read(name);
        reads += 1;
        await held;
        return bytes;
      },
    },
    watch: (name, onChange) => {
      changes.set(name, onChange);
      return { dispose: () => changes.delete(name) };
    },
    onPublished: ({ sha256 }) => published.push(sha256),
    onFailed: (error) => failed.push(error),
  });
});
afterEach(() => {
  images.dispose();
});

/** An application, with a last byte that tells it from others. */
function write(last: number): void {
  const bytes = readFileSync(join(example.project, 'build/simple_ota.bin'));
  writeFileSync(path, Buffer.concat([bytes, Buffer.from([last])]));
}

/** The last byte of what is served. */
function served(): number | undefined {
  const found = releases.resolve('/other.bin');
  return found === undefined || found.kind === 'manifest' ? undefined : found.release.bytes.at(-1);
}

describe('an image that is served beside the project’s', () => {
  it('is served until it is taken away', async () => {
    expect(await images.add(path)).toMatchObject({ name: 'other.bin', project: 'simple_ota' });
    expect(images.list).toEqual([{ path, name: 'other.bin' }]);
    images.remove(path);
    expect(served()).toBeUndefined();
    expect(images.list).toEqual([]);
    expect(changes.size).toBe(0);
  });

  it('is published again whenever it is written, the last one last', async () => {
    await images.add(path);
    write(2);
    changes.get(path)?.();
    write(3);
    changes.get(path)?.();
    await expect.poll(served).toBe(3);
    expect(published.length).toBeGreaterThan(1);
  });

  it('is not served again by a publication that was under way when it was taken away', async () => {
    await images.add(path);
    let goOn = (): void => undefined;
    held = new Promise((resolve) => (goOn = resolve));
    write(2);
    const before = reads;
    changes.get(path)?.();
    await expect.poll(() => reads).toBe(before + 1);
    images.remove(path);
    goOn();
    await nextTurn();
    expect(served()).toBeUndefined();
    expect(published).toHaveLength(1);
    expect(failed).toEqual([]);
  });

  it('stays as it was while it is not there, or no image, of which the latter is told', async () => {
    await images.add(path);
    rmSync(path);
    changes.get(path)?.();
    await expect.poll(() => looks).toBe(1);
    writeFileSync(path, 'half');
    changes.get(path)?.();
    await expect.poll(() => failed).toMatchObject([{ code: 'publish.notAnApp' }]);
    expect(served()).toBe(1);
  });

  it('is none when it can’t be published, and is watched from when it is', async () => {
    rmSync(path);
    await caught(images.add(path), 'file.unreadable');
    expect(images.list).toEqual([]);
    expect(changes.size).toBe(0);
  });
});
