import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import { parseImage } from '../image/app-image.ts';
import { parseBuildConfig } from './build-config.ts';
import { chooseBuildFolder } from './build-folder.ts';
import type { ConfigLayer } from './config-reader.ts';
import { parseFlasherArgs, type FlasherArgs } from './flasher-args.ts';
import { readText, reportTo, type Loading } from './loading.ts';
import { problem, problemOfError } from './problem.ts';
import type { BuiltImage } from './project.ts';
import { parseProjectDescription, type ProjectDescription } from './project-description.ts';

/** What a build left behind. */
export interface Build {
  readonly folder?: string | undefined;
  readonly description?: ProjectDescription | undefined;
  readonly flasherArgs?: FlasherArgs | undefined;
  readonly config?: ConfigLayer | undefined;
}

/** @param found the build folders there are; `setting` names another */
export async function loadBuild(
  loading: Loading,
  found: readonly string[],
  setting: string | undefined,
): Promise<Build> {
  const { folder, files, problems } = loading;
  const build = await chooseBuildFolder(folder, found, setting, files).catch(reportTo(problems, folder, undefined));
  if (build === undefined) return {};
  const configPath = join(build, 'config', 'sdkconfig.json');
  const [description, flasherArgs, config] = await Promise.all([
    readText(loading, join(build, 'project_description.json'), 'description', parseProjectDescription),
    readText(loading, join(build, 'flasher_args.json'), 'flasherArgs', parseFlasherArgs),
    readText(loading, configPath, 'buildConfig', parseBuildConfig),
  ]);
  return {
    folder: build,
    description: description?.value,
    flasherArgs: flasherArgs?.value,
    config: config === undefined ? undefined : { layer: 'build', path: configPath, entries: config.value },
  };
}

export function appPath({ folder, description, flasherArgs }: Build, name: string | undefined): string | undefined {
  if (folder === undefined) return undefined;
  const fromFlasher = flasherArgs?.files.find((file) => file.name === 'app')?.file;
  const file = description?.appBin ?? fromFlasher ?? (name === undefined ? undefined : `${name}.bin`);
  return file === undefined ? undefined : join(folder, file);
}

export function bootloaderPath({ folder, flasherArgs }: Build): string | undefined {
  if (folder === undefined) return undefined;
  const file = flasherArgs?.files.find(({ name }) => name === 'bootloader')?.file;
  return join(folder, file ?? 'bootloader/bootloader.bin');
}

/** The unsigned application, where the build made no other. */
export async function unsignedPath(
  { files, problems }: Loading,
  build: Build,
  app: BuiltImage | undefined,
  name: string | undefined,
): Promise<string | undefined> {
  const path = appPath(build, name);
  if (path === undefined || app !== undefined) return undefined;
  const unsigned = path.replace(/(?:\.bin)?$/, '-unsigned.bin');
  const stat = await files.stat(unsigned).catch(reportTo(problems, unsigned, undefined));
  if (stat !== undefined) return unsigned;
  problems.push(problem('information', 'project.appMissing', path, { file: basename(path) }));
  return undefined;
}

/** Reads an image and takes it apart; what is wrong with it becomes a problem. */
export async function loadImage(
  { cache, problems }: Loading,
  path: string | undefined,
): Promise<BuiltImage | undefined> {
  if (path === undefined) return undefined;
  const read = await cache
    .bytes(path, 'image', (bytes) => {
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      try {
        return { bytes, sha256, image: parseImage(bytes) };
      } catch (error) {
        return { bytes, sha256, problem: problemOfError(error, path) };
      }
    })
    .catch(reportTo(problems, path, undefined));
  if (read === undefined) return undefined;
  const { bytes, sha256, image, problem: found } = read.value;
  if (found !== undefined) problems.push(found);
  return { path, bytes, sha256, modifiedMs: read.modifiedMs, ...(image === undefined ? {} : { image }) };
}
