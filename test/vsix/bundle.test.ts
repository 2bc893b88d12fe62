import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { BUNDLE_REPORT } from '../../scripts/lib/bundle-report.mjs';
import type { BundleFile } from '../../scripts/lib/bundle-report.mjs';

const bundle = JSON.parse(readFileSync(BUNDLE_REPORT, 'utf8')) as readonly BundleFile[];
const eager = bundle.filter((file) => !file.isLazy);

/** Packages that cost time to load, and that most sessions never need. */
const HEAVY = /^(selfsigned|esptool-js|serialport|@serialport\/.*|@peculiar\/.*|pkijs|asn1js|pako|atob-lite)$/;

it('loads at most 400 KB when the extension is activated', () => {
  expect(eager.map(({ file }) => file)).toContain('extension.js');
  const bytes = eager.reduce((sum, file) => sum + file.bytes, 0);
  expect(bytes).toBeLessThanOrEqual(400 * 1024);
});

it('loads certificates, serial ports and flashing only when they are needed', () => {
  expect(eager.flatMap(({ packages }) => Object.keys(packages).filter((name) => HEAVY.test(name)))).toEqual([]);
});
