import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { BUNDLE_REPORT } from './bundle-report.mjs';
import { inRoot, readJson } from './repository.mjs';

/** The licences of what we ship in our files, shipped with them. */
export const NOTICES = inRoot('ThirdPartyNotices.txt');

/** Licences under which code may be bundled: permissive ones, that ask for no more than their own text. */
export const PERMITTED_LICENCES = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT', 'Zlib'];

/** Headers that are compiled into the binaries of serialport, which no bundler sees. */
const COMPILED_IN = ['node_modules/node-addon-api'];

/** Chip code that a package carries and that has an origin of its own. */
const CARRIED = `esptool-js carries the flasher stubs of esp-flasher-stub (Espressif Systems), which are under Apache-2.0 or MIT, at the choice of
the one who takes them; we take them under Apache-2.0.`;

/**
 * @typedef {object} Bundled
 * @property {string} name
 * @property {string} version
 * @property {string} licence its SPDX expression
 * @property {string} text of its licence
 */

/**
 * Every npm package that is shipped, of the last production build.
 * @returns {Bundled[]} by name
 */
export function bundledPackages() {
  /** @type {import('./bundle-report.mjs').BundleFile[]} */
  const report = readJson(BUNDLE_REPORT);
  const folders = new Set([...report.flatMap((file) => file.folders), ...COMPILED_IN]);
  const found = [...folders].map((folder) => {
    const { name, version, license, author } = readJson(inRoot(folder, 'package.json'));
    return {
      name,
      version,
      licence: String(license),
      text: licenceText(folder, String(author?.name ?? author ?? name)),
    };
  });
  const unique = new Map(found.map((one) => [`${one.name} ${one.version}`, one]));
  return [...unique.values()].sort((a, b) => (`${a.name} ${a.version}` < `${b.name} ${b.version}` ? -1 : 1));
}

/**
 * The licences that an SPDX expression names.
 * @param {string} expression like `(MIT AND Zlib)`
 */
export const licencesOf = (expression) => expression.replaceAll(/[()]/g, '').split(/\s+(?:AND|OR)\s+/);

/**
 * @param {string} folder of a package
 * @param {string} author who is named where the package has no file with its licence
 */
function licenceText(folder, author) {
  const files = readdirSync(inRoot(folder)).filter((name) =>
    /^(licen[cs]e|copying|copyrightnotice)(\.\w+)?$/i.test(name),
  );
  if (files.length === 0) {
    const permission = inRoot('LICENSE');
    if (!existsSync(permission)) throw new Error('the MIT licence of the project is not there');
    const own = readFileSync(permission, 'utf8');
    // it says "MIT" and has no text: that of the MIT licence, with its author
    return plain(`MIT License\n\nCopyright (c) ${author}\n\n${own.slice(own.indexOf('Permission is hereby granted'))}`);
  }
  return plain(
    files
      .sort()
      .map((name) => readFileSync(path.join(inRoot(folder), name), 'utf8'))
      .join('\n\n'),
  );
}

/** @param {string} text */
const plain = (text) =>
  text
    .replaceAll('\r\n', '\n')
    .replaceAll(/[ \t]+$/gm, '')
    .trim();

/**
 * The text of the notices: each licence once, below the packages that are under it.
 * @param {readonly Bundled[]} packages
 */
export function noticesText(packages) {
  /** @type {Map<string, Bundled[]>} */
  const byText = new Map();
  for (const one of packages) byText.set(one.text, [...(byText.get(one.text) ?? []), one]);
  const parts = [...byText].map(([text, those]) => {
    const names = those.map(({ name, version, licence }) => `${name} ${version} (${licence})`).join('\n');
    return `${'='.repeat(100)}\n${names}\n${'-'.repeat(100)}\n\n${text}\n`;
  });
  const head = [
    'ESP32 OTA is under the MIT licence (LICENSE). Its files contain parts of these packages, each under its own licence.',
    'Made by `node scripts/notices.mjs` of what the bundler took; do not edit.',
    CARRIED,
  ].join('\n\n');
  return `${head}\n\n${parts.join('\n')}`;
}
