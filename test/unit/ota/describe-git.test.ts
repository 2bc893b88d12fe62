import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeGit } from '../../../src/ota/describe-git.ts';
import { gitFacts } from '../../../src/ota/git-keys.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'describe-git-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function git(...args: string[]): void {
  const who = ['-c', 'user.name=a', '-c', 'user.email=a@b.c', '-c', 'commit.gpgsign=false'];
  execFileSync('git', [...who, ...args], { cwd: folder, stdio: 'ignore' });
}

it('is asked without running a program that the repository names', async () => {
  git('init');
  writeFileSync(join(folder, 'version.txt'), '1.0.0\n');
  git('add', '.');
  git('commit', '-m', 'first');
  git('tag', '-m', 'x', 'v1.0.0');
  const ran = join(folder, 'ran');
  const program = join(folder, 'program.sh');
  writeFileSync(program, `#!/bin/sh\ntouch '${ran}'\n`, { mode: 0o755 });
  // comes with a folder that was unpacked or copied, never with a clone
  git('config', 'core.fsmonitor', program);
  writeFileSync(join(folder, 'version.txt'), '1.0.1\n');
  expect(await describeGit(folder)).toBe('v1.0.0-dirty');
  expect(await gitFacts(folder, [join(folder, 'version.txt')])).toMatchObject([{ isTracked: true, isIgnored: false }]);
  expect(existsSync(ran)).toBe(false);
  // the program is one that git does run
  git('status');
  expect(existsSync(ran)).toBe(true);
});

it('is nothing where there is no repository', async () => {
  expect(await describeGit(folder)).toBeUndefined();
});
