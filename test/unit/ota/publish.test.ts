import { mkdtempSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { diskFiles } from '../../../src/base/files.ts';
import { loadProject } from '../../../src/idf/project-loader.ts';
import type { IdfProject } from '../../../src/idf/project.ts';
import { planBoard, planBoardApp } from '../../../src/ota/board-plan.ts';
import { publishImage, publishProject, writeMetadata } from '../../../src/ota/publish.ts';
import { ReleaseStore } from '../../../src/server/release-store.ts';
import { buildOutputs } from '../../../examples/tools/build-outputs.mjs';
import { copyExample } from '../../support/example-project.ts';

let folder = '';
let project: IdfProject;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'publish-'));
  const copy = copyExample('simple_ota', folder);
  buildOutputs({ projectFolder: copy, allowMissingCertificate: true });
  project = await loadProject(copy, diskFiles);
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('publishing a project', () => {
  it('makes a release of what was built, described by its own image', async () => {
    const release = await publishProject(project, new ReleaseStore(), diskFiles, 'https://10.0.0.2:8070', '');
    expect(release).toMatchObject({
      project: 'simple_ota',
      version: '1.0.0',
      name: 'simple_ota.bin',
      facts: { chip: 'esp32' },
    });
    expect(Buffer.from(release.bytes).equals(readFileSync(join(project.folder, 'build/simple_ota.bin')))).toBe(true);
    expect(JSON.parse(release.manifest)).toMatchObject({
      version: '1.0.0',
      file: 'simple_ota.bin',
      url: 'https://10.0.0.2:8070/simple_ota.bin',
    });
  });

  it('gives the same release for the same bytes', async () => {
    const store = new ReleaseStore();
    const first = await publishProject(project, store, diskFiles, undefined, '');
    expect(await publishProject(project, store, diskFiles, undefined, '')).toBe(first);
  });

  it('has the metadata name the address of now, for the same release', async () => {
    const store = new ReleaseStore();
    const release = await publishProject(project, store, diskFiles, 'https://10.0.0.2:8070', '');
    expect(await publishProject(project, store, diskFiles, 'https://10.0.0.3:8070', '')).toBe(release);
    expect(store.resolve('/manifest.json')?.release.manifest).toContain('https://10.0.0.3:8070/simple_ota.bin');
  });

  it('withdraws the name that the project had before', async () => {
    const store = new ReleaseStore();
    const bytes = new Uint8Array(4);
    store.publish({ project: 'p', version: '1', fileName: 'old.bin', bytes, owner: project.folder });
    store.publish({ project: 'p', version: '1', fileName: 'other.bin', bytes, owner: '/another' });
    await publishProject(project, store, diskFiles, undefined, '');
    expect(store.newest().map(({ name }) => name)).toEqual(['other.bin', 'simple_ota.bin']);
  });

  it('takes the release notes in when their file is there', async () => {
    writeFileSync(join(project.folder, 'NOTES.md'), '\nFaster blinking.\n');
    const release = await publishProject(project, new ReleaseStore(), diskFiles, undefined, 'NOTES.md');
    expect(JSON.parse(release.manifest)).toMatchObject({ releaseNotes: 'Faster blinking.' });
    const without = await publishProject(project, new ReleaseStore(), diskFiles, undefined, 'OTHER.md');
    expect(JSON.parse(without.manifest)).not.toHaveProperty('releaseNotes');
  });

  it('takes no release notes from outside of the project, by no path and no link', async () => {
    writeFileSync(join(folder, 'id_rsa'), 'a secret of the user');
    symlinkSync(join(folder, 'id_rsa'), join(project.folder, 'RELEASE_NOTES.md'));
    for (const notes of ['RELEASE_NOTES.md', '../id_rsa', join(folder, 'id_rsa')]) {
      const code = { code: 'file.outside' };
      const release = publishProject(project, new ReleaseStore(), diskFiles, undefined, notes);
      await expect(release, notes).rejects.toMatchObject(code);
      await expect(writeMetadata(project, diskFiles, undefined, notes), notes).rejects.toMatchObject(code);
    }
    rmSync(join(project.folder, 'RELEASE_NOTES.md'));
  });

  it('has nothing to publish before a build', async () => {
    const copy = copyExample('simple_ota', mkdtempSync(join(folder, 'unbuilt-')));
    const unbuilt = await loadProject(copy, diskFiles);
    await expect(publishProject(unbuilt, new ReleaseStore(), diskFiles, undefined, '')).rejects.toMatchObject({
      code: 'manifest.notBuilt',
    });
    await expect(planBoard(unbuilt, diskFiles, 'auto')).rejects.toMatchObject({ code: 'board.notBuilt' });
  });

  it('writes metadata and a copy of the image under its version', async () => {
    const { manifestPath, imagePath } = await writeMetadata(project, diskFiles, 'https://10.0.0.2:8070', '');
    expect(manifestPath).toBe(join(project.folder, 'build/ota/manifest.json'));
    expect(imagePath).toBe(join(project.folder, 'build/ota/simple_ota-1.0.0.bin'));
    expect(JSON.parse(readFileSync(manifestPath, 'utf8'))).toMatchObject({
      project: 'simple_ota',
      chip: 'esp32',
      signed: false,
    });
  });
});

describe('publishing any file', () => {
  const publish = (name: string, bytes: Uint8Array | string): ReturnType<typeof publishImage> => {
    mkdirSync(join(folder, 'files'), { recursive: true });
    writeFileSync(join(folder, 'files', name), bytes);
    return publishImage(join(folder, 'files', name), new ReleaseStore(), diskFiles);
  };

  it('takes an application of another project, under its own name', async () => {
    const release = await publish('other.bin', readFileSync(join(project.folder, 'build/simple_ota.bin')));
    expect(release).toMatchObject({ name: 'other.bin', project: 'simple_ota', version: '1.0.0' });
  });

  it('says what a file is that no board could run', async () => {
    await expect(publish('page.bin', '<!DOCTYPE html><html></html>')).rejects.toMatchObject({
      code: 'publish.notAnApp',
      details: { kind: 'html' },
    });
    const bootloader = readFileSync(join(project.folder, 'build/bootloader/bootloader.bin'));
    await expect(publish('bootloader.bin', bootloader)).rejects.toMatchObject({ details: { kind: 'bootloader' } });
    await expect(publishImage(join(folder, 'none.bin'), new ReleaseStore(), diskFiles)).rejects.toMatchObject({
      code: 'file.unreadable',
    });
  });
});

describe('a board of the project', () => {
  it('has in its flash what the build would flash by cable', async () => {
    const plan = await planBoard(project, diskFiles, 'auto');
    expect(plan).toMatchObject({ chip: 'esp32', flashSizeBytes: 0x400000, partitionTableOffset: 0x8000 });
    expect(plan.parts.map((part) => part.offset).sort((a, b) => a - b)).toEqual([0x1000, 0x8000, 0xf000, 0x20000]);
  });

  it('behaves as the sources and the configuration say', () => {
    expect(planBoardApp(project, 'auto')).toMatchObject({
      client: 'advanced',
      firmwareUrl: 'https://127.0.0.1:8070/simple_ota.bin',
      hasRollback: true,
      confirmsAfterUpdate: true,
      allowsHttp: false,
    });
    expect(planBoardApp(project, 'native').client).toBe('native');
  });
});
