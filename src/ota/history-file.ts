import { open, readFile, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { randomBytes } from 'node:crypto';
import { sleep } from '../base/abort.ts';
import { systemClock, type Clock } from '../base/clock.ts';
import { makeFolders } from '../base/make-folders.ts';
import { OtaError, systemCode } from '../base/ota-error.ts';

/** Whoever holds the lock writes for some milliseconds: one that is older was left by a crash. */
const STALE_MS = 10_000;
const LOOK_AGAIN_MS = 5;
/** Longer than it takes for a lock to count as left behind. */
const MOST_LOOKS = 3000;

/** Does the work while no other window, editor or program does so with the same file. Makes the file's folder.
 * @throws {OtaError} `file.unwritable`, and what the work throws */
export async function withLock<T>(path: string, work: () => Promise<T>, clock: Clock = systemClock): Promise<T> {
  const lock = `${path}.lock`;
  const token = randomBytes(8).toString('hex');
  await writing(path, async () => {
    await makeFolders(dirname(path));
    for (let look = 1; !(await create(lock, token, look >= MOST_LOOKS)); look++) {
      await removeStale(lock);
      await sleep(LOOK_AGAIN_MS, undefined, clock);
    }
  });
  try {
    return await work();
  } finally {
    const now = await readFile(lock, 'utf8').catch(() => '');
    if (now === token) await rm(lock, { force: true }).catch(() => undefined);
  }
}

/** One write of whole lines at the end, on the disk when it resolves. Behind what was written in part, they begin anew.
 * @throws {OtaError} `file.unwritable` */
export function appendFlushed(path: string, lines: string): Promise<void> {
  return writing(path, async () => {
    const file = await open(path, 'a+', 0o600);
    try {
      await file.write((await isTorn(file)) ? `\n${lines}` : lines);
      await file.datasync();
    } finally {
      await file.close();
    }
  });
}

/** @throws {OtaError} `file.unwritable` */
export function cutTo(path: string, bytes: number): Promise<void> {
  return writing(path, async () => {
    const file = await open(path, 'r+');
    try {
      await file.truncate(bytes);
      await file.datasync();
    } finally {
      await file.close();
    }
  });
}

/** How much of the file is whole lines. */
export function wholeBytesOf(bytes: Uint8Array): number {
  return bytes.lastIndexOf(0x0a) + 1;
}

/** Whether a process of this number runs. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}

async function isTorn(file: FileHandle): Promise<boolean> {
  const { size } = await file.stat();
  if (size === 0) return false;
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer[0] !== 0x0a;
}

/** False when somebody else has it. */
async function create(lock: string, token: string, isLastLook: boolean): Promise<boolean> {
  try {
    const file = await open(lock, 'wx', 0o600);
    try {
      await file.writeFile(token);
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    const code = systemCode(error) ?? '';
    // Windows refuses a file for the moment in which it goes away
    const isHeld = code === 'EEXIST' || (process.platform === 'win32' && ['EPERM', 'EACCES', 'EBUSY'].includes(code));
    if (isHeld && !isLastLook) return false;
    throw error;
  }
}

async function removeStale(lock: string): Promise<void> {
  const held = await stat(lock).catch(() => undefined);
  if (held !== undefined && Date.now() - held.mtimeMs > STALE_MS) await rm(lock, { force: true });
}

async function writing<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new OtaError('file.unwritable', { path, reason: systemCode(error) ?? String(error) }, { cause: error });
  }
}
