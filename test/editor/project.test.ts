import { Ajv2020 } from 'ajv/dist/2020.js';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { inRoot } from '../../scripts/lib/repository.mjs';
import { useWorkbench } from './harness/use-workbench.ts';
import { addExample, sha256 } from './outside.ts';

// From the choice of a project to its metadata. A second project lies in a folder of the first one.
const workbench = useWorkbench({
  prepare: (folder) => {
    addExample('hello_world', path.join(folder, 'more/hello_world'));
    rmSync(path.join(folder, '.vscode/settings.json')); // names a build command
  },
});
const firmware = workbench.view('Firmware');
const textOf = (...parts: string[]): string => readFileSync(workbench.inFolder(...parts), 'utf8');

it('offers the setting when no ESP-IDF is known', async () => {
  await workbench.openContainer('ESP32 OTA');
  await firmware.reveal('simple_ota');
  await workbench.runCommand('ESP32 OTA: Build Firmware');
  await workbench.notifications.shown('No ESP-IDF was found.');
  await workbench.screenshot('project-0-no-environment');
  await workbench.notifications.click('No ESP-IDF was found.', 'Open Setting');
  await workbench.editors.shown('Settings');
  await workbench.page().getByText('Folder of ESP-IDF, the one that holds').first().waitFor();
  await workbench.screenshot('project-0-setting');
  await workbench.editors.closeAll();
});

it('builds with the ESP-IDF that is set, whatever shell the terminals have', async () => {
  const idf = path.join(workbench.folder(), "../it's idf");
  mkdirSync(idf);
  // an array is no word of sh, and `.` none of other shells
  writeFileSync(path.join(idf, 'export.sh'), `folders=("$IDF_PATH"); PATH="\${folders[0]}:$PATH"\n`);
  writeFileSync(path.join(idf, 'idf.py'), '#!/bin/sh\necho "idf.py $*" > built-by.txt\n', { mode: 0o755 });
  await workbench.writeSettings({
    'terminal.integrated.profiles.linux': { strange: { path: '/bin/false' } },
    'terminal.integrated.defaultProfile.linux': 'strange',
    'esp32Ota.build.idfPath': idf,
  });
  await workbench.runCommand('ESP32 OTA: Build Firmware');
  const builtBy = workbench.inFolder('built-by.txt');
  await expect.poll(() => existsSync(builtBy) && textOf('built-by.txt')).toBe('idf.py build\n');
  await workbench.writeSettings({
    'terminal.integrated.profiles.linux': undefined,
    'terminal.integrated.defaultProfile.linux': undefined,
    'esp32Ota.build.idfPath': undefined,
  });
  const tool = path.join(workbench.folder(), '../tools/build-outputs.mjs');
  await workbench.writeSettings({ 'esp32Ota.build.command': `node "${tool}"` });
});

it('finds nested projects and works on the one that is picked', async () => {
  await workbench.runCommand('ESP32 OTA: Select Project…');
  await workbench.quickInput.shown('ESP-IDF project');
  expect(await workbench.quickInput.rows()).toEqual([
    expect.stringMatching(/^simple_ota.*currently selected/),
    expect.stringMatching(/hello_world.*more\/hello_world/),
  ]);
  await workbench.screenshot('project-1-select');
  await workbench.quickInput.pick('hello_world');
  await firmware.reveal('hello_world');
  expect(textOf('more/hello_world/CMakeLists.txt')).toContain('project(hello_world)');
});

it('knows a new tag of the repository that the project is in', async () => {
  const git = (...args: string[]): Buffer =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], { cwd: workbench.folder() });
  git('init', '-q');
  git('add', '.');
  git('commit', '-q', '-m', 'first');
  git('tag', 'v3.0.0');
  await workbench.runCommand('ESP32 OTA: Refresh');
  await firmware.reveal(/Version v3\.0\.0.*from git describe/);
  git('commit', '-q', '--allow-empty', '-m', 'second');
  git('tag', 'v3.1.0');
  await firmware.reveal(/Version v3\.1\.0/);
  rmSync(workbench.inFolder('.git'), { recursive: true });
  await workbench.runCommand('ESP32 OTA: Refresh');
  await firmware.reveal(/Version 1.*default/);
});

it('makes version.txt where nothing sets a version', async () => {
  await firmware.reveal(/Version 1.*default/);
  await firmware.clickInline(/Version 1/, 'Bump Version…');
  await workbench.quickInput.pick('1.1.0');
  await workbench.notifications.shown(/1\.1\.0.*version\.txt/);
  expect(textOf('more/hello_world/version.txt')).toBe('1.1.0\n');
  await firmware.reveal(/Version 1\.1\.0.*from version\.txt/);
});

it('goes back to the first project with the button of the project', async () => {
  await firmware.clickInline('hello_world', 'Select Project…');
  await workbench.quickInput.pick('simple_ota');
  await firmware.reveal(/Version 1\.0\.0/);
});

