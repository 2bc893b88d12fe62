import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { describeGit } from '../../../src/ota/describe-git.ts';
import { gitFacts } from '../../../src/ota/git-keys.ts';

let folder = '';
let ran = '';
let program = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'describe-git-'));
  const aside = mkdtempSync(join(tmpdir(), 'describe-git-program-'));
  ran = join(aside, 'ran');
  program = join(aside, 'program.sh');
  writeFileSync(program, `#!/bin/sh\ntouch '${ran}'\n`, { mode: 0o755 });
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
  rmSync(join(ran, '..'), { recursive: true, force: true });
});

function git(args: readonly string[], where = folder): void {
  const who = ['-c', 'user.name=a', '-c', 'user.email=a@b.c', '-c', 'commit.gpgsign=false'];
  execFileSync('git', [...who, ...args], { cwd: where, stdio: 'ignore' });
}

function commit(where = folder): void {
  git(['init'], where);
  writeFileSync(join(where, 'version.txt'), '1.0.0\n');
  git(['add', '.'], where);
  git(['commit', '-m', 'first'], where);
}

/** As unpacking does: the content is the same, the time is not. */
function touch(path: string): void {
  utimesSync(path, new Date(1e12), new Date(1e12));
}

interface Way {
  /** Has the repository name the program. All of it comes with a folder that was unpacked or copied, never with a clone. */
  readonly plant: () => void;
}

const WAYS: Readonly<Record<string, Way>> = {
  'as its monitor of files': {
    plant: () => {
      git(['config', 'core.fsmonitor', program]);
    },
  },
  'as a filter of its attributes': {
    plant: () => {
      writeFileSync(join(folder, '.git/info/attributes'), '*.txt filter=x\n');
      git(['config', 'filter.x.clean', program]);
      git(['config', 'filter.x.required', 'true']);
    },
  },
  'as a filter whose name no command line can have': {
    plant: () => {
      writeFileSync(join(folder, '.git/info/attributes'), '*.txt filter=x=y\n');
      git(['config', 'filter.x=y.clean', program]);
    },
  },
  'as a filter that stays at work, of another file of its configuration': {
    plant: () => {
      writeFileSync(join(folder, '.git/info/attributes'), '*.txt filter=x\n');
      writeFileSync(join(folder, '.git/more'), `[filter "x"]\nprocess = ${program}\n`);
      git(['config', 'include.path', 'more']);
    },
  },
  'in a submodule': {
    plant: () => {
      mkdirSync(join(folder, 'sub'));
      commit(join(folder, 'sub'));
      git(['add', 'sub']);
      git(['commit', '-m', 'sub']);
      git(['tag', '-f', '-m', 'x', 'v1.0.0']);
      writeFileSync(join(folder, 'sub/.git/info/attributes'), '*.txt filter=x\n');
      git(['config', 'filter.x.clean', program], join(folder, 'sub'));
      touch(join(folder, 'sub/version.txt'));
    },
  },
  'as the other end of a remote from which it fetches what is missing': {
    plant: () => {
      for (const pair of ['remote.o.url=.', 'remote.o.promisor=true', `remote.o.uploadpack=${program}`]) {
        git(['config', ...(pair.split(/=(.*)/s, 2) as [string, string])]);
      }
      git(['config', 'core.repositoryFormatVersion', '1']);
      git(['config', 'extensions.partialClone', 'o']);
      const objects = join(folder, '.git/objects');
      const head = execFileSync('git', ['rev-parse', 'HEAD^{tree}'], { cwd: folder, encoding: 'utf8' }).trim();
      rmSync(join(objects, head.slice(0, 2), head.slice(2)));
    },
  },
};

describe('git', () => {
  it.each(Object.entries(WAYS))(
    'is asked without running a program that the repository names %s',
    async (_name, { plant }) => {
      commit();
      git(['tag', '-m', 'x', 'v1.0.0']);
      plant();
      const file = join(folder, 'version.txt');
      touch(file);
      expect(await describeGit(folder)).toBe('v1.0.0');
      expect(await gitFacts(folder, [file])).toMatchObject([{ isTracked: true, isIgnored: false }]);
      expect(existsSync(ran)).toBe(false);
      // the program is one that git does run
      spawnSync('git', ['status'], { cwd: folder, stdio: 'ignore' });
      expect(existsSync(ran)).toBe(true);
    },
  );

  it('is asked whether anything has changed, filters or not', async () => {
    commit();
    git(['tag', '-m', 'x', 'v1.0.0']);
    expect(await describeGit(folder)).toBe('v1.0.0');
    writeFileSync(join(folder, 'more.txt'), '');
    expect(await describeGit(folder)).toBe('v1.0.0');
    WAYS['as a filter of its attributes']?.plant();
    writeFileSync(join(folder, 'version.txt'), '1.0.1\n');
    expect(await describeGit(folder)).toBe('v1.0.0-dirty');
    expect(existsSync(ran)).toBe(false);
  });

  it('keeps to the configuration that the user gives in variables', async () => {
    commit();
    git(['config', 'filter.x.clean', program]);
    writeFileSync(join(folder, '.git/info/attributes'), '*.txt filter=x\n');
    vi.stubEnv('GIT_CONFIG_COUNT', '1');
    vi.stubEnv('GIT_CONFIG_KEY_0', 'core.abbrev');
    vi.stubEnv('GIT_CONFIG_VALUE_0', '40');
    touch(join(folder, 'version.txt'));
    expect(await describeGit(folder)).toMatch(/^[0-9a-f]{40}$/);
    expect(existsSync(ran)).toBe(false);
  });

  it('is not asked for changes where it is too old to be asked without filters', async () => {
    commit();
    const bin = mkdtempSync(join(tmpdir(), 'old-git-'));
    try {
      const real = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();
      const old = `#!/bin/sh\nunset GIT_CONFIG_COUNT\nexec '${real}' "$@"\n`;
      writeFileSync(join(bin, 'git'), old, { mode: 0o755 });
      WAYS['as a filter of its attributes']?.plant();
      vi.stubEnv('PATH', `${bin}${delimiter}${process.env['PATH'] ?? ''}`);
      writeFileSync(join(folder, 'version.txt'), '1.0.1\n');
      expect(await describeGit(folder)).toMatch(/^[0-9a-f]+$/);
      expect(existsSync(ran)).toBe(false);
      expect(readdirSync(bin)).toEqual(['git']);
    } finally {
      rmSync(bin, { recursive: true, force: true });
    }
  });

  it('says nothing where there is no repository', async () => {
    expect(await describeGit(folder)).toBeUndefined();
  });
});
