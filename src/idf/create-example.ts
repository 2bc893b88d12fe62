import { basename, join } from 'node:path';
import type { FileStore } from '../base/files.ts';

/** What an example may hold without being a part of it: outputs of a build, and the certificate of one computer. */
const NOT_COPIED = /^(build|managed_components|sdkconfig\.old|.*\.(pem|bak))$/;

/** Of the copy, from its folder: Node.js is VS Code's own. */
const BUILD_COMMAND = '${node} tools/build-outputs.mjs';

export interface ExampleSources {
  /** The project, such as `examples/simple_ota`. */
  readonly project: string;
  /** What makes the outputs of its build with no toolchain: `examples/tools`. It becomes a part of the copy. */
  readonly tools: string;
}

/** Copies an example into a new folder, together with the tool that builds it with nothing installed, and sets that as its build command.
 * @param parent a folder that is there
 * @returns the new folder: named as the example is, with a number behind it where that is taken
 * @throws {OtaError} `file.unreadable`, `file.unwritable` */
export async function createExample(
  parent: string,
  { project, tools }: ExampleSources,
  files: FileStore,
): Promise<string> {
  const folder = await freeFolder(parent, basename(project), files);
  await copyFolder(project, folder, files);
  await copyFolder(tools, join(folder, 'tools'), files);
  const settings = { 'esp32Ota.build.command': BUILD_COMMAND };
  await files.writeAtomic(join(folder, '.vscode', 'settings.json'), `${JSON.stringify(settings, undefined, 2)}\n`);
  return folder;
}

async function freeFolder(parent: string, name: string, files: FileStore): Promise<string> {
  for (let number = 1; ; number += 1) {
    const folder = join(parent, number === 1 ? name : `${name}_${number}`);
    if ((await files.stat(folder)) === undefined) return folder;
  }
}

async function copyFolder(from: string, to: string, files: FileStore): Promise<void> {
  for (const name of await files.list(from)) {
    if (NOT_COPIED.test(name)) continue;
    const [source, target] = [join(from, name), join(to, name)];
    if ((await files.stat(source))?.isDirectory === true) await copyFolder(source, target, files);
    else {
      const content = await files.read(source);
      if (content !== undefined) await files.writeAtomic(target, content);
    }
  }
}
