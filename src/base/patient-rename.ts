import { rename } from 'node:fs/promises';
import { sleep } from './abort.ts';
import { systemClock, type Clock } from './clock.ts';
import { systemCode } from './ota-error.ts';

/** What Windows says while an editor, an indexer or a virus scanner has the file open: mostly for some milliseconds. */
const HELD = new Set(['EPERM', 'EACCES', 'EBUSY']);
const WAITS_MS = [10, 20, 50, 100, 200];

interface RenameWorld {
  readonly platform: NodeJS.Platform;
  readonly rename: (from: string, to: string) => Promise<void>;
  readonly clock: Clock;
}

/** Renames over a file that may be there. On Windows tries some times more when another program has it open at the moment.
 * @throws what `rename` of Node throws
 * @see Node.js 22 `fs.rename`, Win32 `MoveFileEx`: ERROR_ACCESS_DENIED and ERROR_SHARING_VIOLATION for a file that is open */
export async function patientRename(
  from: string,
  to: string,
  world: RenameWorld = { platform: process.platform, rename, clock: systemClock },
): Promise<void> {
  const waits = world.platform === 'win32' ? [...WAITS_MS] : [];
  for (;;) {
    try {
      await world.rename(from, to);
      return;
    } catch (error) {
      const waitMs = HELD.has(systemCode(error) ?? '') ? waits.shift() : undefined;
      if (waitMs === undefined) throw error;
      await sleep(waitMs, undefined, world.clock);
    }
  }
}
