import { readFile, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { hostname } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import type { FileStore } from '../base/files.ts';
import { isOtaError } from '../base/ota-error.ts';
import { BOOTLOADER_CONFIG } from '../doctor/checks/behaviour.ts';
import type { HostFacts, PrivateKeyFile } from '../doctor/facts.ts';
import type { IdfProject } from '../idf/project.ts';

/** Of files that findings may point into, or whose content they are about. One that can't be read counts as not there. */
export async function readSetupTexts(
  project: IdfProject,
  keys: readonly PrivateKeyFile[],
  files: FileStore,
): Promise<ReadonlyMap<string, string>> {
  const { folder, ota, partitionTable, certificate } = project;
  const bundle = ota.customBundlePath?.value ?? '';
  const paths = new Set([
    project.sdkconfigPath,
    join(folder, 'sdkconfig.defaults'),
    ...project.defaults.map(({ path }) => path),
    project.cmakePath,
    join(folder, 'main', 'CMakeLists.txt'),
    project.versionTxtPath,
    certificate.path,
    ...project.embeddedFiles.flatMap(({ path }) => path ?? []),
    ...(project.buildFolder === undefined ? [] : [join(project.buildFolder, BOOTLOADER_CONFIG)]),
    ...(bundle === '' ? [] : [isAbsolute(bundle) ? bundle : join(folder, bundle)]),
    ...(partitionTable.path === undefined ? [] : [partitionTable.path]),
    ...keys.map(({ path }) => join(dirname(path), '.gitignore')),
    ...project.sources.calls.map(({ path }) => path),
  ]);
  const texts = new Map<string, string>();
  await Promise.all(
    [...paths].map(async (path) => {
      try {
        const text = await files.readText(path);
        // an editor's columns do not count a byte order mark
        if (text !== undefined) texts.set(path, text.replace(/^\uFEFF/, ''));
      } catch (error) {
        if (!isOtaError(error)) throw error;
      }
    }),
  );
  return texts;
}

/** Somebody answers on the port of this computer. */
export function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: 500 });
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => {
      end(true);
    });
    socket.once('error', () => {
      end(false);
    });
    socket.once('timeout', () => {
      end(false);
    });
  });
}

let hostKind: Promise<Pick<HostFacts, 'isWsl' | 'isContainer'>> | undefined;

/** What the checks look at of this computer.
 * @param isRemote the user sits at another one */
export async function hostFacts(isRemote: boolean): Promise<HostFacts> {
  hostKind ??= findHostKind();
  const own = hostname().toLowerCase().replace(/\.$/, '');
  return {
    ...(await hostKind),
    platform: process.platform,
    isRemote,
    names: own === '' ? [] : own.includes('.') ? [own] : [own, `${own}.local`],
  };
}

async function findHostKind(): Promise<Pick<HostFacts, 'isWsl' | 'isContainer'>> {
  if (process.platform !== 'linux') return { isWsl: false, isContainer: false };
  const exists = (path: string): Promise<boolean> =>
    stat(path).then(
      () => true,
      () => false,
    );
  const kernel = await readFile('/proc/version', 'utf8').catch(() => '');
  return {
    isWsl: process.env['WSL_DISTRO_NAME'] !== undefined || /microsoft/i.test(kernel),
    isContainer: (await exists('/.dockerenv')) || (await exists('/run/.containerenv')),
  };
}
