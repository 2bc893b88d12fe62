import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { PackageManager, listFiles } from '@vscode/vsce';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { KEPT_SIZES } from '../../scripts/lib/package-sizes.mjs';
import { ALL_BINARIES, TARGETS } from '../../scripts/lib/targets.mjs';
import { packageBuilt, stagePackage } from '../../scripts/lib/vsix.mjs';
import { readZip } from './zip.ts';

/** Where each platform of VS Code finds its binary: what `node-gyp-build` looks for there. */
const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  'win32-x64': ['win32-x64/@serialport+bindings-cpp.node'],
  'win32-arm64': ['win32-arm64/@serialport+bindings-cpp.armv8.node'],
  'linux-x64': ['linux-x64/@serialport+bindings-cpp.glibc.node'],
  'linux-arm64': ['linux-arm64/@serialport+bindings-cpp.armv8.glibc.node'],
  'linux-armhf': [
    'linux-arm/@serialport+bindings-cpp.armv6.glibc.node',
    'linux-arm/@serialport+bindings-cpp.armv7.glibc.node',
  ],
  'alpine-x64': ['linux-x64/@serialport+bindings-cpp.musl.node'],
  'alpine-arm64': ['linux-arm64/@serialport+bindings-cpp.armv8.musl.node'],
  'darwin-x64': ['darwin-x64+arm64/@serialport+bindings-cpp.node'],
  'darwin-arm64': ['darwin-x64+arm64/@serialport+bindings-cpp.node'],
};

const isBinary = (name: string): boolean => name.endsWith('.node');
const universal = readFileSync(inject('vsixFile'));
const universalNames = [...readZip(universal).keys()];
let folder = '';
let linux: { file: string; bytes: number };

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'vsix-target-'));
  linux = await packageBuilt({ target: 'linux-x64', folder });
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** What vsce would package for a target, from the extension's folder on. */
async function listed(target: string): Promise<string[]> {
  const stage = stagePackage(target);
  try {
    return await listFiles({ cwd: stage, packageManager: PackageManager.None });
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

describe('the VSIX of one platform', () => {
  it('is made for every platform that VS Code has a marketplace name for, but for web', () => {
    expect(Object.keys(TARGETS).sort()).toEqual(Object.keys(EXPECTED).sort());
  });

  it.each(Object.keys(EXPECTED))('has for %s its own binaries and no other', async (target) => {
    const names = await listed(target);
    const binaries = names.filter(isBinary).map((name) => name.replace('dist/prebuilds/', ''));
    expect(binaries.sort()).toEqual(EXPECTED[target]);
    // everything else is as in the universal one
    const others = names.filter((name) => !isBinary(name)).length;
    const made = new Set(['[Content_Types].xml', 'extension.vsixmanifest']);
    expect(others).toBe(universalNames.filter((name) => !isBinary(name) && !made.has(name)).length);
  });

  it('says for which platform it is', () => {
    const files = readZip(readFileSync(linux.file));
    expect(path.basename(linux.file)).toMatch(/^esp32-ota-linux-x64-\d+\.\d+\.\d+\.vsix$/);
    expect(files.get('extension.vsixmanifest')?.toString()).toContain('TargetPlatform="linux-x64"');
    expect([...files.keys()].filter(isBinary)).toEqual([
      'extension/dist/prebuilds/linux-x64/@serialport+bindings-cpp.glibc.node',
    ]);
  });
});

describe('the universal VSIX', () => {
  it('has the binaries of every platform, and no other', () => {
    const binaries = universalNames.filter(isBinary).map((name) => name.replace('extension/dist/prebuilds/', ''));
    expect(binaries.sort()).toEqual(ALL_BINARIES);
    expect(ALL_BINARIES).toEqual([...new Set(Object.values(EXPECTED).flat())].sort());
  });

  it('has nothing of the command line', () => {
    expect(universalNames.filter((name) => /\/bin\/|dist\/cli|schemas\//.test(name))).toEqual([]);
  });
});

describe('the size', () => {
  const kept = JSON.parse(readFileSync(KEPT_SIZES, 'utf8')) as Record<string, number>;

  it.each([
    ['vsix', () => universal.length],
    ['vsix linux-x64', () => linux.bytes],
  ])('of %s is near the one that was kept: nothing is missing and nothing strange came in', (name, bytes) => {
    const before = kept[name] ?? 0;
    expect(bytes()).toBeGreaterThan(before * 0.7);
    expect(bytes()).toBeLessThan(before * 1.4);
  });

  it('of the VSIX of a platform is at most 1.25 MB', () => {
    expect(linux.bytes).toBeLessThan(1.25 * 1024 * 1024);
  });
});
