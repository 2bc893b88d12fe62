import type { IdfProject } from '../../idf/project.ts';
import type { CommandContext } from '../command.ts';
import { openProject } from '../open-project.ts';

/** The project that was named, else that of the current folder if it is one.
 * @throws {OtaError} `project.notIdf`, `file.unreadable` for one that was named */
export async function optionalProject(
  context: CommandContext,
  given: string | undefined,
): Promise<IdfProject | undefined> {
  if (given !== undefined) return (await openProject(context, given)).project;
  const { recogniseFolder } = await import('../../idf/find-projects.ts');
  const kind = await recogniseFolder(context.cwd, context.files);
  return kind === undefined ? undefined : (await openProject(context, undefined)).project;
}
