import { createHash, randomBytes } from 'node:crypto';
import { open, readFile, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { sleep } from '../base/abort.ts';
import { systemClock, type Clock } from '../base/clock.ts';
import type { Disposable } from '../base/disposable.ts';
import { makeFolders } from '../base/make-folders.ts';
import { OtaError, systemCode } from '../base/ota-error.ts';

/** Who holds a port, as it stands in the lock file. */
export interface LockHolder {
  readonly pid: number;
  readonly windowId: string;
  /** What the window does with the port: an id such as `monitor`. */
  readonly holder: string;
}

export interface WindowLockOptions {
  /** Made if it is not there; the same for all windows of this user on this machine. */
  readonly directory: string;
  readonly windowId: string;
  readonly pid?: number;
  /** Default: asks the system. */
  readonly isAlive?: (pid: number) => boolean;
  /** When a process was started, in any form that tells it from a later one of its number; empty where that is not known. Default: asks the
   * system, which tells on Linux only. */
  readonly startOf?: (pid: number) => Promise<string>;
  readonly clock?: Clock;
  readonly signal?: AbortSignal | undefined;
}

/** A file that can't be read as a lock is one that is just being written, or what a crash left: it counts until it is this old. */
const HALF_WRITTEN_MS = 10_000;
/** Another window is just removing a stale lock: wait so long, look so often. */
const BREAKING_MS = 10;
const MAX_ATTEMPTS = 50;
/** Where the system does not tell a process from a later one of its number, a lock is touched so often while it is held. */
const TOUCH_MS = 5000;
/** One that was not touched for so long is watched for longer than until the next touch: after the computer was asleep all are old for a moment. */
const UNTOUCHED_MS = 15_000;
const WATCHED_MS = TOUCH_MS + 1000;

/** Holds a port against the editor's other windows, by a file that exists while it is held. A file whose process has ended counts for
 * nothing.
 * @returns what releases it; it never rejects
 * @throws {OtaError} `serial.otherWindow`, `file.unwritable`, `cancelled` */
export async function lockAgainstWindows(
  address: string,
  key: string,
  holder: string,
  options: WindowLockOptions,
): Promise<() => Promise<void>> {
  const { directory, windowId, pid = process.pid, startOf = systemStartOf, clock = systemClock } = options;
  const path = join(directory, `${createHash('sha256').update(key).digest('hex').slice(0, 24)}.lock`);
  const token = randomBytes(8).toString('hex');
  const started = await startOf(pid);
  const content = JSON.stringify({ pid, started, windowId, holder, address, token });
  try {
    await makeFolders(directory, 0o700);
    for (let attempt = 1; ; attempt++) {
      if (await createFile(path, content)) {
        const touching = started === '' ? touch(path, content, clock) : undefined;
        return () => {
          touching?.dispose();
          return removeOwn(path, content);
        };
      }
      const found = await readLock(path);
      if (found === undefined) {
        // given back meanwhile; or a link to nothing, which is there and can't be read
        if (attempt < MAX_ATTEMPTS) continue;
        throw new OtaError('file.unwritable', { path, reason: 'EEXIST' });
      }
      if (attempt < MAX_ATTEMPTS && (await isStale(path, found, options))) {
        await removeStale(path, found.text);
        continue;
      }
      throw new OtaError('serial.otherWindow', {
        address,
        holder: found.holder?.holder ?? '',
        windowId: found.holder?.windowId ?? '',
        holderPid: found.holder?.pid ?? 0,
      });
    }
  } catch (error) {
    if (error instanceof OtaError) throw error;
    throw new OtaError('file.unwritable', { path, reason: systemCode(error) ?? String(error) }, { cause: error });
  }
}

async function createFile(path: string, content: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(content);
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  }
}

interface FoundLock {
  readonly text: string;
  readonly modifiedMs: number;
  readonly holder: (LockHolder & { readonly started: string }) | undefined;
}

async function readLock(path: string): Promise<FoundLock | undefined> {
  try {
    const text = await readFile(path, 'utf8');
    const { mtimeMs } = await stat(path);
    return { text, modifiedMs: mtimeMs, holder: parseLock(text) };
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function parseLock(text: string): FoundLock['holder'] {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return undefined;
    const { pid, windowId, holder, started } = value as Record<string, unknown>;
    if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid < 1) return undefined;
    if (typeof windowId !== 'string' || typeof holder !== 'string') return undefined;
    return { pid, windowId, holder, started: typeof started === 'string' ? started : '' };
  } catch {
    return undefined;
  }
}

/** Whether a lock counts for nothing. */
async function isStale(path: string, found: FoundLock, options: WindowLockOptions): Promise<boolean> {
  const { isAlive = isProcessAlive, startOf = systemStartOf, clock = systemClock, signal } = options;
  const { holder, text, modifiedMs } = found;
  const ageMs = Date.now() - modifiedMs;
  if (holder === undefined) return ageMs > HALF_WRITTEN_MS;
  if (!isAlive(holder.pid)) return true;
  if (holder.started !== '') {
    const started = await startOf(holder.pid);
    return started !== '' && started !== holder.started;
  }
  if (Math.abs(ageMs) < UNTOUCHED_MS) return false;
  await sleep(WATCHED_MS, signal, clock);
  const later = await readLock(path);
  return later === undefined || (later.text === text && later.modifiedMs === modifiedMs);
}

/** Shows again and again that the process that has the lock lives. */
function touch(path: string, content: string, clock: Clock): Disposable {
  let timer: Disposable | undefined;
  let isOver = false;
  const touchOnce = async (): Promise<void> => {
    const now = new Date(clock.now());
    if ((await readFile(path, 'utf8')) === content) await utimes(path, now, now);
  };
  const touchLater = (): void => {
    if (isOver) return;
    timer = clock.after(
      TOUCH_MS,
      () =>
        void touchOnce()
          .catch(() => undefined)
          .then(touchLater),
    );
  };
  touchLater();
  return {
    dispose: () => {
      isOver = true;
      timer?.dispose();
    },
  };
}

/** Removes a lock that counts for nothing, if it is still the one that was read. Only one window at a time does so: what it reads then stays
 * as it is, since its process has ended and everybody else only makes a lock where there is none. */
async function removeStale(path: string, text: string): Promise<void> {
  const breaking = `${path}.break`;
  if (!(await createFile(breaking, ''))) {
    const age = await stat(breaking).catch(() => undefined);
    if (age !== undefined && Date.now() - age.mtimeMs > HALF_WRITTEN_MS) await rm(breaking, { force: true });
    await sleep(BREAKING_MS);
    return;
  }
  try {
    if ((await readFile(path, 'utf8').catch(() => undefined)) === text) await rm(path, { force: true });
  } finally {
    await rm(breaking, { force: true });
  }
}

async function removeOwn(path: string, content: string): Promise<void> {
  const now = await readFile(path, 'utf8').catch(() => '');
  if (now === content) await rm(path, { force: true }).catch(() => undefined);
}

function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}

/** When a process was started, in the kernel's ticks; empty where the system does not tell. Tells a process from a later one of its number.
 * @see Linux `proc_pid_stat(5)`, field 22 */
async function systemStartOf(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // the name in field 2 may have blanks and brackets
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}
