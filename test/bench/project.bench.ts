/** How long a snapshot of a project takes that has the files of a real build: an image of 1.5 MB, a long sdkconfig, a long project_description.json.
 * `node scripts/bench.mjs project` */
import { randomBytes } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { diskFiles } from '../../src/base/files.ts';
import { ProjectLoader } from '../../src/idf/project-loader.ts';
import { makeApp } from '../support/make-image.ts';

const COPIES = 25;

async function makeProject(folder: string): Promise<void> {
  await cp(join('test', 'fixtures', 'idf', 'v5.5'), folder, { recursive: true });
  const path = (name: string): string => join(folder, name);
  const sdkconfig = await readFile(path('sdkconfig'), 'utf8');
  const live = sdkconfig.slice(0, sdkconfig.indexOf('# Deprecated'));
  const more = Array.from({ length: COPIES }, (_, copy) => live.replaceAll('CONFIG_', `CONFIG_Z${copy}_`));
  await writeFile(path('sdkconfig'), more.join('') + sdkconfig);
  const json = JSON.parse(await readFile(path('build/config/sdkconfig.json'), 'utf8')) as Record<string, unknown>;
  const entries = Object.entries(json);
  for (let copy = 0; copy < COPIES; copy++) for (const [key, value] of entries) json[`Z${copy}_${key}`] = value;
  await writeFile(path('build/config/sdkconfig.json'), JSON.stringify(json, null, 4));
  const description = JSON.parse(await readFile(path('build/project_description.json'), 'utf8')) as object;
  const sources = Array.from({ length: 20 }, (_, file) => `/opt/esp/idf/components/some_component/src/file_${file}.c`);
  const components = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`component_${index}`, { sources }]));
  await writeFile(
    path('build/project_description.json'),
    JSON.stringify({ ...description, all_component_info: components }),
  );
  await rebuild(folder);
}

function rebuild(folder: string): Promise<void> {
  const app = makeApp({ version: '1.4.0', projectName: 'simple_ota', extra: randomBytes(1_500_000) });
  return writeFile(join(folder, 'build', 'simple_ota.bin'), app);
}

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'esp32-ota-bench-'));
  try {
    await makeProject(folder);
    const loader = new ProjectLoader(diskFiles);
    const measure = async (what: string, one = loader): Promise<void> => {
      const readBefore = one.readCount;
      const start = performance.now();
      const cpu = process.cpuUsage();
      await one.load(folder);
      const { user, system } = process.cpuUsage(cpu);
      const wallMs = (performance.now() - start).toFixed(1);
      console.log(
        `${what.padEnd(30)} ${wallMs} ms (${((user + system) / 1000).toFixed(1)} ms CPU), ${one.readCount - readBefore} files read`,
      );
    };
    await measure('cold, first of the process');
    await measure('cold', new ProjectLoader(diskFiles));
    await measure('again, nothing changed');
    await writeFile(join(folder, 'version.txt'), '1.4.1\n');
    await measure('again, version.txt changed');
    await rebuild(folder);
    await measure('again, image rebuilt');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

void main();
