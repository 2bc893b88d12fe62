import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { endingOf, runBuild } from '../../../src/ota/run-build.ts';
import { caught } from '../../support/caught.ts';

describe('a build that is cancelled', () => {
  it.skipIf(process.platform === 'win32')('ends with all that it has started', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'run-build-'));
    try {
      const stop = new AbortController();
      // the shell waits for a child of its own; while that one runs, both streams are open and the build has no end
      const commandLine = `"${process.execPath}" -e "console.log(1); setInterval(() => {}, 1000)"; true`;
      const hear = (): void => {
        stop.abort();
      };
      await caught(
        runBuild(folder, { commandLine, environment: {}, source: 'command' }, hear, stop.signal),
        'cancelled',
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('is ended on Windows by the program that ends what it has started too, which is not looked for in the project', () => {
    expect(endingOf(42, 'win32', 'D:\\Windows')).toEqual({
      kind: 'program',
      path: 'D:\\Windows\\System32\\taskkill.exe',
      args: ['/PID', '42', '/T', '/F'],
    });
    expect(endingOf(42, 'linux')).toEqual({ kind: 'group', group: 42 });
    expect(endingOf(42, 'darwin')).toEqual({ kind: 'group', group: 42 });
  });
});
