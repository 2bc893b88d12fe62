import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { patientRename } from '../../../src/base/patient-rename.ts';
import { HurryingClock } from '../../support/hurrying-clock.ts';

describe('renaming over a file', () => {
  /** Another program has the file open for the first tries. */
  const renamed = async (options: { platform: NodeJS.Platform; tries: number; code: string }) => {
    const folder = await mkdtemp(join(tmpdir(), 'rename-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const [from, to] = [join(folder, 'from'), join(folder, 'to')];
    await writeFile(from, 'new');
    await writeFile(to, 'old');
    const clock = new HurryingClock();
    let tries = 0;
    const work = patientRename(from, to, {
      platform: options.platform,
      clock,
      rename: async (one, other) => {
        if (tries++ < options.tries) throw Object.assign(new Error(options.code), { code: options.code });
        await rename(one, other);
      },
    });
    return {
      error: await work.then(
        () => undefined,
        (error: unknown) => error,
      ),
      tries,
      text: await readFile(to, 'utf8'),
    };
  };

  it.each(['EPERM', 'EACCES', 'EBUSY'])('waits a moment for %s on Windows', async (code) => {
    expect(await renamed({ platform: 'win32', tries: 3, code })).toEqual({ error: undefined, tries: 4, text: 'new' });
  });

  it('gives up when the file stays open', async () => {
    const { error, text } = await renamed({ platform: 'win32', tries: Infinity, code: 'EBUSY' });
    expect(error).toMatchObject({ code: 'EBUSY' });
    expect(text).toBe('old');
  });

  it('does not wait for anything else, and nowhere else', async () => {
    expect(await renamed({ platform: 'win32', tries: 1, code: 'ENOSPC' })).toMatchObject({ tries: 1, text: 'old' });
    expect(await renamed({ platform: 'linux', tries: 1, code: 'EACCES' })).toMatchObject({ tries: 1, text: 'old' });
  });
});
