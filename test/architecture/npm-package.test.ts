import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { BundleFile } from '../../scripts/lib/bundle-report.mjs';
import { commandLineBundle } from '../../scripts/lib/bundle.mjs';

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

describe('the bundle of the command line', () => {
  it('reads little when it starts: no package but the one for words, and nothing that only some commands need', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'esp32-ota-bundle-'));
    try {
      let files: readonly BundleFile[] = [];
      const build = await commandLineBundle({
        isProduction: true,
        folder,
        onBuilt: (built) => {
          files = built;
        },
      });
      await build.rebuild();
      await build.dispose();
      const eager = files.filter((file) => !file.isLazy);
      expect(eager.reduce((sum, file) => sum + file.bytes, 0)).toBeLessThan(128 * 1024);
      expect([...new Set(eager.flatMap((file) => Object.keys(file.packages)))]).toEqual(['@vscode/l10n']);
      expect(files.length).toBeGreaterThan(20);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }, 120_000);
});
