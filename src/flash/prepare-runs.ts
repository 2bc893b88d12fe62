import type { Run } from './changed-runs.ts';
import type { RunToWrite } from './write-run.ts';

/** As many as there are threads that compress; each piece under way takes several hundred kilobytes, however small it is. */
const AT_A_TIME = 4;

/** Bytes that the line carries for a run, without headers. */
export function lineBytes({ compressed, bytes }: Pick<RunToWrite, 'compressed' | 'bytes'>): number {
  return compressed?.compressedBytes ?? bytes.length;
}

/** Prepares runs a few at a time. Undefined as soon as they come to more than `mostLineBytes` together. */
export async function prepareRuns(
  runs: readonly Run[],
  prepare: (run: Run) => Promise<RunToWrite>,
  mostLineBytes = Number.POSITIVE_INFINITY,
): Promise<readonly RunToWrite[] | undefined> {
  const prepared: RunToWrite[] = [];
  let total = 0;
  for (let at = 0; at < runs.length; at += AT_A_TIME) {
    if (total > mostLineBytes) return undefined;
    const next = await Promise.all(runs.slice(at, at + AT_A_TIME).map(prepare));
    prepared.push(...next);
    total += next.reduce((sum, run) => sum + lineBytes(run), 0);
  }
  return total > mostLineBytes ? undefined : prepared;
}
