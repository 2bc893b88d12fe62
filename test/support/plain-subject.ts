import type { UpdateSubject } from '../../src/ota/update-state.ts';

/** An update of a board that is like any other. */
export const PLAIN_SUBJECT: UpdateSubject = {
  board: 'b',
  project: 'blink',
  version: '1.1.0',
  sha256: '',
  elfSha256: '',
  totalBytes: 1,
  releaseId: 'r',
  isRollbackEnabled: true,
};
