import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the checkout. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');

/**
 * An absolute path inside the checkout.
 * @param {...string} parts
 */
export const inRoot = (...parts) => path.join(ROOT, ...parts);

/**
 * The parsed JSON of a file. Typed `any`: each caller knows the shape of its own file.
 * @param {string} file
 * @returns {any}
 */
export function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

/**
 * 16 hexadecimal digits over the bytes of some files, to tell whether what was made of them is still good.
 * @param {readonly string[]} files absolute paths
 */
export function fingerprint(files) {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(file)).update('\0');
  return hash.digest('hex').slice(0, 16);
}
