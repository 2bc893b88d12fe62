import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { expect, inject, it, onTestFinished } from 'vitest';
import { BUNDLE_REPORT } from '../../scripts/lib/bundle-report.mjs';
import type { BundleFile } from '../../scripts/lib/bundle-report.mjs';
import { readZip } from './zip.ts';

const bundle = JSON.parse(readFileSync(BUNDLE_REPORT, 'utf8')) as readonly BundleFile[];
const eager = bundle.filter((file) => !file.isLazy);

/** Packages that cost time to load, and that most sessions never need. */
const HEAVY = /^(selfsigned|esptool-js|serialport|@serialport\/.*|@peculiar\/.*|asn1js|pako|tslib)$/;

it('loads at most 400 KB when the extension is activated', () => {
  expect(eager.map(({ file }) => file)).toContain('extension.js');
  const bytes = eager.reduce((sum, file) => sum + file.bytes, 0);
  expect(bytes).toBeLessThanOrEqual(400 * 1024);
});

it('loads certificates, serial ports and flashing only when they are needed', () => {
  const heavy = (files: readonly BundleFile[]): string[] =>
    files.flatMap(({ packages }) => Object.keys(packages).filter((name) => HEAVY.test(name)));
  expect(heavy(eager)).toEqual([]);
  expect(heavy(bundle)).toEqual(expect.arrayContaining(['selfsigned', 'esptool-js', 'serialport']));
});

it('finds the native addon of serialport where the VSIX is unpacked', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'vsix-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  for (const [name, bytes] of readZip(readFileSync(inject('vsixFile')))) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), bytes);
  }
  const chunk = bundle.find(({ packages }) => '@serialport/bindings-cpp' in packages);
  if (!chunk) throw new Error('no chunk has the bindings of serialport');
  // the addon is loaded with its module; without one for this platform that throws
  expect(() => {
    createRequire(import.meta.url)(path.join(folder, 'extension/dist', chunk.file));
  }).not.toThrow();
});
