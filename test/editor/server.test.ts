import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { isPortFree } from '../../scripts/lib/editor-server.mjs';
import { useWorkbench } from './harness/use-workbench.ts';
import { addExample, buildOutside, curl, openssl, opensslClient, pinnedPath, serverPort } from './outside.ts';

const port = await serverPort();
const workbench = useWorkbench({
  prepare: (folder) => {
    addExample('hello_world', path.join(folder, 'hello_world'));
    for (const project of [folder, path.join(folder, 'hello_world')]) buildOutside(project);
    writeFileSync(path.join(folder, '.vscode/settings.json'), JSON.stringify({ 'esp32Ota.server.port': port }));
  },
});
const firmware = workbench.view('Firmware');
const devices = workbench.view('Devices');
const url = (target: string, at = port): string => `https://127.0.0.1:${at}${target}`;
const built = (...parts: string[]): Buffer => readFileSync(workbench.inFolder(...parts));
const authority = (): string => path.join(workbench.globalStorageFolder(), 'ca/rsa.pem');
const fetch = (target: string, ...args: string[]): ReturnType<typeof curl> =>
  curl(url(target), '--cacert', authority(), ...args);
const statusItem = (): ReturnType<typeof workbench.statusBar.byId> => workbench.statusBar.byId('server');

let holder: Server | undefined;
/** Holds a port as another program does. */
async function hold(taken: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(taken, '0.0.0.0', resolve));
  holder = server;
}
async function release(): Promise<void> {
  const server = holder;
  holder = undefined;
  if (server !== undefined) await new Promise((resolve) => server.close(resolve));
}
afterEach(release);

it('offers only what can be done while the server is off', async () => {
  await workbench.openContainer('ESP32 OTA');
  await firmware.reveal('simple_ota.bin');
  await expect.poll(() => workbench.offersCommand('ESP32 OTA: Start Server')).toBe(true);
  for (const name of [
    'Stop Server',
    'Copy Firmware URL',
    'Stop Serving Image…',
    'Cancel Update',
    'Detach Virtual Board',
  ])
    await expect.poll(() => workbench.offersCommand(`ESP32 OTA: ${name}`), { message: name }).toBe(false);
  expect(await isPortFree(port)).toBe(true);
});

it('puts the address that is picked into the URL', async () => {
  await workbench.runCommand('ESP32 OTA: Select Advertised Address…');
  await workbench.quickInput.shown('address');
  await workbench.screenshot('server-1-addresses');
  await workbench.quickInput.pick('127.0.0.1');
  await firmware.clickInline('Server off', 'Start Server');
  await firmware.reveal(new RegExp(`Server on.*https://127\\.0\\.0\\.1:${port}`));
  await workbench.statusBar.item(`127.0.0.1:${port} · 1.0.0`).waitFor();
  await workbench.screenshot('server-2-on');
});

it('serves the image over TLS that openssl and curl trust by the authority', async () => {
  const said = await opensslClient(port, authority());
  expect(said).toContain('Verify return code: 0 (ok)');
  expect(said).toMatch(/TLSv1\.3/);
  const fetched = await fetch('/simple_ota.bin');
  expect(fetched.status).toBe(200);
  expect(fetched.output.equals(built('build/simple_ota.bin'))).toBe(true);
  expect(JSON.parse((await fetch('/manifest.json')).output.toString())).toMatchObject({ project: 'simple_ota' });
});

it('says URL and certificate when pointed at, and copies the URL', async () => {
  const hover = await workbench.statusBar.hover(statusItem());
  await expect.poll(() => hover.innerText()).toContain(url('/simple_ota.bin'));
  expect(await hover.innerText()).toContain('Certificate valid until');
  await workbench.screenshot('server-3-hover');
  await workbench.page().context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await hover.getByText('Copy URL').click();
  const clipboard = (): Promise<string> => workbench.page().evaluate(() => navigator.clipboard.readText());
  await expect.poll(clipboard).toBe(url('/simple_ota.bin'));

  await workbench.page().evaluate(() => navigator.clipboard.writeText('something else'));
  await workbench.runCommand('ESP32 OTA: Copy Firmware URL');
  await expect.poll(clipboard).toBe(url('/simple_ota.bin'));
});

