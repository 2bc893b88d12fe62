import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock, type Clock } from '../../../src/base/clock.ts';
import { diskFiles, type FileStore } from '../../../src/base/files.ts';
import type { DeliveryRecord } from '../../../src/ota/delivery.ts';
import { formatRecord, parseRecord } from '../../../src/ota/history-records.ts';
import { UpdateHistory, type HistoryOptions } from '../../../src/ota/history.ts';
import { caught } from '../../support/caught.ts';

let folder = '';
let path = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'history-'));
  path = join(folder, 'deep', 'updates.jsonl');
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const open = (keep = 100): Promise<UpdateHistory> => UpdateHistory.open({ path, files: diskFiles, keep });

function begin(id: string, atMs: number): DeliveryRecord {
  return { t: 'begin', id, atMs, kind: 'delivery', project: 'blink' };
}

function end(id: string, atMs: number): DeliveryRecord {
  return { t: 'end', id, atMs, end: { kind: 'finished' } };
}

function work(id: string): DeliveryRecord {
  return { t: 'work', id, work: { id: 'build', outcome: 'done', startedMs: 1, endedMs: 2, note: '1.1.0' } };
}

async function delivered(history: UpdateHistory, id: string, atMs: number): Promise<void> {
  for (const record of [begin(id, atMs), work(id), end(id, atMs + 1)]) await history.append(record);
}

