import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { diskFiles } from '../../../src/base/files.ts';
import { parseFlasherArgs } from '../../../src/idf/flasher-args.ts';
import { loadProject } from '../../../src/idf/project-loader.ts';
import type { IdfProject } from '../../../src/idf/project.ts';
import { flashBehaviour, flashRequest, isMadeWithoutCompiler } from '../../../src/ota/flash-project.ts';
import { buildOutputs } from '../../../examples/tools/build-outputs.mjs';
import { copyExample } from '../../support/example-project.ts';

let folder = '';
let project: IdfProject;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'flash-project-'));
  const copy = copyExample('simple_ota', folder);
  buildOutputs({ projectFolder: copy, allowMissingCertificate: true });
  project = await loadProject(copy, diskFiles);
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function withExtraArgs(extra: object): IdfProject {
  const args = { flash_files: {}, extra_esptool_args: extra };
  return { ...project, flasherArgs: parseFlasherArgs(JSON.stringify(args)) };
}

describe('what is flashed of a project', () => {
  it('is everything that the build lists, with its settings', async () => {
    const request = await flashRequest(project, 'everything', diskFiles);
    expect(request.files.map((file) => [file.name, file.offset])).toEqual(
      expect.arrayContaining([
        ['bootloader', 0x1000],
        ['partition-table', 0x8000],
        ['otadata', 0xf000],
        ['app', 0x20000],
      ]),
    );
    expect(request).toMatchObject({ chip: 'esp32', flashSize: '4MB', partitionTableOffset: 0x8000 });
  });

  it('is the application alone, at its place', async () => {
    const request = await flashRequest(project, 'app', diskFiles);
    expect(request.files.map((file) => file.offset)).toEqual([0x20000]);
  });

  it('is nothing when a file of the build is missing, and says which', async () => {
    const bootloader = join(project.folder, 'build/bootloader/bootloader.bin');
    const bytes = await diskFiles.read(bootloader);
    rmSync(bootloader);
    await expect(flashRequest(project, 'everything', diskFiles)).rejects.toMatchObject({
      code: 'board.notBuilt',
      details: { path: bootloader },
    });
    writeFileSync(bootloader, bytes ?? '');
  });
});

describe('how a board is treated', () => {
  it('is by the port, with a restart, unless the build says otherwise', () => {
    expect(flashBehaviour(project)).toEqual({ restarts: true, usesStub: true });
  });

  it.each(['no_reset', 'no-reset'])('is left alone before and after flashing by %s', (word) => {
    expect(flashBehaviour(withExtraArgs({ before: word, after: word, stub: true }))).toEqual({
      reset: 'none',
      restarts: false,
      usesStub: true,
    });
  });

  it('is without the stub when the build turns it off', () => {
    expect(flashBehaviour(withExtraArgs({ before: 'default_reset', after: 'hard_reset', stub: false })).usesStub).toBe(
      false,
    );
  });
});

describe('a build without a compiler', () => {
  it('is told from one of ESP-IDF', async () => {
    expect(await isMadeWithoutCompiler(project, diskFiles)).toBe(true);
    writeFileSync(join(project.buildFolder ?? '', 'CMakeCache.txt'), '');
    expect(await isMadeWithoutCompiler(project, diskFiles)).toBe(false);
  });
});
