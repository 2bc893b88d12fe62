import type { ImageHeader } from './image-header.ts';

type Revisions = Pick<ImageHeader, 'chipId' | 'minChipRevision' | 'maxChipRevision' | 'legacyMinChipRevision'>;

/** Revisions of the chip that an image is for, both inclusive, major * 100 + minor. */
export interface RevisionLimits {
  readonly minimum: number;
  /** Absent without a limit. */
  readonly maximum?: number;
}

const NO_LIMIT = 0xffff;

/** Images older than full revisions carry only the legacy byte: the major number on ESP32, the minor one on the others. */
export function revisionLimits({ chipId, ...header }: Revisions): RevisionLimits {
  const legacy = chipId === 0 ? header.legacyMinChipRevision * 100 : header.legacyMinChipRevision;
  const maximum = header.maxChipRevision;
  return {
    minimum: header.minChipRevision === 0 ? legacy : header.minChipRevision,
    ...(maximum === 0 || maximum === NO_LIMIT ? {} : { maximum }),
  };
}

/** Whether a chip of this revision runs the image. */
export function revisionFits(header: Revisions, revision: number): boolean {
  const { minimum, maximum } = revisionLimits(header);
  return revision >= minimum && (maximum === undefined || revision <= maximum);
}
