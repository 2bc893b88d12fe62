import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { channelOf, notesOf, releaseProblems } from '../../scripts/lib/release-check.mjs';

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
}
interface Job {
  readonly 'timeout-minutes'?: number;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly environment?: string;
  readonly needs?: string | readonly string[];
  readonly strategy?: {
    readonly matrix: {
      readonly include: readonly { readonly os: string; readonly node: string; readonly steps: string }[];
    };
  };
  readonly steps: readonly Step[];
}
interface Workflow {
  readonly name: string;
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: Readonly<Record<string, string>>;
  readonly concurrency: { readonly group: string };
  readonly jobs: Readonly<Record<string, Job>>;
}

const FOLDER = '.github/workflows';
const FILES = readdirSync(FOLDER).sort();
const textOf = (file: string): string => readFileSync(`${FOLDER}/${file}`, 'utf8');
const workflowOf = (file: string): Workflow => parse(textOf(file)) as Workflow;
const scripts = (JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }).scripts;

/** Every job of every workflow. */
const JOBS = FILES.flatMap((file) =>
  Object.entries(workflowOf(file).jobs).map(([name, job]) => ({ id: `${file}: ${name}`, file, job })),
);

describe('the workflows', () => {
  it('are these', () => {
    expect(FILES).toEqual(['ci.yml', 'release.yml']);
    expect(JOBS.map(({ id }) => id)).toEqual([
      'ci.yml: test',
      'ci.yml: package',
      'release.yml: build',
      'release.yml: attach',
      'release.yml: publish',
    ]);
  });

  it.each(JOBS)('run only scripts and steps that there are: $id', ({ job }) => {
    const lines = job.steps.flatMap(({ run }) => run?.split('\n') ?? []);
    const called = lines.flatMap((line) => [...line.matchAll(/\bnpm run ([\w:-]+)/g)].map((match) => match[1] ?? ''));
    expect(called.filter((name) => !(name in scripts))).toEqual([]);
    for (const name of called) expect(existsSync(/^node (\S+)/.exec(scripts[name] ?? '')?.[1] ?? '')).toBe(true);
    expect(lines.filter((line) => /\bnode (?!-)/.test(line))).toEqual([]);
    const steps = (job.strategy?.matrix.include ?? []).flatMap((one) => one.steps.split(' ').filter(Boolean));
    const known = /const STEPS = \{([\s\S]*?)\n\};/.exec(readFileSync('scripts/test.mjs', 'utf8'))?.[1] ?? '';
    for (const step of steps) {
      expect(['types', 'lint', 'dependencies'].includes(step) || known.includes(`\n  ${step}:`), step).toBe(true);
    }
  });

  it.each(JOBS)('end by themselves, and name versions of what they use: $id', ({ job }) => {
    expect(job['timeout-minutes']).toBeLessThanOrEqual(60);
    const used = job.steps.flatMap(({ uses }) => uses ?? []);
    expect(used.filter((one) => !/^actions\/[\w-]+@v\d+$/.test(one))).toEqual([]);
    for (const { run } of job.steps) {
      for (const [, version] of (run ?? '').matchAll(/npx --yes \S+?@(\S+)/g))
        expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    }
  });

  it.each(JOBS)('leave no token of the checkout behind: $id', ({ job }) => {
    const checkouts = job.steps.filter(({ uses }) => uses?.startsWith('actions/checkout@') === true);
    expect(checkouts.map((step) => step.with?.['persist-credentials'])).toEqual(checkouts.map(() => false));
  });

  it.each(FILES)('are not more than one of a kind at a time: %s', (file) => {
    expect(workflowOf(file).concurrency.group).not.toBe('');
  });

  it('may read the sources and no more, but for the one job that makes the release', () => {
    for (const file of FILES) expect(workflowOf(file).permissions).toEqual({ contents: 'read' });
    const more = JOBS.filter(({ job }) => job.permissions !== undefined);
    expect(more.map(({ id, job }) => [id, job.permissions])).toEqual([['release.yml: attach', { contents: 'write' }]]);
    // what it runs is nobody's code but ours and the host's
    expect(more.flatMap(({ job }) => job.steps.flatMap(({ run }) => run ?? [])).join('\n')).not.toMatch(
      /\bnpm|\bnpx|\bnode/,
    );
  });

  it('put nothing that somebody else has written into a line of a shell', () => {
    const lines = JOBS.flatMap(({ job }) => job.steps.flatMap(({ run }) => run ?? []));
    const filledIn = lines.flatMap((line) =>
      [...line.matchAll(/\$\{\{\s*([^}]*?)\s*\}\}/g)].map((match) => match[1] ?? ''),
    );
    expect(filledIn.filter((one) => !/^(matrix\.steps|steps\.check\.outputs\.channel == )/.test(one))).toEqual([]);
  });

  it('name no host of a registry', () => {
    for (const file of FILES) expect(textOf(file)).not.toMatch(/https?:\/\/|registry-url|\bregistry\.[a-z]/);
  });
});

