import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { diskFiles } from '../../../src/base/files.ts';
import { buildManifest, imageFileName, writeManifest } from '../../../src/idf/manifest.ts';
import { loadProject } from '../../../src/idf/project-loader.ts';
import type { IdfProject } from '../../../src/idf/project.ts';
import { makeApp, makeBootloader, withSignatureV2 } from '../../support/make-image.ts';
import { copyProject } from './project-folder.ts';

const SCHEMA = join(import.meta.dirname, '..', '..', '..', 'media', 'manifest.schema.json');
const schema = JSON.parse(await readFile(SCHEMA, 'utf8')) as {
  properties: Record<string, { title?: string; description?: string }>;
};
const validate = new Ajv2020({ strict: true, allErrors: true }).compile(schema);

async function project(app: Uint8Array, generation: 'v5.5' | 'v6.0' = 'v5.5'): Promise<IdfProject> {
  return loadProject(await copyProject(generation, { 'build/simple_ota.bin': app }), diskFiles);
}

function expectValid(manifest: unknown): void {
  expect(validate(manifest), JSON.stringify(validate.errors)).toBe(true);
}

describe('metadata', () => {
  it('says what the image says, and how it fits', async () => {
    const app = makeApp({
      version: '1.4.0',
      projectName: 'simple_ota',
      chipId: 9,
      minRevision: 2,
      maxRevision: 199,
      secureVersion: 3,
      date: 'Jan  8 2026',
      time: '15:36:45',
    });
    const manifest = buildManifest(await project(app), {
      url: 'https://192.168.1.2:8070/simple_ota.bin',
      releaseNotes: 'Better.',
    });
    expect(manifest).toEqual({
      manifestVersion: 1,
      project: 'simple_ota',
      version: '1.4.0',
      secureVersion: 3,
      chip: 'esp32s3',
      minChipRevision: 2,
      maxChipRevision: 199,
      file: 'simple_ota-1.4.0.bin',
      size: app.length,
      sha256: createHash('sha256').update(app).digest('hex'),
      elfSha256: createHash('sha256').update('elf').digest('hex'),
      idfVersion: 'v5.5.5',
      compiledAt: '2026-01-08T15:36:45',
      signed: false,
      smallestSlot: { label: 'ota_0', size: 1700 * 1024, free: 1700 * 1024 - app.length },
      url: 'https://192.168.1.2:8070/simple_ota.bin',
      releaseNotes: 'Better.',
    });
    expectValid(manifest);
  });

  it('leaves out what the image does not say', async () => {
    const app = makeApp({
      version: '',
      projectName: '',
      date: '',
      time: '',
      idfVersion: '',
      elfSha256: new Uint8Array(32),
      chipId: 0x7777,
    });
    const manifest = buildManifest(await project(app));
    expect(manifest).toMatchObject({ project: 'simple_ota', version: '', chip: '0x7777', file: 'simple_ota.bin' });
    expect(Object.keys(manifest)).not.toEqual(
      expect.arrayContaining(['elfSha256', 'idfVersion', 'compiledAt', 'maxChipRevision', 'url', 'releaseNotes']),
    );
    expectValid(manifest);
  });

  it('tells a signed image', async () => {
    const manifest = buildManifest(await project(withSignatureV2(makeApp())));
    expect(manifest).toMatchObject({ signed: true, signatureScheme: 'rsa-v2' });
    expectValid(manifest);
  });

  it('is of an application only', async () => {
    await expect(project(makeBootloader()).then((built) => buildManifest(built))).rejects.toThrow(/manifest\.badImage/);
    const notBuilt = await loadProject(await copyProject('v5.5'), diskFiles);
    expect(() => buildManifest(notBuilt)).toThrow(/manifest\.notBuilt/);
  });

  it('is written beside the image it names, and nothing is left over', async () => {
    const app = makeApp({ version: 'feature/x', projectName: 'simple_ota' });
    const built = await project(app, 'v6.0');
    const written = await writeManifest(built, diskFiles);
    const folder = join(built.folder, 'build', 'ota');
    expect((await readdir(folder)).sort()).toEqual(['manifest.json', written.manifest.file]);
    expect(written.manifest.file).toMatch(/^simple_ota-feature-x-[0-9a-f]{8}\.bin$/);
    expect(await readFile(written.imagePath)).toEqual(app);
    const text = await readFile(written.manifestPath, 'utf8');
    expect(JSON.parse(text)).toEqual(written.manifest);
    expectValid(JSON.parse(text));
  });

  it('has a schema that explains each property and takes no others', async () => {
    for (const [name, property] of Object.entries(schema.properties)) {
      expect(
        [property.title, property.description].every((text) => text !== undefined && text !== ''),
        name,
      ).toBe(true);
    }
    const manifest = buildManifest(await project(makeApp()));
    expect(validate({ ...manifest, other: 1 })).toBe(false);
    expect(validate({ ...manifest, sha256: 'x' })).toBe(false);
    expect(validate({ ...manifest, file: '../app.bin' })).toBe(false);
  });
});

describe('the name of an image file', () => {
  const digest = 'abcdef0123456789';
  it.each([
    ['app', '1.0.0', 'app-1.0.0.bin'],
    ['app', '1.0.0-rc.1+5', 'app-1.0.0-rc.1+5.bin'],
    ['app', 'a/b', 'app-a-b-abcdef01.bin'],
    ['app', '../../etc', 'app-.-.-etc-abcdef01.bin'],
    ['..', '', 'app-abcdef01.bin'],
    ['', '', 'app-abcdef01.bin'],
    ['my app', '1', 'my-app-1-abcdef01.bin'],
    ['..', '', 'app-abcdef01.bin'],
    ['', '', 'app-abcdef01.bin'],
    ['a'.repeat(150), '1', `${'a'.repeat(100)}-abcdef01.bin`],
  ])('of %s %s is %s', (name, version, expected) => {
    expect(imageFileName(name, version, digest)).toBe(expected);
  });
});