it('publishes a new build by itself, and keeps the old release at its own address', async () => {
  const before = built('build/simple_ota.bin');
  writeFileSync(workbench.inFolder('version.txt'), '1.1.0\n');
  buildOutside(workbench.folder());
  await workbench.statusBar.item('1.1.0').waitFor();
  const after = built('build/simple_ota.bin');
  expect(after.equals(before)).toBe(false);
  expect((await fetch('/simple_ota.bin')).output.equals(after)).toBe(true);
  expect((await fetch(pinnedPath('simple_ota', '1.0.0', before))).output.equals(before)).toBe(true);
  expect((await fetch(pinnedPath('simple_ota', '1.1.0', after))).output.equals(after)).toBe(true);
});

it('serves the image of another project under its own name', async () => {
  await workbench.runCommand('ESP32 OTA: Serve Image…');
  await workbench.quickInput.pick('hello_world.bin');
  await workbench.notifications.shown(url('/hello_world.bin'));
  await firmware.expand('Server on');
  await firmware.reveal('hello_world.bin');
  await workbench.screenshot('server-4-two-images');
  expect((await fetch('/hello_world.bin')).output.equals(built('hello_world/build/hello_world.bin'))).toBe(true);
  expect((await fetch('/simple_ota.bin')).output.equals(built('build/simple_ota.bin'))).toBe(true);
});

it('refuses a file that is no application, and says what it is', async () => {
  await workbench.runCommand('ESP32 OTA: Serve Image…');
  await workbench.quickInput.pick('Choose a file…');
  await workbench.quickInput.chooseFile(/image/, workbench.inFolder('build/bootloader/bootloader.bin'));
  await workbench.notifications.shown(/bootloader\.bin can’t be delivered.*a bootloader/);
  await workbench.screenshot('server-5-no-application');
  expect((await fetch('/bootloader.bin')).status).toBe(404);
});

it('stops serving an image', async () => {
  await firmware.clickInline('hello_world.bin', 'Stop Serving Image…');
  await expect.poll(async () => (await fetch('/hello_world.bin')).status).toBe(404);
  await expect.poll(() => workbench.offersCommand('ESP32 OTA: Stop Serving Image…')).toBe(false);
});

it('serves a file from outside of the workspace, and again when it is written', async () => {
  const outside = path.join(workbench.folder(), '../elsewhere', 'other [1].bin');
  mkdirSync(path.dirname(outside));
  writeFileSync(outside, built('hello_world/build/hello_world.bin'));
  const served = '/other%20%5B1%5D.bin';
  await workbench.runCommand('ESP32 OTA: Serve Image…');
  await workbench.quickInput.pick('Choose a file…');
  await workbench.quickInput.chooseFile(/image/, outside);
  await workbench.notifications.shown(/other \[1\]\.bin is served/);
  expect((await fetch(served)).output.equals(built('hello_world/build/hello_world.bin'))).toBe(true);
  writeFileSync(outside, built('build/simple_ota.bin'));
  await expect.poll(async () => (await fetch(served)).output.equals(built('build/simple_ota.bin'))).toBe(true);
  await firmware.clickInline('other [1].bin', 'Stop Serving Image…');
  await expect.poll(async () => (await fetch(served)).status).toBe(404);
});

it('lists its clients with what they got, or why they did not', async () => {
  await fetch('/simple_ota.bin', '-A', 'ESP32 HTTP Client/1.0');
  await devices.expand(/127\.0\.0\.1.*fetched 1\.1\.0/);
  await devices.reveal('ESP32 HTTP Client/1.0');
  await devices.reveal(/TLSv1\.3/);

  await fetch('/../../etc/passwd', '--path-as-is');
  await devices.reveal(/127\.0\.0\.1.*\/etc\/passwd.*404/);

  const stranger = workbench.inFolder('stranger.pem');
  openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=x', '-keyout', '/dev/null', '-out', stranger);
  expect((await curl(url('/simple_ota.bin'), '--cacert', stranger)).exitCode).toBe(60);
  await devices.reveal(/127\.0\.0\.1.*does not trust/);
  await workbench.screenshot('server-6-client-does-not-trust');

  await curl(`http://127.0.0.1:${port}/simple_ota.bin`);
  await devices.reveal(/127\.0\.0\.1.*http/);
});

