import { idfVersionText } from '../idf/idf-version.ts';
import type { IdfProject } from '../idf/project.ts';

/** A project, as all that is said about it begins. */
export function projectJson({ folder, name, version, target, idfVersion, app }: IdfProject) {
  const builtVersion = app?.image?.description?.version;
  return {
    folder,
    name,
    ...(version.value === undefined ? {} : { version: version.value }),
    ...(target === undefined ? {} : { target }),
    ...(idfVersion === undefined ? {} : { idfVersion: idfVersionText(idfVersion) }),
    isBuilt: app !== undefined,
    ...(builtVersion === undefined ? {} : { builtVersion }),
  };
}
