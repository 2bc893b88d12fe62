import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { DisposableStore, toDisposable } from '../../src/base/disposable.ts';
import { diskFiles } from '../../src/base/files.ts';
import { flashBoard } from '../../src/flash/flash-board.ts';
import type { FlashRequest } from '../../src/flash/flash-plan.ts';
import { directoryCache, type ImageCache } from '../../src/flash/image-cache.ts';
import type { FlashProgress } from '../../src/flash/progress.ts';
import { openLeasedPort } from '../../src/serial/open-port.ts';
import { PortLeases } from '../../src/serial/port-lease.ts';
import { boardBinding } from '../../src/virtual-board/loader/line-binding.ts';
import { LOADER_TARGETS } from '../../src/virtual-board/loader/loader-chips.ts';
import { resealImage } from '../support/firmware.ts';
import { flashRig, holds, inLoader, MAC, makeBuild, MIB } from '../support/flash-rig.ts';

let store = new DisposableStore();
afterEach(() => {
  store.dispose();
  store = new DisposableStore();
});

function cacheOnDisk(): ImageCache {
  const directory = mkdtempSync(join(tmpdir(), 'flash-cache-'));
  store.add(
    toDisposable(() => {
      rmSync(directory, { recursive: true });
    }),
  );
  return directoryCache(directory, diskFiles);
}

/** The same build with three sectors of its application changed: first, middle and last. */
function withThreeSectorsChanged(build: FlashRequest): FlashRequest {
  return {
    ...build,
    files: build.files.map((file) => {
      if (file.name !== 'app') return file;
      const bytes = file.bytes.slice();
      for (const at of [0xb0, 100_000]) bytes[at] = (bytes[at] ?? 0) ^ 0x55;
      return { ...file, bytes: resealImage(bytes) };
    }),
  };
}

