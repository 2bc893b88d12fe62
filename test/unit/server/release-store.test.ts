import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReleaseStore } from '../../../src/server/release-store.ts';
import { canonicalPath } from '../../../src/server/release-paths.ts';
import { caught } from '../../support/caught.ts';

function bytes(fill: number): Uint8Array {
  return new Uint8Array(64).fill(fill);
}

function publication(fill: number, more: object = {}) {
  return { project: 'hello', version: `1.0.${fill}`, fileName: 'hello.bin', bytes: bytes(fill), ...more };
}

describe('the release store', () => {
  it('keeps the bytes that were published whatever becomes of the ones given', () => {
    const store = new ReleaseStore();
    const given = bytes(1);
    const release = store.publish({ ...publication(1), bytes: given });
    given.fill(9);
    expect(release.bytes).toEqual(bytes(1));
  });

  it('gives the release of the same bytes and name again, and makes it the newest', () => {
    const store = new ReleaseStore();
    const first = store.publish(publication(1));
    store.publish(publication(2));
    expect(store.publish(publication(1, { version: 'other' }))).toBe(first);
    expect(store.newest()).toEqual([first]);
    expect(store.resolve('/hello.bin')).toEqual({ kind: 'newest', release: first });
  });

  it('says when what is newest has changed, and only then', () => {
    const store = new ReleaseStore();
    const told: string[] = [];
    store.onPublished((release) => told.push(release.version));
    store.publish(publication(1));
    store.publish(publication(1));
    store.publish(publication(2));
    expect(told).toEqual(['1.0.1', '1.0.2']);
  });

  it('has a path for the newest and one for each release for ever', () => {
    const store = new ReleaseStore();
    const first = store.publish(publication(1));
    const second = store.publish(publication(2));
    expect(first.paths).toEqual({
      newest: '/hello.bin',
      pinned: `/hello/1.0.1-${first.sha256.slice(0, 8)}/hello.bin`,
    });
    expect(store.resolve('/hello.bin')?.release).toBe(second);
    expect(store.resolve(`${first.paths.pinned}?now#here`)).toEqual({ kind: 'pinned', release: first });
  });

  it('serves several names at once', () => {
    const store = new ReleaseStore();
    const app = store.publish(publication(1));
    const other = store.publish({ project: 'blink', version: '2', fileName: 'blink.bin', bytes: bytes(2) });
    expect(store.newest()).toEqual([app, other]);
    expect(store.resolve('/blink.bin')?.release).toBe(other);
  });

  it('refuses a name that another project serves', async () => {
    const store = new ReleaseStore();
    store.publish(publication(1));
    const error = await caught(() => store.publish(publication(2, { project: 'other' })), 'server.nameTaken');
    expect(error.details).toEqual({ name: 'hello.bin', project: 'other', heldByProject: 'hello' });
    expect(store.newest()).toHaveLength(1);
    await caught(() => store.publish(publication(2, { owner: '/another/folder' })), 'server.nameTaken');
    store.withdraw('other');
    expect(store.newest()).toHaveLength(1);
    store.withdraw('hello');
    expect(store.resolve('/hello.bin')).toBeUndefined();
    expect(store.publish(publication(2, { project: 'other' })).project).toBe('other');
  });

  it('keeps the newest few of each name and what is in transfer', () => {
    const store = new ReleaseStore({ keepPerName: 2 });
    const first = store.publish(publication(1));
    const hold = store.hold(first);
    const again = store.hold(first);
    const second = store.publish(publication(2));
    store.publish(publication(3));
    store.publish(publication(4));
    expect(store.resolve(first.paths.pinned)?.release).toBe(first);
    expect(store.resolve(second.paths.pinned)).toBeUndefined();
    hold.dispose();
    expect(store.find('hello.bin', first.sha256)).toBe(first);
    again.dispose();
    expect(store.resolve(first.paths.pinned)).toBeUndefined();
    expect(store.resolve('/hello.bin')?.release.version).toBe('1.0.4');
  });

  it('keeps more or fewer of each name from when it is told, the newest at least', () => {
    const store = new ReleaseStore({ keepPerName: 1 });
    store.keep(3);
    const kept = [1, 2, 3, 4].map((number) => store.publish(publication(number)));
    const served = (): (string | undefined)[] => kept.map(({ paths }) => store.resolve(paths.pinned)?.release.version);
    expect(served()).toEqual([undefined, '1.0.2', '1.0.3', '1.0.4']);
    store.keep(2);
    expect(served()).toEqual([undefined, undefined, '1.0.3', '1.0.4']);
    store.keep(0);
    expect(served()).toEqual([undefined, undefined, undefined, '1.0.4']);
  });

  it('serves the metadata of the first name, or of the one that is said to be the primary', () => {
    const store = new ReleaseStore();
    expect(store.resolve('/manifest.json')).toBeUndefined();
    const app = store.publish(publication(1, { manifest: { hello: 1 } }));
    const other = { project: 'blink', version: '2', fileName: 'blink.bin', bytes: bytes(2) };
    store.publish(other);
    expect(store.resolve('/manifest.json')).toEqual({ kind: 'manifest', release: app });
    expect(JSON.parse(app.manifest)).toEqual({ hello: 1 });
    const blink = store.publish({ ...other, isPrimary: true });
    expect(store.resolve('/manifest.json')?.release).toBe(blink);
    expect(JSON.parse(blink.manifest)).toEqual({
      project: 'blink',
      version: '2',
      file: 'blink.bin',
      size: 64,
      sha256: blink.sha256,
    });
  });

  it.each([
    '',
    '.',
    '..',
    'a/b.bin',
    'a\\b.bin',
    'manifest.json',
    'Manifest.JSON',
    'a\0.bin',
    'a\n.bin',
    'x'.repeat(201),
  ])('refuses the name "%s"', async (fileName) => {
    await caught(() => new ReleaseStore().publish(publication(1, { fileName })), 'server.nameInvalid');
  });

  it('refuses to publish nothing', async () => {
    await caught(() => new ReleaseStore().publish(publication(1, { bytes: new Uint8Array(0) })), 'server.releaseEmpty');
  });

  it('finds names with any characters under their encoded path', () => {
    const store = new ReleaseStore();
    const release = store.publish(publication(1, { fileName: '固件 (1)+#?%.bin', project: '..', version: '1/../2' }));
    expect(release.paths.newest).toMatch(/^\/[!-~]+$/);
    expect(release.paths.pinned).toMatch(/^\/__\/1%2F\.\.%2F2-[\da-f]{8}\/[!-~]+$/);
    expect(store.resolve(release.paths.newest)?.release).toBe(release);
    expect(store.resolve(release.paths.pinned)?.release).toBe(release);
    expect(store.resolve(new URL(release.paths.pinned, 'http://host').pathname)?.release).toBe(release);
  });
});

