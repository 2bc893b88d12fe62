import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { diskFiles } from '../../../src/base/files.ts';
import { findBuildInvocation } from '../../../src/idf/build-environment.ts';
import { createExample } from '../../../src/idf/create-example.ts';

const SOURCES = { project: join(process.cwd(), 'examples/simple_ota'), tools: join(process.cwd(), 'examples/tools') };

let parent = '';

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'esp32-ota-example-'));
});

afterEach(() => {
  rmSync(parent, { recursive: true, force: true });
});

describe('a copy of the example', () => {
  it('builds its image with its own tool, in a folder that holds nothing else', async () => {
    const folder = await createExample(parent, SOURCES, diskFiles);
    expect(folder).toBe(join(parent, 'simple_ota'));
    expect(existsSync(join(folder, '.gitignore'))).toBe(true);
    expect(existsSync(join(folder, 'build'))).toBe(false);

    const settings = JSON.parse(readFileSync(join(folder, '.vscode/settings.json'), 'utf8')) as Record<string, string>;
    const { program } =
      findBuildInvocation({
        command: settings['esp32Ota.build.command'] ?? '',
        idfPath: '',
        idfPathVariable: undefined,
        espIdfExtensionPath: undefined,
        platform: process.platform,
      }) ?? {};
    execFileSync(program?.path ?? '', [...(program?.args ?? []), '--allow-missing-certificate', '--quiet'], {
      cwd: folder,
    });
    expect(readFileSync(join(folder, 'build/simple_ota.bin'))[0]).toBe(0xe9);
  });

  it('leaves what is there as it is', async () => {
    mkdirSync(join(parent, 'simple_ota'));
    await createExample(parent, SOURCES, diskFiles);
    expect(await createExample(parent, SOURCES, diskFiles)).toBe(join(parent, 'simple_ota_3'));
    expect(await diskFiles.list(join(parent, 'simple_ota'))).toEqual([]);
  });

  it('has no certificate and no key of the computer it comes from', async () => {
    const from = join(parent, 'from');
    await diskFiles.writeAtomic(join(from, 'server_certs/ca_cert.pem'), 'of another computer');
    await diskFiles.writeAtomic(join(from, 'build/app.bin'), 'old');
    await diskFiles.writeAtomic(join(from, 'CMakeLists.txt'), '');
    const folder = await createExample(parent, { ...SOURCES, project: from }, diskFiles);
    expect(await diskFiles.list(folder)).toEqual(['.vscode', 'CMakeLists.txt', 'tools']);
  });
});
