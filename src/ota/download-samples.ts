/** How far a download was at a moment. */
export interface DownloadSample {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** From the start of the image. */
  readonly bytes: number;
}

/** So many are kept of a download, however long it takes: more than a picture has pixels for would only fill the history. */
export const MOST_SAMPLES = 200;

/** The samples with one more. One that comes sooner after the last but one than the whole time's {@link MOST_SAMPLES}th part takes the place of the
 * last one, so that what is kept stays even; the first and the newest are always there. A stall stays visible: its two ends are far apart. */
export function withSample(samples: readonly DownloadSample[], sample: DownloadSample): readonly DownloadSample[] {
  const [first, before] = [samples[0], samples.at(-2)];
  if (first === undefined) return [sample];
  const evenMs = (sample.atMs - first.atMs) / MOST_SAMPLES;
  const isCrowded = before !== undefined && sample.atMs - before.atMs < 2 * evenMs;
  const next = [...(isCrowded ? samples.slice(0, -1) : samples), sample];
  // what was even for a shorter time is too dense now
  return next.length <= MOST_SAMPLES ? next : next.filter((_, index) => index % 2 === 0 || index === next.length - 1);
}

export interface Stall {
  readonly fromMs: number;
  readonly toMs: number;
}

const SHORTEST_STALL_MS = 1000;
/** Of the average rate; slower counts as standing still. */
const STALLED_SHARE = 0.1;

/** When next to nothing came for a second or more. Neighbouring stalls are one. */
export function stallsOf(samples: readonly DownloadSample[]): readonly Stall[] {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || last.atMs <= first.atMs) return [];
  const average = (last.bytes - first.bytes) / (last.atMs - first.atMs);
  const stalls: Stall[] = [];
  for (const [index, sample] of samples.entries()) {
    const before = samples[index - 1];
    if (before === undefined || sample.bytes - before.bytes > STALLED_SHARE * average * (sample.atMs - before.atMs)) {
      continue;
    }
    const open = stalls.at(-1);
    if (open?.toMs === before.atMs) stalls[stalls.length - 1] = { fromMs: open.fromMs, toMs: sample.atMs };
    else stalls.push({ fromMs: before.atMs, toMs: sample.atMs });
  }
  return stalls.filter(({ fromMs, toMs }) => toMs - fromMs >= SHORTEST_STALL_MS);
}