describe('flashing a build from nothing', () => {
  it.each(LOADER_TARGETS)('writes, verifies and starts it: %s', async (chip) => {
    const rig = await flashRig(store, { chip });
    const build = makeBuild({ target: chip });
    const progress: FlashProgress[] = [];
    const transport = await rig.open();
    const outcome = await flashBoard(transport, build, { onProgress: (step) => progress.push(step) });
    expect(outcome).toMatchObject({ end: 'done', state: { kind: 'verified' }, isRestarted: true });
    expect(outcome.chip).toMatchObject({ target: chip, mac: MAC, isStub: true, baud: 921600, flashSizeBytes: 4 * MIB });
    expect(outcome.chip?.description).toContain('ESP32');
    expect(holds(rig.flash, build)).toBe(true);
    expect(transport.isOpen).toBe(false);
    expect(rig.board.mode).not.toBe('stub');
    const phases = new Set(progress.map(({ phase }) => phase));
    expect([...phases]).toEqual([
      ...['connecting', 'identifying', 'stub', 'baud', 'comparing', 'writing', 'verifying', 'resetting'],
    ]);
    const written = progress.filter(({ phase }) => phase === 'writing');
    expect(written.at(-1)?.doneBytes).toBe(written.at(-1)?.totalBytes);
  });

  it('erases what else was there when told to, and tells the digest of each file', async () => {
    const rig = await flashRig(store, { chip: 'esp32s3' });
    rig.flash.replace(0x300000, Uint8Array.of(1, 2, 3));
    const build = makeBuild({ target: 'esp32s3' });
    const outcome = await flashBoard(await rig.open(), build, { erasesFirst: true });
    expect(outcome).toMatchObject({ end: 'done', state: { kind: 'verified' }, isRestarted: true });
    expect([...rig.flash.read(0x300000, 3)]).toEqual([0xff, 0xff, 0xff]);
    expect(holds(rig.flash, build)).toBe(true);
    const app = build.files.find(({ name }) => name === 'app');
    expect(outcome.files.find(({ name }) => name === 'app')).toMatchObject({
      md5: createHash('md5')
        .update(app?.bytes ?? '')
        .digest('hex'),
      isVerified: true,
    });
  });

  it('that is cancelled before the flash is erased leaves it as it was', async () => {
    const rig = await flashRig(store, { chip: 'esp32s3' });
    rig.flash.replace(0x300000, Uint8Array.of(1, 2, 3));
    const stop = new AbortController();
    const onProgress = ({ phase }: FlashProgress): void => {
      if (phase === 'baud') stop.abort();
    };
    const options = { erasesFirst: true, onProgress };
    const outcome = await flashBoard(await rig.open(), makeBuild({ target: 'esp32s3' }), options, stop.signal);
    expect(outcome).toMatchObject({ end: 'cancelled', state: { kind: 'untouched' } });
    expect([...rig.flash.read(0x300000, 3)]).toEqual([1, 2, 3]);
  });

  it('does the same over RFC 2217', async () => {
    const rig = await flashRig(store, { chip: 'esp32s3' }, 'rfc2217');
    const build = makeBuild({ target: 'esp32s3' });
    const outcome = await flashBoard(await rig.open(), build);
    expect(outcome).toMatchObject({ end: 'done', state: { kind: 'verified' }, isRestarted: true });
    expect(outcome.chip?.baud).toBe(921600);
    expect(holds(rig.flash, build)).toBe(true);
  });

  it('does the same through a server that carries out resets itself and acknowledges none', async () => {
    const rig = await flashRig(store, { chip: 'esp32c3' }, 'rfc2217Resetting');
    const build = makeBuild({ target: 'esp32c3' });
    const outcome = await flashBoard(await rig.open(), build);
    expect(outcome).toMatchObject({ end: 'done', state: { kind: 'verified' }, isRestarted: true });
    expect(holds(rig.flash, build)).toBe(true);
  });

  it('takes the port from the monitor and gives it back', async () => {
    const rig = await flashRig(store, { chip: 'esp32c3' });
    const leases = new PortLeases();
    const heard: string[] = [];
    const resumed = new Promise<void>((resolve, reject) => {
      const monitor = {
        holder: 'monitor',
        onYield: (requester: string) => Promise.resolve(void heard.push(`yields to ${requester}`)),
        onResume: resolve,
      };
      leases.acquire(rig.address, monitor).catch(reject);
    });
    const options = { virtual: () => boardBinding([{ path: 'board', board: rig.board }]) };
    const port = await openLeasedPort(leases, rig.address, { holder: 'flash' }, options);
    expect(await leases.holderOf(rig.address)).toBe('flash');
    const outcome = await flashBoard(port.transport, makeBuild({ target: 'esp32c3' }));
    expect(outcome.end).toBe('done');
    await resumed;
    expect(heard).toEqual(['yields to flash']);
    expect(await leases.holderOf(rig.address)).toBe('monitor');
  });

  it.each(['esp32s2', 'esp32s3', 'esp32c3', 'esp32p4'])(
    'does the same over a raw socket, and lets the chip restart itself: %s',
    async (chip) => {
      const rig = await flashRig(store, { chip }, 'socket');
      inLoader(rig);
      const build = makeBuild({ target: chip });
      const outcome = await flashBoard(await rig.open(), build);
      expect(outcome).toMatchObject({ end: 'done', state: { kind: 'verified' }, isRestarted: true });
      expect(rig.board.mode).toBe('firmware');
    },
  );

  it('does the same over a raw socket to a chip that can not, and says that it was not restarted', async () => {
    const rig = await flashRig(store, { chip: 'esp32' }, 'socket');
    inLoader(rig);
    const build = makeBuild({ target: 'esp32' });
    const outcome = await flashBoard(await rig.open(), build);
    expect(outcome).toMatchObject({ end: 'done', state: { kind: 'verified' }, isRestarted: false });
    expect(outcome.chip).toMatchObject({ baud: 0, isStub: true });
    expect(holds(rig.flash, build)).toBe(true);
    expect(rig.board.mode).toBe('stub');
  });

  it('finds the stub still running on a board that could not be restarted', async () => {
    const rig = await flashRig(store, { chip: 'esp32c6' }, 'socket');
    inLoader(rig);
    const build = makeBuild({ target: 'esp32c6' });
    await flashBoard(await rig.open(), build);
    const phases: string[] = [];
    const outcome = await flashBoard(await rig.open(), build, { onProgress: ({ phase }) => phases.push(phase) });
    expect(outcome).toMatchObject({ end: 'done', state: { kind: 'verified' } });
    expect(phases).not.toContain('stub');
  });

  it('does the same through a chip that is its own USB device, without changing the rate', async () => {
    const rig = await flashRig(store, { chip: 'esp32c3', reset: 'usbSerialJtag' });
    const build = makeBuild({ target: 'esp32c3' });
    const outcome = await flashBoard(await rig.open(), build);
    expect(outcome).toMatchObject({ end: 'done', state: { kind: 'verified' }, isRestarted: true });
    expect(outcome.chip?.baud).toBe(115200);
    expect(holds(rig.flash, build)).toBe(true);
  });

  it('gets a chip that is its own USB device out of the loader it was put into by hand', async () => {
    const rig = await flashRig(store, { chip: 'esp32s3', reset: 'usbSerialJtag' });
    inLoader(rig);
    const outcome = await flashBoard(await rig.open(), makeBuild({ target: 'esp32s3' }));
    expect(outcome).toMatchObject({ end: 'done', state: { kind: 'verified' }, isRestarted: true });
    expect(rig.board.mode).toBe('firmware');
  });

  it('writes through the ROM when the stub is not wanted', async () => {
    const rig = await flashRig(store, { chip: 'esp32s2' });
    const build = makeBuild({ target: 'esp32s2' });
    const outcome = await flashBoard(await rig.open(), build, { usesStub: false });
    expect(outcome).toMatchObject({ end: 'done', state: { kind: 'verified' }, isRestarted: true });
    expect(outcome.chip?.isStub).toBe(false);
    expect(holds(rig.flash, build)).toBe(true);
  });
});

