import { isAbsolute, relative } from 'node:path';
import type { IdfProject } from './project.ts';

/** Globs, relative to the project's folder, of the files whose change makes a snapshot old. `build/ota/`, which we write, is not among them. */
export const watchGlobs: readonly string[] = [
  '{CMakeLists.txt,version.txt,sdkconfig,sdkconfig.*,platformio.ini,dependencies.lock}',
  '{*,*/*,*/*/*}.csv',
  '{main,components}/**/{CMakeLists.txt,*.c,*.cc,*.cpp,*.cxx,*.h,*.hpp}',
  '**/*.pem',
  '*/{project_description.json,flasher_args.json,*.bin}',
  '*/{config/sdkconfig.json,bootloader/bootloader.bin,partition_table/partition-table.bin}',
  '.git/{HEAD,logs/HEAD,packed-refs,refs/tags/**}',
];

/** Files outside the project's folder that its snapshot was made from (an sdkconfig or defaults elsewhere, a partition CSV by absolute path, a build
 * folder beside the project), to be watched one by one. */
export function watchedOutside(project: IdfProject): readonly string[] {
  const paths = [
    project.sdkconfigPath,
    ...project.defaults.map(({ path }) => path),
    project.partitionTable.path,
    project.app?.path,
    project.bootloader?.path,
    project.partitionTable.built?.path,
    project.certificate.path,
  ];
  const outside = paths.filter((path) => path !== undefined).filter((path) => !isInside(project.folder, path));
  return [...new Set(outside)].sort();
}

function isInside(folder: string, path: string): boolean {
  const inside = relative(folder, path);
  return inside !== '' && !isAbsolute(inside) && inside !== '..' && !/^\.\.[\\/]/.test(inside);
}
