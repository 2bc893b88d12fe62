import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { diskFiles } from '../../../src/base/files.ts';
import { BOOTLOADER_CONFIG } from '../../../src/doctor/checks/behaviour.ts';
import type { DoctorFacts } from '../../../src/doctor/facts.ts';
import type { Finding } from '../../../src/doctor/finding.ts';
import { loadProject } from '../../../src/idf/project-loader.ts';
import { copyProject, type GENERATIONS } from '../idf/project-folder.ts';

type Generation = (typeof GENERATIONS)[number];

/** A fixture project with changes, as the checks see it on a computer with one address, its server off. */
export async function factsOf(
  generation: Generation,
  options: {
    readonly files?: Readonly<Record<string, string | Uint8Array>>;
    /** Lines of sdkconfig, `CONFIG_X=y`: each goes in place of what the file has for it, or to its end. */
    readonly config?: readonly string[];
    readonly facts?: Partial<DoctorFacts>;
  } = {},
): Promise<DoctorFacts> {
  const original = readFileSync(join('test/fixtures/idf', generation, 'sdkconfig'), 'utf8');
  const sdkconfig = (options.config ?? []).reduce((text, line) => {
    const name = /CONFIG_\w+/.exec(line)?.[0] ?? '';
    const rest = text.replace(new RegExp(`^(?:# )?${name}(?:=| is not set).*\\r?\\n`, 'gm'), '');
    return rest.replace(/^# Deprecated/m, `${line}\n$&`);
  }, original);
  const folder = await copyProject(generation, { sdkconfig, ...options.files });
  const project = await loadProject(folder, diskFiles);
  const paths = [
    project.sdkconfigPath,
    join(project.buildFolder ?? folder, BOOTLOADER_CONFIG),
    join(folder, 'sdkconfig.defaults'),
    project.cmakePath,
    join(folder, 'main', 'CMakeLists.txt'),
    project.versionTxtPath,
    project.certificate.path,
    ...(project.partitionTable.path === undefined ? [] : [project.partitionTable.path]),
    ...Object.keys(options.files ?? {}).map((name) => join(folder, name)),
  ];
  const texts = new Map(
    paths.flatMap((path) => {
      try {
        return [[path, readFileSync(path, 'utf8')] as const];
      } catch {
        return [];
      }
    }),
  );
  return {
    project,
    text: (path) => texts.get(path),
    addresses: [{ address: '192.168.61.67', family: 'IPv4', interfaceName: 'eth0', kind: 'lan' }],
    server: {
      state: 'off',
      protocol: 'https',
      port: 8070,
      host: '192.168.61.67',
      bindHost: '0.0.0.0',
      paths: [],
    },
    privateKeys: [],
    host: { platform: 'linux', isWsl: false, isContainer: false, isRemote: false, names: [] },
    nowMs: Date.UTC(2026, 10, 22),
    ...options.facts,
  };
}

export function idsOf(findings: readonly Finding[]): string[] {
  return findings.map(({ id }) => id);
}
