import { dirname, join, relative } from 'node:path';
import { isWithin } from '../base/files.ts';
import type { IdfProject } from './project.ts';

/** Globs, relative to the project's folder, of the files whose change makes a snapshot old. `build/ota/`, which we write, is not among them. */
export const watchGlobs: readonly string[] = [
  // files of the project's own folder; and its folders, for of one that is deleted no file is told
  '*',
  '{*,*/*,*/*/*}.csv',
  '{main,components}/**/{CMakeLists.txt,*.c,*.cc,*.cpp,*.cxx,*.h,*.hpp}',
  '**/*.pem',
  '*/{project_description.json,flasher_args.json,*.bin}',
  '*/{config/sdkconfig.json,bootloader/bootloader.bin,partition_table/partition-table.bin}',
  '.git/{HEAD,logs/HEAD,packed-refs,refs/tags/**}',
];

/** Files that a snapshot was made from and that {@link watchGlobs} do not reach, to be watched one by one: an sdkconfig, defaults or a partition CSV
 * elsewhere, a build folder that is not a direct child of the project. */
export function watchedOutside(project: IdfProject): readonly string[] {
  const { folder, buildFolder } = project;
  const elsewhere = [
    project.sdkconfigPath,
    ...project.defaults.map(({ path }) => path),
    project.partitionTable.path,
    project.certificate.path,
  ].filter((path) => path !== undefined && !isInside(folder, path));
  const built =
    buildFolder === undefined || dirname(buildFolder) === folder
      ? []
      : [
          ...['project_description.json', 'flasher_args.json', 'config/sdkconfig.json'].map((name) =>
            join(buildFolder, name),
          ),
          project.app?.path,
          project.bootloader?.path,
          project.partitionTable.built?.path,
        ];
  return [...new Set([...elsewhere, ...built])].filter((path) => path !== undefined).sort();
}

function isInside(folder: string, path: string): boolean {
  return relative(folder, path) !== '' && isWithin(path, folder);
}