describe('the history of updates', () => {
  it('is empty where there is no file, and makes it with its folder', async () => {
    const history = await open();
    expect(history.deliveries).toEqual([]);
    await delivered(history, 'a', 1);
    expect((await open()).deliveries).toEqual(history.deliveries);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('shows the newest first', async () => {
    const history = await open();
    await delivered(history, 'old', 1);
    await delivered(history, 'new', 10);
    expect((await open()).deliveries.map((one) => one.id)).toEqual(['new', 'old']);
  });

  it('calls what never ended interrupted, but not what goes on in this window', async () => {
    const history = await open();
    await history.append(begin('a', 1));
    await history.append({ t: 'work', id: 'a', work: { id: 'build', outcome: 'running', startedMs: 1 } });
    expect(history.deliveries[0]?.end).toBeUndefined();
    const [again] = (await open()).deliveries;
    expect(again?.end).toEqual({ kind: 'interrupted' });
    expect(again?.work).toEqual([{ id: 'build', outcome: 'cancelled', startedMs: 1 }]);
  });

  it('takes off a line that was cut anywhere, and goes on behind the last whole one', async () => {
    const history = await open();
    await delivered(history, 'a', 1);
    const wholeBytes = statSync(path).size;
    await delivered(history, 'b', 2);
    const allBytes = statSync(path).size;
    for (let bytes = wholeBytes + 1; bytes < allBytes; bytes++) {
      const all = readFileSync(path);
      truncateSync(path, bytes);
      const torn = await open();
      expect(torn.find('a')?.end).toEqual({ kind: 'finished' });
      expect(readFileSync(path, 'utf8').endsWith('\n')).toBe(true);
      await torn.append(begin('c', 3));
      expect((await open()).deliveries[0]?.id).toBe('c');
      writeFileSync(path, all);
    }
  });

  it('skips lines that are not its own, and keeps the others', async () => {
    const history = await open();
    await history.append(begin('a', 1));
    appendFileSync(path, 'no JSON\n\n{"t":"begin"}\n{"t":"end","id":"a","atMs":"soon"}\n[]\nnull\n');
    await history.append(end('a', 2));
    expect((await open()).deliveries).toEqual(history.deliveries);
  });

  it('keeps the newest, in the file too', async () => {
    const history = await open(4);
    for (let at = 1; at <= 30; at++) await delivered(history, `d${at}`, at);
    expect(history.deliveries.map((one) => one.id)).toEqual(['d30', 'd29', 'd28', 'd27']);
    expect(readFileSync(path, 'utf8').split('\n').length).toBeLessThanOrEqual(3 * 5 + 1);
    expect((await open(2)).deliveries.map((one) => one.id)).toEqual(['d30', 'd29']);
  });

  it('keeps fewer or more from the moment that it is told', async () => {
    const history = await open(4);
    for (let at = 1; at <= 4; at++) await delivered(history, `d${at}`, at);
    let changes = 0;
    history.onChange(() => changes++);
    history.setKeep(2);
    history.setKeep(2);
    expect(changes).toBe(1);
    expect(history.deliveries.map((one) => one.id)).toEqual(['d4', 'd3']);
    await delivered(history, 'd5', 5);
    expect((await open(100)).deliveries.map((one) => one.id)).toEqual(['d5', 'd4']);
    history.setKeep(3);
    await delivered(history, 'd6', 6);
    expect(history.deliveries.map((one) => one.id)).toEqual(['d6', 'd5', 'd4']);
  });

  it('forgets everything on demand, but what goes on', async () => {
    const history = await open();
    await delivered(history, 'a', 1);
    await history.append(begin('b', 2));
    await history.clear();
    expect(history.deliveries.map((one) => one.id)).toEqual(['b']);
    await history.append(end('b', 3));
    expect((await open()).deliveries).toMatchObject([{ id: 'b', end: { kind: 'finished' } }]);
  });

  it('says when it can not be written, and goes on when it can again', async () => {
    writeFileSync(join(folder, 'deep'), 'a file where a folder should be');
    const history = await open();
    const error = await caught(history.append(begin('a', 1)), 'file.unwritable');
    expect(error.details.path).toBe(path);
    expect(history.deliveries).toHaveLength(1);
    rmSync(join(folder, 'deep'));
    await history.append(end('a', 2));
    await delivered(history, 'b', 3);
    expect((await open()).deliveries.map((one) => one.id)).toEqual(['b']);
  });

  it('takes any file for what it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => {
        const file = join(folder, 'any.jsonl');
        writeFileSync(file, bytes);
        const history = await UpdateHistory.open({ path: file, files: diskFiles });
        expect(history.deliveries).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});

describe('two windows with one history', () => {
  const MINE = 4001;
  const THEIRS = 4002;
  const alive = new Set([MINE, THEIRS]);
  const window = (pid: number, more: Partial<HistoryOptions> = {}): Promise<UpdateHistory> =>
    UpdateHistory.open({ path, files: diskFiles, keep: 4, pid, isAlive: (one) => alive.has(one), ...more });
  const onDisk = async (): Promise<string[]> =>
    (await open()).deliveries.map(({ id, end }) => `${id} ${end?.kind ?? ''}`);
  const now = Date.now();

  beforeEach(() => {
    alive.add(MINE).add(THEIRS);
  });

  it('keep the newest of both when one forgets the oldest, which it then shows too', async () => {
    const seed = await window(MINE);
    for (let at = 1; at <= 4; at++) await delivered(seed, `old${at}`, at);
    const mine = await window(MINE);
    const theirs = await window(THEIRS);
    await delivered(theirs, 'theirs', 1000);
    await delivered(mine, 'mine1', 100);
    await delivered(mine, 'mine2', 101);
    expect(await onDisk()).toEqual(['theirs finished', 'mine2 finished', 'mine1 finished', 'old4 finished']);
    expect(mine.deliveries.map(({ id }) => id)).toEqual(['theirs', 'mine2', 'mine1', 'old4']);
  });

  it('keep what goes on in either, however old the rest is', async () => {
    const theirs = await window(THEIRS);
    await theirs.append(begin('theirs', now));
    const mine = await window(MINE, { keep: 1 });
    for (let at = 1; at <= 5; at++) await delivered(mine, `mine${at}`, now + at);
    await theirs.append(end('theirs', now + 9));
    expect(await onDisk()).toEqual(['mine5 finished', 'theirs finished']);
  });

  it('forget everything on demand, but what goes on in the other', async () => {
    const mine = await window(MINE);
    await delivered(mine, 'mine', 1);
    const theirs = await window(THEIRS);
    await theirs.append(begin('theirs', now));
    await mine.clear();
    expect(mine.deliveries).toEqual([]);
    await theirs.append(end('theirs', now + 1));
    expect(await onDisk()).toEqual(['theirs finished']);
  });

  it.each([
    ['its window is gone', now, (): unknown => alive.delete(THEIRS)],
    ['it began days ago, whoever has that number now', now - 3 * 86_400_000, (): unknown => undefined],
  ])('forget what never ended when %s', async (_name, atMs, happens) => {
    const theirs = await window(THEIRS);
    await theirs.append(begin('theirs', atMs));
    happens();
    const mine = await window(MINE);
    await mine.clear();
    expect(await onDisk()).toEqual([]);
  });

  it('wait for each other: nothing is written between reading the file and writing it anew', async () => {
    let isAsked = (): void => undefined;
    const waits = new Promise<void>((resolve) => {
      isAsked = resolve;
    });
    const clock: Clock = {
      now: () => Date.now(),
      after: (delayMs, run) => {
        isAsked();
        return systemClock.after(delayMs, run);
      },
    };
    const theirs = await window(THEIRS, { clock });
    let written: Promise<void> | undefined;
    const files: FileStore = {
      ...diskFiles,
      readText: async (file) => {
        const text = await diskFiles.readText(file);
        written = theirs.append(begin('theirs', now));
        await Promise.race([written, waits]);
        return text;
      },
    };
    const mine = await window(MINE, { files });
    await mine.clear();
    await written;
    await theirs.append(end('theirs', now + 1));
    expect(await onDisk()).toEqual(['theirs finished']);
    expect(readdirSync(dirname(path))).toEqual(['updates.jsonl']);
  });

  it('do not wait for one that crashed while it wrote, and begin anew behind its last line', async () => {
    const mine = await window(MINE);
    await delivered(mine, 'before', 1);
    appendFileSync(path, '{"t":"begin","id":"cut');
    writeFileSync(`${path}.lock`, 'left behind');
    const longAgo = new Date(now - 60_000);
    utimesSync(`${path}.lock`, longAgo, longAgo);
    await delivered(mine, 'after', 2);
    expect(await onDisk()).toEqual(['after finished', 'before finished']);
  });
});

describe('a line of the history', () => {
  it('gives a record or nothing for any text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        const record = parseRecord(text);
        expect(record === undefined || typeof record.id === 'string').toBe(true);
      }),
      { numRuns: Number(process.env['ESP32_OTA_FUZZ_RUNS'] ?? 2000) },
    );
  });

  it('gives a record or nothing for a record with anything in the place of one of its values', () => {
    const records = [begin('a', 1), work('a'), end('a', 1)];
    fc.assert(
      fc.property(fc.constantFrom(...records), fc.nat(), fc.jsonValue(), (record, which, value) => {
        const keys = Object.keys(record);
        const changed = { ...record, [keys[which % keys.length] ?? 't']: value };
        const parsed = parseRecord(JSON.stringify(changed));
        if (parsed !== undefined) expect(formatRecord(parsed)).toBe(JSON.stringify(changed));
      }),
      { numRuns: Number(process.env['ESP32_OTA_FUZZ_RUNS'] ?? 2000) },
    );
  });

  it('cuts what nobody would read', () => {
    const long: DeliveryRecord = { t: 'version', id: 'a', version: 'x'.repeat(5000) };
    expect(formatRecord(long).length).toBeLessThan(1100);
    expect(parseRecord(formatRecord(long))).toMatchObject({ t: 'version', id: 'a' });
  });
});
