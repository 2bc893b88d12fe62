import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

export const FIXTURES = join(import.meta.dirname, '..', '..', 'fixtures', 'idf');
export const GENERATIONS = ['v4.4', 'v5.1', 'v5.3', 'v5.5', 'v6.0'] as const;

/** A temporary folder with the files given, gone after the test. */
export async function makeFolder(files: Readonly<Record<string, string | Uint8Array>> = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'esp32-ota-idf-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await addFiles(folder, files);
  return folder;
}

export async function addFiles(folder: string, files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
}

/** A copy of a fixture project. */
export async function copyProject(
  generation: (typeof GENERATIONS)[number],
  files: Readonly<Record<string, string | Uint8Array>> = {},
): Promise<string> {
  const folder = await makeFolder();
  await cp(join(FIXTURES, generation), folder, { recursive: true });
  await addFiles(folder, files);
  return folder;
}

/** A project's CMakeLists.txt. */
export function cmakeLists(before = '', name = 'sample'): string {
  return `cmake_minimum_required(VERSION 3.16)\n${before}include($ENV{IDF_PATH}/tools/cmake/project.cmake)\nproject(${name})\n`;
}