it('shows its log', async () => {
  await workbench.runCommand('ESP32 OTA: Show Server Log');
  await expect.poll(async () => (await workbench.output.lines()).join('\n')).toContain('TLS failed');
  await workbench.screenshot('server-7-log');
  expect(workbench.output.log('ESP32 OTA')).toMatch(/GET \/simple_ota\.bin → 200 \[ESP32 HTTP Client/);
});

it('never changes a taken port by itself', async () => {
  await workbench.statusBar.click(`127.0.0.1:${port}`);
  await workbench.statusBar.item('OTA: off').waitFor();
  await expect.poll(() => isPortFree(port)).toBe(true);

  await hold(port);
  await workbench.runCommand('ESP32 OTA: Toggle Server');
  expect(await workbench.notifications.buttons(`Port ${port}`)).toEqual(['Try Again', 'Use Another Port…']);
  await workbench.screenshot('server-8-port-taken');
  await workbench.statusBar.item('OTA: off').waitFor();
  expect(JSON.parse(built('.vscode/settings.json').toString())).toMatchObject({ 'esp32Ota.server.port': port });

  await release();
  await workbench.notifications.click(`Port ${port}`, 'Try Again');
  await workbench.statusBar.item(`127.0.0.1:${port}`).waitFor();
  expect((await fetch('/simple_ota.bin', '-I')).status).toBe(200);
});

it('changes the port when it is told another one', async () => {
  await firmware.clickInline('Server on', 'Stop Server');
  await expect.poll(() => isPortFree(port)).toBe(true);
  await hold(port);
  const [second, third] = [await serverPort(), await serverPort()];
  await workbench.runCommand('ESP32 OTA: Start Server');
  await workbench.notifications.click(`Port ${port}`, 'Use Another Port…');
  await workbench.quickInput.shown(/port/i);
  await workbench.quickInput.type('70000');
  await expect.poll(() => workbench.quickInput.message()).toContain('65535');
  await workbench.quickInput.enter(String(second));
  await workbench.statusBar.item(`127.0.0.1:${second}`).waitFor();
  expect((await curl(url('/simple_ota.bin', second), '-I', '--cacert', authority())).status).toBe(200);
  expect(JSON.parse(built('.vscode/settings.json').toString())).toMatchObject({ 'esp32Ota.server.port': second });

  await workbench.runCommand('ESP32 OTA: Change Server Port…');
  await workbench.quickInput.enter(String(third));
  await workbench.statusBar.item(`127.0.0.1:${third}`).waitFor();
  expect((await curl(url('/simple_ota.bin', third), '-I', '--cacert', authority())).status).toBe(200);
  await expect.poll(() => isPortFree(second)).toBe(true);
});

it('serves plain HTTP by setting', async () => {
  await workbench.runCommand('ESP32 OTA: Stop Server');
  await workbench.statusBar.item('OTA: off').waitFor();
  await workbench.writeSettings({ 'esp32Ota.server.protocol': 'http', 'esp32Ota.server.port': port });
  await release();
  await expect
    .poll(
      async () => {
        await workbench.runCommand('ESP32 OTA: Toggle Server');
        return (await curl(`http://127.0.0.1:${port}/simple_ota.bin`, '-I')).status;
      },
      { timeout: 45_000 },
    )
    .toBe(200);
  await firmware.reveal(new RegExp(`Server on.*http://127\\.0\\.0\\.1:${port}`));
});

it('frees the port when its window goes to another folder, which says what it needs', async () => {
  await workbench.openFolder(mkdtempSync(path.join(path.dirname(workbench.folder()), 'fresh-')), false);
  await expect.poll(() => isPortFree(port), { timeout: 45_000 }).toBe(true);
  await workbench.openContainer('ESP32 OTA');
  await firmware.welcome(/No ESP-IDF project was found/);
  for (const name of ['Build Firmware', 'Bump Version…', 'Rehearse Update on Virtual Board', 'Stop Server'])
    await expect.poll(() => workbench.offersCommand(`ESP32 OTA: ${name}`), { message: name }).toBe(false);
  await workbench.screenshot('server-9-no-project');
  writeFileSync(
    workbench.inFolder('CMakeLists.txt'),
    'cmake_minimum_required(VERSION 3.16)\ninclude($ENV{IDF_PATH}/tools/cmake/project.cmake)\nproject(fresh)\n',
  );
  await firmware.clickWelcome('Look Again');
  await firmware.reveal('fresh');
});
