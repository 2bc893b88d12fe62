import { createHash } from 'node:crypto';
import { changedRuns, mergedRuns, type Run } from './changed-runs.ts';
import type { ChipSession } from './chip-session.ts';
import { flashMd5 } from './commands.ts';
import { SECTOR_BYTES } from '../image/flash-sector.ts';

const BLOCK_BYTES = 64 * 1024;
/** Asking for digests block by block is worth it below this. */
const LONGEST_ROUND_TRIP_MS = 8;
/** Sectors that are looked at before all blocks are, so that a board with something else on it costs a few round trips and no more. */
const SAMPLES = 5;

/** What the flash has of an image already. `all`: nothing that is known. `by` says how that is known. */
export type Comparison =
  | { readonly kind: 'identical' }
  | { readonly kind: 'changed'; readonly runs: readonly Run[]; readonly by: 'cache' | 'digests' }
  | { readonly kind: 'all' };

export function md5Hex(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex');
}

/** Finds out what of an image is not in flash yet, without reading it: the chip computes digests. `last` is what this computer wrote there the last
 * time; one digest tells whether it still is there.
 * @throws {OtaError} `flash.command*`, `serial.*`, `cancelled` */
export async function compareFlash(
  session: ChipSession,
  offset: number,
  image: Uint8Array,
  last: Uint8Array | undefined,
  signal?: AbortSignal,
): Promise<Comparison> {
  const { link } = session;
  const isThere = async (from: number, bytes: Uint8Array): Promise<boolean> =>
    (await flashMd5(link, offset + from, bytes.length, signal)) === md5Hex(bytes);
  const isSame = (from: number, end: number): Promise<boolean> => isThere(from, image.subarray(from, end));

  if (last !== undefined && last.length > 0 && Buffer.compare(last, image) === 0) {
    if (await isThere(0, image)) return { kind: 'identical' };
  } else if (last !== undefined && last.length > 0) {
    if (await isThere(0, last)) {
      const runs = changedRuns(last, image);
      return runs.length === 0 ? { kind: 'identical' } : { kind: 'changed', runs, by: 'cache' };
    }
  } else if (await isSame(0, Math.min(SECTOR_BYTES, image.length))) {
    // an application always differs in its first sector: only when that is the same may all be
    if (await isThere(0, image)) return { kind: 'identical' };
  }
  if (link.roundTripMs >= LONGEST_ROUND_TRIP_MS) return { kind: 'all' };
  if (!(await isAnySampleThere(image.length, isSame))) return { kind: 'all' };
  const runs = await changedByDigests(image.length, isSame);
  return runs.length === 0 ? { kind: 'identical' } : { kind: 'changed', runs, by: 'digests' };
}

async function isAnySampleThere(
  lengthBytes: number,
  isSame: (from: number, end: number) => Promise<boolean>,
): Promise<boolean> {
  const sectors = Math.ceil(lengthBytes / SECTOR_BYTES);
  if (sectors <= SAMPLES) return true;
  for (let sample = 0; sample < SAMPLES; sample++) {
    const from = Math.floor(((sample + 0.5) * sectors) / SAMPLES) * SECTOR_BYTES;
    if (await isSame(from, Math.min(lengthBytes, from + SECTOR_BYTES))) return true;
  }
  return false;
}

/** 64 KB at a time, and 4 KB at a time where those differ. */
async function changedByDigests(
  lengthBytes: number,
  isSame: (from: number, end: number) => Promise<boolean>,
): Promise<readonly Run[]> {
  const runs: Run[] = [];
  for (let block = 0; block < lengthBytes; block += BLOCK_BYTES) {
    const blockEnd = Math.min(lengthBytes, block + BLOCK_BYTES);
    if (await isSame(block, blockEnd)) continue;
    for (let from = block; from < blockEnd; from += SECTOR_BYTES) {
      const end = Math.min(blockEnd, from + SECTOR_BYTES);
      if (!(await isSame(from, end))) runs.push({ from, end });
    }
  }
  return mergedRuns(runs);
}

/** The first sector whose digest is not that of the image, in bytes from its start.
 * @throws {OtaError} `flash.command*`, `serial.*`, `cancelled` */
export async function firstDifference(
  session: ChipSession,
  offset: number,
  image: Uint8Array,
  signal?: AbortSignal,
): Promise<number | undefined> {
  for (let block = 0; block < image.length; block += BLOCK_BYTES) {
    const whole = image.subarray(block, block + BLOCK_BYTES);
    if ((await flashMd5(session.link, offset + block, whole.length, signal)) === md5Hex(whole)) continue;
    for (let at = block; at < Math.min(image.length, block + BLOCK_BYTES); at += SECTOR_BYTES) {
      const sector = image.subarray(at, Math.min(at + SECTOR_BYTES, block + BLOCK_BYTES));
      if ((await flashMd5(session.link, offset + at, sector.length, signal)) !== md5Hex(sector)) return at;
    }
  }
  return undefined;
}
