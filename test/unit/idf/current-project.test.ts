import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { diskFiles } from '../../../src/base/files.ts';
import { CurrentProject, QUIET_MS } from '../../../src/idf/current-project.ts';
import { ProjectLoader } from '../../../src/idf/project-loader.ts';
import { ManualClock } from '../../support/hurrying-clock.ts';
import { cmakeLists, makeFolder } from './project-folder.ts';

let a: string;
let b: string;
let clock: ManualClock;
let current: CurrentProject;
/** Until it resolves, no file is looked at. */
let held: Promise<void>;
let goOn: () => void;
/** Watched at the moment, with what tells of a change. */
let watched: Map<string, () => void>;
let told: (string | undefined)[];
let failed: unknown[];
let reads: string[];
let signals: AbortSignal[];

beforeEach(async () => {
  a = await makeFolder({ 'CMakeLists.txt': cmakeLists('', 'a'), 'version.txt': '1.0.0\n' });
  b = await makeFolder({ 'CMakeLists.txt': cmakeLists('', 'b') });
  clock = new ManualClock();
  held = Promise.resolve();
  watched = new Map();
  told = [];
  failed = [];
  reads = [];
  signals = [];
  const loader = new ProjectLoader({
    ...diskFiles,
    stat: async (path) => {
      await held;
      return diskFiles.stat(path);
    },
  });
  current = new CurrentProject({
    load: (folder, signal) => {
      reads.push(folder);
      signals.push(signal);
      // one that comes to its end although it was given up
      return loader.load(folder);
    },
    watch: (folder, onChange) => {
      watched.set(folder, onChange);
      return { loaded: () => undefined, dispose: () => watched.delete(folder) };
    },
    onFailed: (error) => failed.push(error),
    clock,
  });
  current.onChange((project) => told.push(project?.name));
});
afterEach(() => {
  current.dispose();
});

function hold(): void {
  held = new Promise((resolve) => (goOn = resolve));
}

/** A file changes, and nothing more for long enough. */
async function fileEvent(folder: string): Promise<void> {
  watched.get(folder)?.();
  await clock.advance(QUIET_MS);
}

describe('the project that is worked on', () => {
  it('is the one that was chosen, from when it is read', async () => {
    await current.use(a);
    expect(current.project).toMatchObject({ folder: a, name: 'a' });
    await current.use(undefined);
    expect(current.project).toBeUndefined();
    expect(told).toEqual(['a', undefined]);
    expect([...watched.keys()]).toEqual([]);
  });

  it('is read again when its files have been quiet for a moment, and told when something has changed', async () => {
    await current.use(a);
    await fileEvent(a);
    expect(reads).toEqual([a, a]);
    expect(told).toEqual(['a']);
    await writeFile(join(a, 'version.txt'), '1.0.10\n');
    watched.get(a)?.();
    await clock.advance(QUIET_MS - 1);
    watched.get(a)?.();
    await clock.advance(QUIET_MS - 1);
    expect(reads).toEqual([a, a]);
    await clock.advance(1);
    await current.reload();
    expect(current.project?.version.value).toBe('1.0.10');
    expect(told).toEqual(['a', 'a']);
  });

  it('is there when a file changes while it is read for the first time', async () => {
    hold();
    const read = current.use(a);
    await fileEvent(a);
    goOn();
    await read;
    await current.reload();
    expect(told).toEqual(['a']);
    await fileEvent(a);
    await current.reload();
    expect(current.project).toMatchObject({ folder: a });
  });

  it('is the second one when a file of the first one changed just before', async () => {
    await current.use(a);
    watched.get(a)?.();
    hold();
    const read = current.use(b);
    await clock.advance(QUIET_MS);
    goOn();
    await read;
    await current.reload();
    expect(told).toEqual(['a', 'b']);
    expect(clock.waiting).toBe(0);
    expect([...watched.keys()]).toEqual([b]);
  });

  it('is the second one when somebody reads again while that one is read', async () => {
    await current.use(a);
    hold();
    const read = [current.use(b), current.reload()];
    goOn();
    await Promise.all(read);
    expect(told).toEqual(['a', 'b']);
  });

  it('is the first one, and watched, when that is chosen again before the second one is read', async () => {
    await current.use(a);
    hold();
    const read = [current.use(b), current.use(a)];
    goOn();
    await Promise.all(read);
    expect(told).toEqual(['a']);
    expect([...watched.keys()]).toEqual([a]);
  });

  it('is not one that was left while it was read', async () => {
    hold();
    const left = current.use(a);
    await nextTurn();
    goOn();
    await Promise.all([left, current.use(b)]);
    expect(told).toEqual(['b']);
    expect(reads).toEqual([a, b]);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
  });

  it('is none, and not the one before, when it can’t be read; that is told', async () => {
    await current.use(a);
    const other = new CurrentProject({
      load: (folder) => (folder === a ? new ProjectLoader(diskFiles).load(a) : Promise.reject(new Error('disk'))),
      watch: () => ({ loaded: () => undefined, dispose: () => undefined }),
      onFailed: (error) => failed.push(error),
    });
    await other.use(a);
    await other.use(b);
    expect(other.project).toBeUndefined();
    expect(failed).toEqual([new Error('disk')]);
  });

  it('is not read any more, and not told, once nobody works on it', async () => {
    hold();
    const read = current.use(a);
    await nextTurn();
    const change = watched.get(a);
    current.dispose();
    goOn();
    await read;
    change?.();
    expect(clock.waiting).toBe(0);
    expect(told).toEqual([]);
    expect(watched.size).toBe(0);
  });
});

describe('of the projects that there are', () => {
  it('the one that was chosen stays, also when it is not read yet', async () => {
    await current.use(a);
    hold();
    const chosen = current.use(b);
    const looked = current.choose([a, b], a);
    goOn();
    await Promise.all([chosen, looked]);
    expect(current.project?.folder).toBe(b);
  });

  it('the one remembered is taken, else the first, where the one before is gone', async () => {
    await current.choose([a, b], b);
    expect(current.project?.folder).toBe(b);
    await rm(b, { recursive: true });
    await current.choose([a], b);
    expect(current.project?.folder).toBe(a);
    await current.choose([]);
    expect(told).toEqual(['b', 'a', undefined]);
  });
});
