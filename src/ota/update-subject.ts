import type { IdfProject } from '../idf/project.ts';
import type { Release } from '../server/release-store.ts';
import type { UpdateSubject } from './update-state.ts';

/** What only the project tells of an update. */
export interface SubjectFacts {
  /** Of the application that was built, lower-case hex; empty when nothing compares it. */
  readonly elfSha256?: string | undefined;
  readonly isRollbackEnabled: boolean;
}

/** What a project's build tells. */
export function buildFacts({ app, ota }: Pick<IdfProject, 'app' | 'ota'>): SubjectFacts {
  return { elfSha256: app?.image?.description?.elfSha256, isRollbackEnabled: ota.isRollbackEnabled };
}

/** A release as what boards are to run; which board is added for each. */
export function subjectOf(
  release: Release,
  { elfSha256 = '', isRollbackEnabled }: SubjectFacts,
): Omit<UpdateSubject, 'board'> {
  return {
    project: release.project,
    version: release.version,
    sha256: release.sha256,
    elfSha256,
    totalBytes: release.bytes.length,
    releaseId: release.id,
    isRollbackEnabled,
  };
}