describe('flashing again', () => {
  it('writes nothing when nothing changed, without a word of the last time', async () => {
    const rig = await flashRig(store, { chip: 'esp32c6' });
    const build = makeBuild({ target: 'esp32c6' });
    await flashBoard(await rig.open(), build);
    const outcome = await flashBoard(await rig.open(), build);
    expect(outcome).toMatchObject({ end: 'done', state: { kind: 'verified' } });
    expect(outcome.files.map(({ how, writtenBytes }) => [how, writtenBytes])).toEqual(
      build.files.map(() => ['identical', 0]),
    );
  });

  it.each([
    ['the last image is known', true, 'cache'],
    ['it is not', false, 'digests'],
  ] as const)('writes the three sectors that changed when %s', async (_name, hasCache, how) => {
    const rig = await flashRig(store, { chip: 'esp32' });
    const build = makeBuild({ target: 'esp32' });
    const options = hasCache ? { cache: cacheOnDisk() } : {};
    await flashBoard(await rig.open(), build, options);
    const next = withThreeSectorsChanged(build);
    const outcome = await flashBoard(await rig.open(), next, options);
    expect(outcome).toMatchObject({ end: 'done', state: { kind: 'verified' } });
    const app = outcome.files.find(({ name }) => name === 'app');
    expect(app).toMatchObject({ how, writtenBytes: 3 * 4096 });
    expect(holds(rig.flash, next)).toBe(true);
  });

  it('does not believe a last image that is no longer there', async () => {
    const rig = await flashRig(store, { chip: 'esp32' });
    const build = makeBuild({ target: 'esp32' });
    const cache = cacheOnDisk();
    await flashBoard(await rig.open(), build, { cache });
    rig.flash.erase(0x10000 + 8192, 4096);
    const next = withThreeSectorsChanged(build);
    const outcome = await flashBoard(await rig.open(), next, { cache });
    expect(outcome.files.find(({ name }) => name === 'app')).toMatchObject({ how: 'digests', writtenBytes: 5 * 4096 });
    expect(holds(rig.flash, next)).toBe(true);
  });

  it('writes all of it when something else is there, or when it is told to', async () => {
    const rig = await flashRig(store, { chip: 'esp32' });
    await flashBoard(await rig.open(), makeBuild({ target: 'esp32', version: '1.0.0' }));
    const other = makeBuild({ target: 'esp32', version: '2.0.0' });
    const outcome = await flashBoard(await rig.open(), other);
    expect(outcome.files.find(({ name }) => name === 'app')).toMatchObject({ how: 'all' });
    const again = await flashBoard(await rig.open(), other, { isFastReflash: false });
    expect(again.files.map(({ how }) => how)).toEqual(other.files.map(() => 'all'));
    expect(holds(rig.flash, other)).toBe(true);
  });
});