describe('a pull request', () => {
  it('runs with no secret', () => {
    const ofOthers = FILES.filter((file) =>
      Object.keys(workflowOf(file).on).some((one) => one.startsWith('pull_request')),
    );
    expect(ofOthers).toEqual(['ci.yml']);
    expect(textOf('ci.yml')).not.toMatch(/secrets\.|github\.token|pull_request_target|workflow_run/);
  });
});

describe('a release', () => {
  const release = workflowOf('release.yml');

  it('is made of a tag, after every test, with the VSIX of every platform', () => {
    expect(Object.keys(release.on)).toEqual(['push']);
    const runs = release.jobs['build']?.steps.flatMap(({ run }) => run ?? []) ?? [];
    const at = (part: string): number => runs.findIndex((run) => run.includes(part));
    expect(at('npm run release-check')).toBeGreaterThan(at('npm ci --ignore-scripts'));
    expect(at('npm test')).toBeGreaterThan(at('npm run release-check'));
    expect(at('npm run package -- --all-targets')).toBeGreaterThan(at('npm test'));
    expect(release.jobs['publish']?.needs).toEqual(['build', 'attach']);
  });

  it('gets its secrets in the step that needs each, in a job that somebody has to agree to', () => {
    const named = [...textOf('release.yml').matchAll(/secrets\.(\w+)/g)].map((match) => match[1]);
    expect(named.sort()).toEqual(['NPM_TOKEN', 'OVSX_PAT', 'VSCE_PAT']);
    const { publish } = release.jobs;
    expect(publish?.environment).toBe('registries');
    const holders = publish?.steps.filter(({ env }) =>
      Object.values(env ?? {}).some((value) => value.includes('secrets.')),
    );
    expect(holders).toHaveLength(3);
  });
});

describe('what stands in the way of a release', () => {
  const manifest = { version: '1.2.0', publisher: 'a', repository: 'b', bugs: 'c', homepage: 'd' };
  const changelog =
    '# Changelog\n\n## [Unreleased]\n\n## [1.2.0] - 2026-01-02\n\n### Added\n\n- Much.\n\n## [1.0.0]\n\n- First.\n';

  it('is nothing when all is there', () => {
    expect(releaseProblems({ manifest, changelog, tag: 'v1.2.0' })).toEqual([]);
    expect(notesOf(changelog, '1.2.0')).toBe('### Added\n\n- Much.');
  });

  it.each([
    ['another tag', { tag: 'v1.2.1' }, /the tag is v1\.2\.1/],
    ['no notes', { manifest: { ...manifest, version: '1.3.0' } }, /no section \[1\.3\.0\]/],
    ['notes left over', { changelog: changelog.replace('[Unreleased]\n', '[Unreleased]\n\n- More.\n') }, /Unreleased/],
    ['no address', { manifest: { version: '1.2.0', publisher: 'a' } }, /no "repository"/],
    [
      'a version of a kind that the registries refuse',
      { manifest: { ...manifest, version: '1.2.0-beta' } },
      /three numbers/,
    ],
    ['private', { manifest: { ...manifest, private: true } }, /private/],
    ['something uncommitted', { uncommitted: ' M package.json\n' }, /not committed/],
  ])('is told: %s', (_what, change, expected) => {
    expect(releaseProblems({ manifest, changelog, tag: undefined, ...change }).join('\n')).toMatch(expected);
  });

  it('tells the channel by the minor version', () => {
    expect(['0.1.0', '0.2.5', '1.0.0', '1.11.2'].map(channelOf)).toEqual([
      'pre-release',
      'stable',
      'stable',
      'pre-release',
    ]);
  });
});

describe('docs/release.md', () => {
  it('names only scripts, options and files that there are', () => {
    const text = readFileSync('docs/release.md', 'utf8');
    const called = [...text.matchAll(/npm run ([\w:-]+)/g)].map((match) => match[1] ?? '');
    expect(called.length).toBeGreaterThan(3);
    expect(called.filter((name) => !(name in scripts))).toEqual([]);
    const files = [...text.matchAll(/`((?:scripts|docs|test|\.github)\/[\w./-]+)`/g)].map((match) => match[1] ?? '');
    expect(files.filter((file) => !existsSync(file))).toEqual([]);
    for (const secret of ['VSCE_PAT', 'OVSX_PAT', 'NPM_TOKEN']) expect(text).toContain(secret);
  });

  it('parses as a shell would the options it shows', () => {
    const shown = readFileSync('docs/release.md', 'utf8').match(/npm run package -- [^`\n]*/g) ?? [];
    for (const line of shown) {
      const args = line.replace('npm run package -- ', '').trim().split(/\s+/);
      expect(() =>
        parseArgs({
          args,
          options: {
            target: { type: 'string', multiple: true },
            'all-targets': { type: 'boolean' },
            'pre-release': { type: 'boolean' },
            'keep-sizes': { type: 'boolean' },
          },
        }),
      ).not.toThrow();
    }
  });
});
