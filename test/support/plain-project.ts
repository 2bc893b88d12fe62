import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { buildOutputs } from '../../examples/tools/build-outputs.mjs';
import { diskFiles } from '../../src/base/files.ts';
import { setupPaths, type SetupFacts } from '../../src/doctor/setup-plan.ts';
import { readTextExactly } from '../../src/idf/file-edit.ts';
import { loadProject } from '../../src/idf/project-loader.ts';
import type { IdfProject } from '../../src/idf/project.ts';
import { copyExample } from './example-project.ts';

/** The versions of ESP-IDF whose options, tables or functions differ. */
export const IDF_VERSIONS = ['4.4.8', '5.1.6', '5.3.5', '5.5.5', '6.0.2'] as const;

/** A copy of hello_world as ESP-IDF of that version would have configured it, gone after the test. */
export function plainProject(idfVersion: string): string {
  const parent = mkdtempSync(join(tmpdir(), 'esp32-ota-plain-'));
  onTestFinished(() => {
    rmSync(parent, { recursive: true, force: true });
  });
  const folder = copyExample('hello_world', parent);
  const path = join(folder, 'sdkconfig');
  const isOld = idfVersion.startsWith('4.');
  const text = readFileSync(path, 'utf8')
    .replace('(ESP-IDF) 5.5.1', `(ESP-IDF) ${idfVersion}`)
    .replace('CONFIG_IDF_INIT_VERSION="5.5.1"', `CONFIG_IDF_INIT_VERSION="${idfVersion}"`)
    .replace('# CONFIG_ESP_HTTPS_OTA_ALLOW_HTTP is not set', isOld ? '# CONFIG_OTA_ALLOW_HTTP is not set' : '$&');
  const hasLarge = !/^(?:4\.|5\.[0-3]\.)/.test(idfVersion);
  writeFileSync(path, hasLarge ? text : text.replace(/^# CONFIG_PARTITION_TABLE_TWO_OTA_LARGE is not set\n/m, ''));
  return folder;
}

export function build(folder: string): void {
  buildOutputs({ projectFolder: folder });
}

/** What a setup looks at, of a project on disk. */
export async function setupFacts(
  folder: string,
  more: Omit<SetupFacts, 'project' | 'text'> = {},
): Promise<SetupFacts & { readonly project: IdfProject }> {
  const project = await loadProject(folder, diskFiles);
  const texts = new Map<string, string>();
  for (const path of setupPaths(project)) {
    const text = await readTextExactly(diskFiles, path);
    if (text !== undefined) texts.set(path, text);
  }
  return { project, text: (path) => texts.get(path), ...more };
}
