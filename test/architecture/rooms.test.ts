import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ROOT, inRoot } from '../../scripts/lib/repository.mjs';

const rooms = readdirSync(inRoot('src'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && readdirSync(inRoot('src', entry.name)).length > 0)
  .map((entry) => entry.name);

describe('every room', () => {
  it('is one the house knows', () => {
    const known = readFileSync(inRoot('dependency-cruiser.config.cjs'), 'utf8');
    expect(rooms.length).toBeGreaterThan(8);
    expect(rooms.filter((room) => !new RegExp(`^  ["']?${room}["']?: \\[`, 'm').test(known))).toEqual([]);
  });

  it.each(rooms)('has a README of at most 15 lines: %s', (room) => {
    const file = inRoot('src', room, 'README.md');
    expect(existsSync(file)).toBe(true);
    expect(readFileSync(file, 'utf8').trimEnd().split('\n').length).toBeLessThanOrEqual(15);
  });
});

describe('the files of the repository', () => {
  const isText =
    /\.([cm]?[jt]s|json|md|css|svg|ya?ml|c|txt|csv|cmake|projbuild|defaults)$|(^|\/)(\.[\w-]+|[A-Z]+|run)$/;
  const files = execFileSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8' })
    .split('\0')
    .filter((file) => isText.test(file) && !file.startsWith('test/fixtures/') && existsSync(inRoot(file)));

  const naming = (pattern: RegExp, where: (file: string) => boolean = () => true): string[] =>
    files.filter(where).flatMap((file) => {
      const lines = readFileSync(inRoot(file), 'utf8').split('\n');
      return lines.flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1}`] : []));
    });

  it('are found', () => {
    expect(files.length).toBeGreaterThan(100);
  });

  it('name no package registry, so that everybody installs from the one they have set up', () => {
    // put together, lest this file names them
    const hosts = ['registry.' + 'npmjs', 'registry.' + 'yarnpkg', 'npmmirror' + '.com', 'deb.' + 'debian.org'];
    expect(naming(new RegExp(hosts.join('|').replaceAll('.', '[.]')))).toEqual([]);
  });

  it('name no folder of one machine', () => {
    expect(naming(/(?<![\w.~<>*:-])\/(work|root|home\/(?!user\b|you\b|me\b)[a-z]\w*)\//)).toEqual([]);
  });

  it('reach for nothing beside the checkout, but in the start of CI', () => {
    const beside = '[.][.]/' + 'shared';
    expect(naming(new RegExp(beside), (file) => !file.startsWith('.ci/'))).toEqual([]);
  });

  it('put nothing in the place of VS Code: what it alone can show is tested in it, all else without', () => {
    expect(naming(/vi\.(mock|doMock)\(['"`]vscode/)).toEqual([]);
  });
});
