import { inRoot } from './repository.mjs';

/** Sizes and contents of the last production bundle, for the VSIX check; apart from dist/, which is packaged. */
export const BUNDLE_REPORT = inRoot('node_modules/.cache/esp32-ota/bundle.json');

/**
 * @typedef {object} BundleFile
 * @property {string} file path in dist/
 * @property {number} bytes
 * @property {boolean} isLazy whether it is loaded by an `import()` only, after activation
 * @property {Record<string, number>} packages bytes of each npm package with code in it
 * @property {string[]} folders of those packages, from the checkout on
 */
