import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { FileStore } from '../base/files.ts';
import { silentLogger, type Logger } from '../base/logger.ts';

/** Remembers what was written to which board. Only ever a hint: the board is asked for the digest before it is believed. */
export interface ImageCache {
  /** What was written last at this offset of the board with this MAC address. Never rejects. */
  read(mac: string, offset: number): Promise<Uint8Array | undefined>;
  /** Never rejects. */
  write(mac: string, offset: number, image: Uint8Array): Promise<void>;
}

const LARGEST_BYTES = 64 * 1024 * 1024;
const DIGEST_BYTES = 32;

/** A cache in a directory, one file a board and offset; the oldest go when there is too much.
 * @param limitBytes of all files together; default 64 MiB */
export function directoryCache(
  directory: string,
  files: FileStore,
  limitBytes = LARGEST_BYTES,
  logger: Logger = silentLogger,
): ImageCache {
  const pathOf = (mac: string, offset: number): string => {
    const board = mac.toLowerCase().replace(/[^0-9a-f]/g, '');
    return join(directory, `${board}-${offset.toString(16).padStart(8, '0')}.image`);
  };
  const quietly = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      logger.warn(`image cache: ${String(error)}`);
      return undefined;
    }
  };
  return {
    read: (mac, offset) =>
      quietly(async () => {
        const stored = await files.read(pathOf(mac, offset));
        if (stored === undefined || stored.length <= DIGEST_BYTES) return undefined;
        const image = stored.subarray(DIGEST_BYTES);
        return digestOf(image).equals(stored.subarray(0, DIGEST_BYTES)) ? image : undefined;
      }),
    write: async (mac, offset, image) => {
      await quietly(async () => {
        if (image.length + DIGEST_BYTES > limitBytes) return;
        const path = pathOf(mac, offset);
        await makeRoom(directory, files, limitBytes - image.length - DIGEST_BYTES, path);
        // firmware may have passwords in it
        await files.writeAtomic(path, Buffer.concat([digestOf(image), image]), 0o600);
      });
    },
  };
}

function digestOf(image: Uint8Array): Buffer {
  return createHash('sha256').update(image).digest();
}

async function makeRoom(directory: string, files: FileStore, allowedBytes: number, except: string): Promise<void> {
  const found: { path: string; sizeBytes: number; modifiedMs: number }[] = [];
  for (const name of await files.list(directory)) {
    const path = join(directory, name);
    const stat = path.endsWith('.image') && path !== except ? await files.stat(path) : undefined;
    if (stat !== undefined && !stat.isDirectory) found.push({ path, ...stat });
  }
  let total = found.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  for (const { path, sizeBytes } of found.sort((one, other) => one.modifiedMs - other.modifiedMs)) {
    if (total <= allowedBytes) break;
    await files.remove(path);
    total -= sizeBytes;
  }
}
