import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

interface Packed {
  readonly files: readonly { readonly path: string }[];
}

/** What would be packed of the checkout as it is; dist/ may be there or not. */
function packed(): readonly string[] {
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const json = execFileSync(npm, ['pack', '--dry-run', '--json', '--ignore-scripts', '--loglevel', 'error'], {
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  const parsed = JSON.parse(json) as readonly Packed[] | Record<string, Packed>;
  return Object.values(parsed).flatMap(({ files }) => files.map(({ path }) => path));
}

describe('the npm package', () => {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Record<string, unknown>;

  it('is the command line alone: no source, no test, nothing of the editor but what npm insists on', () => {
    const allowed =
      /^(bin\/esp32-ota\.js|dist\/(cli\.js|cli\/[\w.-]+\.js|prebuilds\/[\w./+@-]+|extension\.js)|docs\/(command-line|findings|faults)\.md|media\/(manifest\.schema\.json|schemas\/[\w-]+\.schema\.json)|package\.json|README(\.[\w-]+)?\.md|CHANGELOG\.md|LICENSE|SECURITY\.md|ThirdPartyNotices\.txt)$/;
    const files = packed();
    expect(files.filter((path) => !allowed.test(path))).toEqual([]);
    for (const path of [
      'bin/esp32-ota.js',
      'package.json',
      'LICENSE',
      'docs/command-line.md',
      'media/schemas/check.schema.json',
    ]) {
      expect(files).toContain(path);
    }
  }, 60_000);

  it('needs no other package, and runs nothing when it is installed', () => {
    expect(manifest['dependencies']).toBeUndefined();
    expect(manifest['bin']).toEqual({ 'esp32-ota': 'bin/esp32-ota.js' });
    const scripts = Object.keys(manifest['scripts'] as object);
    expect(scripts.filter((name) => /^(pre|post)?install$|^prepare$/.test(name))).toEqual([]);
  });
});
