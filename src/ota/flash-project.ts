import { basename, join } from 'node:path';
import type { FileStore } from '../base/files.ts';
import { OtaError } from '../base/ota-error.ts';
import type { FlashFile, FlashRequest } from '../flash/flash-plan.ts';
import type { IdfProject } from '../idf/project.ts';

/** What to flash of a project: everything its build lists for a first flash, or the application alone.
 * @throws {OtaError} `flash.nothingToFlash`, `board.notBuilt` naming the file that is missing, `file.unreadable` */
export async function flashRequest(
  project: IdfProject,
  what: 'everything' | 'app',
  files: FileStore,
): Promise<FlashRequest> {
  const { flasherArgs, buildFolder } = project;
  if (flasherArgs === undefined || buildFolder === undefined) throw new OtaError('flash.nothingToFlash', { count: 0 });
  const listed = flasherArgs.files.filter((one) => what === 'everything' || isApp(project, one));
  const read = await Promise.all(
    listed.map(async ({ name, offset, file, isEncrypted }): Promise<FlashFile> => {
      const path = join(buildFolder, file);
      const bytes = await files.read(path);
      if (bytes === undefined) throw new OtaError('board.notBuilt', { path });
      return { name: name ?? basename(file), offset, bytes, isEncrypted };
    }),
  );
  const { flashMode, flashFrequency, flashSize, chip } = flasherArgs;
  return {
    files: read,
    partitions: project.partitionTable.built?.partitions ?? project.partitionTable.partitions,
    partitionTableOffset: project.ota.partitionTableOffset,
    ...(flashMode === undefined ? {} : { flashMode }),
    ...(flashFrequency === undefined ? {} : { flashFrequency }),
    ...(flashSize === undefined ? {} : { flashSize }),
    ...(chip === undefined ? {} : { chip }),
  };
}

function isApp(project: IdfProject, { name, file }: { readonly name?: string; readonly file: string }): boolean {
  return name === undefined ? file === basename(project.app?.path ?? '') : name === 'app';
}

/** How the build wants its boards to be treated before and after flashing. */
export interface FlashBehaviour {
  /** Left out: by the port. */
  readonly reset?: 'none';
  /** Whether the application starts afterwards. */
  readonly restarts: boolean;
  readonly usesStub: boolean;
}

/** `before`, `after` and `stub` of `flasher_args.json`.
 * @see ESP-IDF v5.5 `components/esptool_py/Kconfig.projbuild`, `CONFIG_ESPTOOLPY_BEFORE`, `CONFIG_ESPTOOLPY_AFTER` */
export function flashBehaviour({ flasherArgs }: IdfProject): FlashBehaviour {
  const isNoReset = (word: string | undefined): boolean => /^no[_-]reset/.test(word ?? '');
  return {
    ...(isNoReset(flasherArgs?.before) ? { reset: 'none' as const } : {}),
    restarts: !isNoReset(flasherArgs?.after),
    usesStub: flasherArgs?.usesStub ?? true,
  };
}

/** Whether the build's files were made without a compiler, as the build tool of the examples makes them: a real chip does not run them. */
export async function isMadeWithoutCompiler({ buildFolder }: IdfProject, files: FileStore): Promise<boolean> {
  if (buildFolder === undefined) return false;
  const [record, cmake] = await Promise.all(
    ['build_outputs.json', 'CMakeCache.txt'].map((name) => files.stat(join(buildFolder, name))),
  );
  return record !== undefined && cmake === undefined;
}
