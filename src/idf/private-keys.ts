import { join } from 'node:path';
import type { FileStore } from '../base/files.ts';
import { unlessUnreadable } from './unless-unreadable.ts';

const SKIPPED = new Set(['build', 'managed_components', 'node_modules']);
const KEY_FILE = /\.(?:pem|key)$/i;
const PRIVATE = /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----/;
const MAX_DEPTH = 3;
const MAX_FILES = 100;
/** A key of 16384 bits has 13 KB as PEM. */
const MAX_BYTES = 64 * 1024;

/** Files of a project that hold a private key as PEM: `*.pem` and `*.key`, a few folders deep, a bounded number, without what was built or
 * downloaded. Their content is not kept. What can't be read is passed over: a database's folder of another user, a link that leads to itself. */
export async function findPrivateKeys(folder: string, files: FileStore): Promise<readonly string[]> {
  const candidates: string[] = [];
  await collect(folder, 0, files, candidates);
  const found: string[] = [];
  for (const path of candidates) if (await isPrivateKey(path, files)) found.push(path);
  return found;
}

async function collect(folder: string, depth: number, files: FileStore, candidates: string[]): Promise<void> {
  for (const name of await unlessUnreadable(files.list(folder), [])) {
    if (candidates.length >= MAX_FILES) return;
    const path = join(folder, name);
    if (KEY_FILE.test(name)) candidates.push(path);
    else if (depth < MAX_DEPTH && !name.includes('.') && !SKIPPED.has(name)) {
      const stat = await unlessUnreadable(files.stat(path), undefined);
      if (stat?.isDirectory === true) await collect(path, depth + 1, files, candidates);
    }
  }
}

async function isPrivateKey(path: string, files: FileStore): Promise<boolean> {
  const stat = await unlessUnreadable(files.stat(path), undefined);
  if (stat === undefined || stat.isDirectory || stat.sizeBytes > MAX_BYTES) return false;
  return PRIVATE.test((await unlessUnreadable(files.readText(path), undefined)) ?? '');
}
