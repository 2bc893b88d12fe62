import { readFileSync } from 'node:fs';
import { expect, inject, it } from 'vitest';
import { NOTICES, PERMITTED_LICENCES, bundledPackages, licencesOf, noticesText } from '../../scripts/lib/notices.mjs';
import { readZip } from './zip.ts';

const packages = bundledPackages();

it('bundles code under permissive licences only', () => {
  expect(packages.length).toBeGreaterThan(30);
  const others = packages.filter(
    ({ licence }) => !licencesOf(licence).every((one) => PERMITTED_LICENCES.includes(one)),
  );
  expect(others.map(({ name, licence }) => `${name}: ${licence}`)).toEqual([]);
});

it('ships the licence of everything that is bundled (node scripts/notices.mjs)', () => {
  const text = noticesText(packages);
  expect(readFileSync(NOTICES, 'utf8')).toBe(text);
  expect(
    readZip(readFileSync(inject('vsixFile')))
      .get('extension/ThirdPartyNotices.txt')
      ?.toString(),
  ).toBe(text);
});

it('names the stubs that are carried inside a package, and what is compiled into the binaries', () => {
  const text = readFileSync(NOTICES, 'utf8');
  expect(text).toContain('esp-flasher-stub');
  expect(text).toContain('node-addon-api');
});