describe('a request target', () => {
  it.each([
    ['/hello.bin', '/hello.bin'],
    ['/hello%2Ebin', '/hello.bin'],
    ['/hello.bin?version=1&x=/../y', '/hello.bin'],
    ['http://anyone:1/hello.bin', '/hello.bin'],
    ['/a%2f..%2fb', '/a%2F..%2Fb'],
    ['http://host', '/'],
  ])('%s is looked up as %s', (target, path) => {
    expect(canonicalPath(target)).toBe(path);
  });

  it.each(['*', 'host:443', '', 'hello.bin', '/%', '/%zz', '/%ff', '/%c0%ae', `/${'a'.repeat(3000)}`])(
    '"%s" is no path',
    (target) => {
      expect(canonicalPath(target)).toBeUndefined();
    },
  );

  it.each([
    '/../etc/passwd',
    '/%2e%2e/etc/passwd',
    '//hello.bin',
    '/hello.bin/',
    '/HELLO.bin',
    '/hello.bin%00',
    '/./hello.bin',
    '/x/../hello.bin',
  ])('%s finds nothing', (target) => {
    const store = new ReleaseStore();
    store.publish(publication(1));
    expect(store.resolve(target)).toBeUndefined();
  });

  it('is looked up or refused whatever it is', () => {
    const store = new ReleaseStore();
    const release = store.publish(publication(1));
    const target = fc.oneof(
      fc.string(),
      fc.webPath(),
      fc.string().map((text) => `/${text}`),
    );
    fc.assert(
      fc.property(target, (text) => {
        const found = store.resolve(text);
        if (found !== undefined) expect(found.release).toBe(release);
      }),
      { numRuns: Number(process.env['ESP32_OTA_FUZZ_RUNS'] ?? 2000) },
    );
  });
});
