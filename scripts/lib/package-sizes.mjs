import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { BUNDLE_REPORT } from './bundle-report.mjs';
import { inRoot, readJson } from './repository.mjs';

/** The sizes of the last release or of the last `npm run package -- --keep-sizes`, in bytes: what new ones are compared with. */
export const KEPT_SIZES = inRoot('scripts/package-sizes.json');

/**
 * Bytes by what they are of: `vsix` (the universal one), `vsix linux-x64`, …, `activation bundle`, `lazy bundles`,
 * `pages`, `native binaries`, `native binaries linux-x64`, ….
 * @typedef {Record<string, number>} Sizes
 */

/** @param {string} folder path in the checkout */
function bytesIn(folder) {
  if (!existsSync(inRoot(folder))) return 0;
  return readdirSync(inRoot(folder), { recursive: true, encoding: 'utf8' })
    .map((name) => statSync(path.join(inRoot(folder), name)))
    .reduce((sum, stat) => sum + (stat.isFile() ? stat.size : 0), 0);
}

/**
 * @param {readonly string[]} binaries paths in dist/prebuilds
 * @returns {number} their size together
 */
export function binaryBytes(binaries) {
  return binaries.reduce((bytes, file) => bytes + statSync(inRoot('dist/prebuilds', file)).size, 0);
}

/**
 * The sizes of the code in dist/ after a production build.
 * @returns {Sizes}
 */
export function bundleSizes() {
  /** @type {import('./bundle-report.mjs').BundleFile[]} */
  const files = readJson(BUNDLE_REPORT);
  const sum = (/** @type {boolean} */ isLazy) =>
    files.filter((file) => file.isLazy === isLazy).reduce((bytes, file) => bytes + file.bytes, 0);
  return {
    'activation bundle': sum(false),
    'lazy bundles': sum(true),
    pages: bytesIn('dist/webview'),
  };
}

/** @returns {Sizes} */
export const keptSizes = () => (existsSync(KEPT_SIZES) ? readJson(KEPT_SIZES) : {});

/**
 * Keeps sizes for later comparisons; those of what was not made this time stay.
 * @param {Sizes} sizes
 */
export function keepSizes(sizes) {
  const text = `${JSON.stringify({ ...keptSizes(), ...sizes }, undefined, 2)}\n`;
  if (!existsSync(KEPT_SIZES) || readFileSync(KEPT_SIZES, 'utf8') !== text) writeFileSync(KEPT_SIZES, text);
}

/** @param {number} bytes */
const kilobytes = (bytes) => `${(bytes / 1024).toFixed(0).replace(/\B(?=(\d{3})+$)/g, ',')} KB`;

/**
 * One line for each size: what, how much, how much it was before, the change.
 * @param {Sizes} sizes
 * @param {Sizes} before
 * @returns {string[]}
 */
export function sizeTable(sizes, before) {
  const rows = Object.entries(sizes).map(([name, bytes]) => {
    const was = before[name];
    if (was === undefined || was === 0) return [name, kilobytes(bytes), '–', ''];
    const change = (bytes / was - 1) * 100;
    return [name, kilobytes(bytes), kilobytes(was), `${change < 0 ? '' : '+'}${change.toFixed(1)} %`];
  });
  const all = [['', 'now', 'kept', 'change'], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  return all.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}
