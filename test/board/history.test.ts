import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { diskFiles } from '../../src/base/files.ts';
import { UpdateHistory } from '../../src/ota/history.ts';

// What the history is for: the editor may be killed at any moment.
let folder = '';
let program = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'history-kill-'));
  program = join(folder, 'writer.mjs');
  await build({
    entryPoints: ['test/support/history-writer.ts'],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'silent',
  });
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Runs the writer and kills it the hard way once it has told so many records. Gives what it had told by then. */
function killedAfter(path: string, records: number): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    let told = '';
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (text: string) => {
      told += text;
      if (told.split('\n').length > records) child.kill('SIGKILL');
    });
    child.on('error', reject);
    // what it said before it was killed is still in the pipe
    child.on('close', (_code, signal) => {
      expect(signal).toBe('SIGKILL');
      resolve(told.split('\n').slice(0, -1));
    });
  });
}

it.each([1, 2, 3, 7, 50, 101])('killed after %i records, everything it had kept is there', async (records) => {
  const path = join(folder, `${records}.jsonl`);
  const told = await killedAfter(path, records);
  expect(told.length).toBeGreaterThanOrEqual(records);
  const history = await UpdateHistory.open({ path, files: diskFiles });
  const text = readFileSync(path, 'utf8');
  expect(text.endsWith('\n')).toBe(true);
  expect(text.trimEnd().split('\n').length).toBeGreaterThanOrEqual(told.length);
  const [newest, ...older] = history.deliveries;
  expect(older.every((one) => one.end?.kind === 'finished')).toBe(true);
  expect(history.deliveries.length).toBe(Math.ceil(text.trimEnd().split('\n').length / 4));
  // the one that it was at has not ended, unless its last record was just kept
  expect(['interrupted', 'finished']).toContain(newest?.end?.kind);
  await history.append({ t: 'begin', id: 'next', atMs: 1e6, kind: 'delivery', project: 'blink' });
  expect((await UpdateHistory.open({ path, files: diskFiles })).deliveries[0]?.id).toBe('next');
});
