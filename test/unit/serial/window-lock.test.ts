import { mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PortLeases } from '../../../src/serial/port-lease.ts';
import { lockAgainstWindows, type WindowLockOptions } from '../../../src/serial/window-lock.ts';
import { caught } from '../../support/caught.ts';
import { HurryingClock, ManualClock } from '../../support/hurrying-clock.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'locks-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const lock = (windowId: string, more: Partial<WindowLockOptions> = {}) =>
  lockAgainstWindows('/dev/x', '/dev/x', 'monitor', { directory, windowId, ...more });

async function lockFile(): Promise<string> {
  const [name] = await readdir(directory);
  if (name === undefined) throw new Error('no lock');
  return join(directory, name);
}

describe('the lock against other windows', () => {
  it('names the window and the process that hold the port', async () => {
    const release = await lock('one');
    const error = await caught(lock('two'), 'serial.otherWindow');
    expect(error.details).toEqual({ address: '/dev/x', holder: 'monitor', windowId: 'one', holderPid: process.pid });
    await release();
    await release();
    expect(await readdir(directory)).toEqual([]);
    await (
      await lock('two')
    )();
  });

  it('is for its owner only', async () => {
    if (process.platform === 'win32') return; // its folder is the user's alone there
    const folder = join(directory, 'made', 'here');
    await lockAgainstWindows('/dev/x', '/dev/x', 'monitor', { directory: folder, windowId: 'one' });
    const [name = ''] = await readdir(folder);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
  });

  it('of a process that has ended counts for nothing', async () => {
    await lock('one', { pid: 4_000_000 });
    const release = await lock('two', { isAlive: (pid) => pid !== 4_000_000 });
    expect(JSON.parse(await readFile(await lockFile(), 'utf8'))).toMatchObject({ windowId: 'two' });
    await release();
    expect(await readdir(directory)).toEqual([]);
  });

  it.runIf(process.platform === 'linux')('of an earlier process of the same number counts for nothing', async () => {
    await lock('one');
    const path = await lockFile();
    const content = JSON.parse(await readFile(path, 'utf8')) as { started: string };
    await writeFile(path, JSON.stringify({ ...content, started: '1' }));
    await (
      await lock('two')
    )();
  });

  describe('where the system does not tell when a process was started', () => {
    const startOf = (): Promise<string> => Promise.resolve('');
    const makeOld = async (): Promise<void> => {
      const old = new Date(Date.now() - 60_000);
      await utimes(await lockFile(), old, old);
    };

    it('counts for nothing when its process has ended, and another one has its number', async () => {
      const clock = new HurryingClock();
      const left = new ManualClock(); // time has ended for that process
      await lock('one', { startOf, clock: left });
      await caught(lock('two', { startOf, clock }), 'serial.otherWindow');
      expect(clock.asked).toEqual([]);
      await makeOld();
      const release = await lock('two', { startOf, clock: new HurryingClock() });
      expect(JSON.parse(await readFile(await lockFile(), 'utf8'))).toMatchObject({ windowId: 'two' });
      await release();
    });

    it('counts while its process shows that it lives, also after the computer was asleep', async () => {
      const [owner, other] = [new ManualClock(), new ManualClock()];
      const release = await lock('one', { startOf, clock: owner });
      await makeOld();
      const { mtimeMs } = await stat(await lockFile());
      const asking = caught(lock('two', { startOf, clock: other }), 'serial.otherWindow');
      await expect.poll(() => other.waiting).toBe(1);
      await owner.advance(5000);
      await expect.poll(async () => (await stat(await lockFile())).mtimeMs).not.toBe(mtimeMs);
      await other.advance(6000);
      expect((await asking).details.windowId).toBe('one');
      await expect.poll(() => owner.waiting).toBe(1);
      await release();
      expect(owner.waiting).toBe(0);
    });

    it('is not waited for when what it was for is cancelled', async () => {
      await lock('one', { startOf, clock: new ManualClock() });
      await makeOld();
      const clock = new ManualClock();
      const cancel = new AbortController();
      const asking = caught(lock('two', { startOf, clock, signal: cancel.signal }), 'cancelled');
      await expect.poll(() => clock.waiting).toBe(1);
      cancel.abort();
      await asking;
    });
  });

  it('that is only half there counts for a while', async () => {
    const release = await lock('one');
    const path = await lockFile();
    await writeFile(path, '{"pid":');
    await caught(lock('two'), 'serial.otherWindow');
    const old = new Date(Date.now() - 60_000);
    await utimes(path, old, old);
    const second = await lock('two');
    await release(); // not ours any more: it stays
    expect(await readdir(directory)).toHaveLength(1);
    await second();
  });

  it.each(['null', '[]', '{"pid":-1}', '{"pid":"1"}', '{"pid":1}', '{"pid":1,"windowId":2,"holder":"x"}'])(
    'with %s in it is not a lock',
    async (text) => {
      await lock('one');
      const path = await lockFile();
      await writeFile(path, text);
      const old = new Date(Date.now() - 60_000);
      await utimes(path, old, old);
      await (
        await lock('two')
      )();
    },
  );

  it('goes to one of two windows that find a stale one at once', async () => {
    await lock('dead', { pid: 4_000_000 });
    const isAlive = (pid: number): boolean => pid !== 4_000_000;
    const tries = await Promise.allSettled(
      Array.from({ length: 8 }, (_, index) => lock(`w${index}`, { isAlive, pid: process.pid })),
    );
    expect(tries.filter((attempt) => attempt.status === 'fulfilled')).toHaveLength(1);
    expect((await readdir(directory)).filter((name) => name.endsWith('.lock'))).toHaveLength(1);
  });

  it.runIf(process.platform !== 'win32')('that is a link to nothing is a coded error, not a wait', async () => {
    const release = await lock('one');
    const path = await lockFile();
    await release();
    await symlink(join(directory, 'nowhere'), path);
    expect((await caught(lock('two'), 'file.unwritable')).details).toEqual({ path, reason: 'EEXIST' });
  });

  it('that can not be written is a coded error', async () => {
    await writeFile(join(directory, 'file'), '');
    const error = await caught(
      lockAgainstWindows('/dev/x', '/dev/x', 'monitor', { directory: join(directory, 'file'), windowId: 'one' }),
      'file.unwritable',
    );
    expect(error.details.path).toContain(directory);
  });

  it('names its holder by an id, whatever language its own window speaks', async () => {
    const one = new PortLeases({ windows: { directory, windowId: 'one' } });
    const two = new PortLeases({ windows: { directory, windowId: 'two' } });
    const port = 'socket://board:4001';
    await one.acquire(port, { holder: '正在烧录 simple_ota', lockedAs: 'flash' });
    expect((await caught(two.acquire(port, { holder: 'monitor' }), 'serial.otherWindow')).details.holder).toBe('flash');
    await one.releaseAll();
  });

  it('is held from the first lease of a window to its last, and gone on every path', async () => {
    const one = new PortLeases({ windows: { directory, windowId: 'one' } });
    const two = new PortLeases({ windows: { directory, windowId: 'two' } });
    const port = 'socket://board:4000';
    const yielding = { holder: 'monitor', onYield: () => Promise.resolve() };
    const held = await one.acquire(port, yielding);
    const flash = await one.acquire(port, { holder: 'flash' });
    expect((await caught(two.acquire(port, { holder: 'monitor' }), 'serial.otherWindow')).details.windowId).toBe('one');
    await flash.release();
    await caught(two.acquire(port, { holder: 'monitor' }), 'serial.otherWindow');
    await held.release();
    const other = await two.acquire(port, { holder: 'monitor' });
    await caught(one.acquire(port, { holder: 'monitor' }), 'serial.otherWindow');
    expect(await one.holderOf(port)).toBeUndefined();
    await other.release();
    await one.acquire(port, yielding);
    await one.releaseAll();
    expect(await readdir(directory)).toEqual([]);
  });

  it('is gone when what it was for is cancelled while it is written', async () => {
    const port = 'socket://board:4002';
    const cancel = new AbortController();
    /** Cancels at the moment the lock is about to be made. */
    const windows = {
      directory,
      get windowId() {
        cancel.abort();
        return 'one';
      },
    };
    await caught(new PortLeases({ windows }).acquire(port, { holder: 'flash', signal: cancel.signal }), 'cancelled');
    expect(await readdir(directory)).toEqual([]);
    const two = new PortLeases({ windows: { directory, windowId: 'two' } });
    await (await two.acquire(port, { holder: 'flash' })).release();
  });

  it('is none for a virtual board, which every process has for itself', async () => {
    const one = new PortLeases({ windows: { directory, windowId: 'one' } });
    const two = new PortLeases({ windows: { directory, windowId: 'two' } });
    await one.acquire('virtual://board', { holder: 'monitor' });
    await two.acquire('virtual://board', { holder: 'monitor' });
    await one.releaseAll();
    await two.releaseAll();
  });
});