it('raises the version by a patch', async () => {
  await workbench.runCommand('ESP32 OTA: Bump Version…');
  await workbench.quickInput.shown(/1\.0\.0, from version\.txt/);
  expect(await workbench.quickInput.rows()).toEqual([
    expect.stringMatching(/^1\.0\.1.*patch/),
    expect.stringMatching(/^1\.1\.0.*minor/),
    expect.stringMatching(/^2\.0\.0.*major/),
    expect.stringMatching(/^1\.0\.1-0.*prerelease/),
    'Enter a version…',
  ]);
  await workbench.screenshot('project-2-bump');
  await workbench.quickInput.pick('1.0.1');
  await expect.poll(() => textOf('version.txt')).toBe('1.0.1\n');
});

it('takes a typed version only when an image can hold it', async () => {
  await workbench.runCommand('ESP32 OTA: Bump Version…');
  await workbench.quickInput.pick('Enter a version…');
  await workbench.quickInput.shown('New version');
  await workbench.quickInput.type('release-of-the-twenty-ninth-of-february');
  await expect.poll(() => workbench.quickInput.message()).toMatch(/39 .*31/);
  await workbench.quickInput.accept();
  expect(textOf('version.txt')).toBe('1.0.1\n');
  await workbench.quickInput.type('1.0 "best"');
  await expect.poll(() => workbench.quickInput.message()).toContain('can’t contain');
  await workbench.quickInput.enter('v2-field');
  await workbench.notifications.shown('v2-field');
  expect(textOf('version.txt')).toBe('v2-field\n');
});

it('edits menuconfig’s version where that one wins', async () => {
  const before = textOf('sdkconfig');
  const configured = before.replace(
    '# CONFIG_APP_PROJECT_VER_FROM_CONFIG is not set',
    'CONFIG_APP_PROJECT_VER_FROM_CONFIG=y\nCONFIG_APP_PROJECT_VER="3.0.0"',
  );
  writeFileSync(workbench.inFolder('sdkconfig'), configured);
  await firmware.reveal(/Version 3\.0\.0.*from menuconfig/);
  await firmware.expand(/Version 3\.0\.0/);
  await firmware.reveal(/v2-field.*from version\.txt, has no effect/);
  await workbench.screenshot('project-3-shadowed');

  await workbench.runCommand('ESP32 OTA: Bump Version…');
  await workbench.quickInput.pick('3.1.0');
  await workbench.notifications.shown('3.1.0');
  expect(textOf('sdkconfig')).toBe(configured.replace('"3.0.0"', '"3.1.0"'));
  expect(textOf('version.txt')).toBe('v2-field\n');

  writeFileSync(workbench.inFolder('sdkconfig'), before);
  writeFileSync(workbench.inFolder('version.txt'), '1.0.0\n');
  await firmware.reveal(/Version 1\.0\.0/);
});

it('shows why a build fails', async () => {
  await firmware.clickTitleAction('Build Firmware');
  await workbench.notifications.shown(/failed.*exit code 2/);
  await expect
    .poll(async () => (await workbench.terminal.lines()).join(' '))
    .toContain('ca_cert.pem is embedded in the firmware and is not there');
  expect(existsSync(workbench.inFolder('build/simple_ota.bin'))).toBe(false);
  await workbench.screenshot('project-4-build-failed');
});

it('builds in a task terminal', async () => {
  await workbench.runCommand('ESP32 OTA: Install Certificate into Project');
  await workbench.notifications.click('Installed as server_certs/ca_cert.pem', 'Build Firmware');
  await firmware.reveal('simple_ota.bin');
  await expect.poll(async () => (await workbench.terminal.lines()).join('\n')).toContain('Project build complete');
  const image = readFileSync(workbench.inFolder('build/simple_ota.bin'));
  expect(image[0]).toBe(0xe9);
  expect(image.includes(textOf('server_certs/ca_cert.pem').trim())).toBe(true);
});

it('writes metadata that its schema accepts, and a copy of the image', async () => {
  writeFileSync(workbench.inFolder('RELEASE_NOTES.md'), 'Faster start.\n');
  await firmware.clickInline('simple_ota.bin', 'Build Version Metadata');
  await workbench.notifications.click('Metadata of simple_ota 1.0.0', 'Open manifest.json');
  await workbench.editors.shown('manifest.json');
  await workbench.screenshot('project-7-metadata');
  const manifest: unknown = JSON.parse(textOf('build/ota/manifest.json'));
  const image = readFileSync(workbench.inFolder('build/simple_ota.bin'));
  const schema = JSON.parse(readFileSync(inRoot('media/manifest.schema.json'), 'utf8')) as object;
  const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(schema);
  expect(validate(manifest), JSON.stringify(validate.errors)).toBe(true);
  expect(manifest).toMatchObject({
    project: 'simple_ota',
    version: '1.0.0',
    size: image.length,
    sha256: sha256(image),
  });
  expect(readFileSync(workbench.inFolder('build/ota/simple_ota-1.0.0.bin')).equals(image)).toBe(true);
  await workbench.editors.closeAll();
});

it('reads everything again when a build is thrown away', async () => {
  rmSync(workbench.inFolder('build'), { recursive: true });
  await firmware.reveal('No image');
  await expect.poll(() => workbench.offersCommand('ESP32 OTA: Build Version Metadata')).toBe(false);
  await expect.poll(() => workbench.offersCommand('ESP32 OTA: Attach Virtual Board')).toBe(false);
  await workbench.runCommand('ESP32 OTA: Refresh');
  await firmware.reveal('simple_ota');
});
