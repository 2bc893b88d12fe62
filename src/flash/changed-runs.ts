import { SECTOR_BYTES } from '../image/flash-sector.ts';

/** A piece of an image, in bytes from its start; `end` is not part of it. Begins at a sector and ends at one or with the image. */
export interface Run {
  readonly from: number;
  readonly end: number;
}

/** Unchanged sectors between two runs that are written with them: a further run costs three round trips. */
const LARGEST_GAP_SECTORS = 1;

/** The sectors in which a new image differs from the old one, as runs. What the old one does not reach differs. */
export function changedRuns(old: Uint8Array, now: Uint8Array): readonly Run[] {
  return runsOf(now.length, (from, end) => {
    if (end > old.length) return true;
    return Buffer.compare(now.subarray(from, end), old.subarray(from, end)) !== 0;
  });
}

/** Runs of the sectors of which `isChanged` says so. */
export function runsOf(lengthBytes: number, isChanged: (from: number, end: number) => boolean): readonly Run[] {
  const runs: Run[] = [];
  for (let from = 0; from < lengthBytes; from += SECTOR_BYTES) {
    const end = Math.min(lengthBytes, from + SECTOR_BYTES);
    if (isChanged(from, end)) runs.push({ from, end });
  }
  return mergedRuns(runs);
}

/** Runs with small gaps between them made one. The given ones are in order and do not overlap. */
export function mergedRuns(runs: readonly Run[], largestGapSectors = LARGEST_GAP_SECTORS): readonly Run[] {
  const merged: Run[] = [];
  for (const run of runs) {
    const last = merged.at(-1);
    if (last !== undefined && run.from - last.end <= largestGapSectors * SECTOR_BYTES) {
      merged[merged.length - 1] = { from: last.from, end: run.end };
    } else {
      merged.push(run);
    }
  }
  return merged;
}

export function bytesIn(runs: readonly Run[]): number {
  return runs.reduce((sum, { from, end }) => sum + end - from, 0);
}
