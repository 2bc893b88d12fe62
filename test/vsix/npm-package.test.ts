import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';

interface Packed {
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string; readonly mode: number }[];
}

/** All that may be in the npm package: the command line. What is new has to be named here, and in .npmignore. */
const ALLOWED = [
  /^(package\.json|README(\.[a-z-]+)?\.md|CHANGELOG\.md|LICENSE|SECURITY\.md|ThirdPartyNotices\.txt)$/,
  /^bin\/esp32-ota\.js$/,
  /^dist\/cli(\.js|\/[\w.-]+\.js)$/,
  /^dist\/prebuilds\/[\w+-]+\/[\w.@+-]+\.node$/,
  /^docs\/[\w-]+\.md$/,
  /^media\/(manifest\.schema|schemas\/[\w-]+\.schema)\.json$/,
];

let packed: Packed;
beforeAll(async () => {
  // what is there: the VSIX of this run was built with it
  const { stdout } = await promisify(execFile)('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    shell: process.platform === 'win32',
    maxBuffer: 16 * 1024 * 1024,
  });
  const [first] = JSON.parse(stdout) as Packed[];
  if (first === undefined) throw new Error('npm pack told nothing');
  packed = first;
});

describe('the npm package', () => {
  it('holds the command line and nothing else: no extension, no sources, maps, tests or examples', () => {
    const names = packed.files.map((file) => file.path);
    expect(names.filter((name) => !ALLOWED.some((pattern) => pattern.test(name)))).toEqual([]);
  });

  it('holds what it runs with, and what its licences ask for', () => {
    const names = packed.files.map((file) => file.path);
    expect(names).toEqual(
      expect.arrayContaining(['package.json', 'bin/esp32-ota.js', 'dist/cli.js', 'LICENSE', 'ThirdPartyNotices.txt']),
    );
    expect(names.filter((name) => name.endsWith('.node')).length).toBeGreaterThanOrEqual(10);
  });

  it('is at most 6 MB when it is unpacked', () => {
    expect(packed.unpackedSize).toBeLessThan(6 * 1024 * 1024);
  });
});
