import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { useWorkbench } from './harness/use-workbench.ts';
import { serverPort } from './outside.ts';

// A plain project, from what is missing to an update that arrives; and what lines of a log mean.
const port = await serverPort();
const workbench = useWorkbench({
  example: 'hello_world',
  settings: { 'esp32Ota.server.advertisedHost': '127.0.0.1', 'esp32Ota.server.port': port },
});
const firmware = workbench.view('Firmware');
const read = (...path: string[]): string => readFileSync(workbench.inFolder(...path), 'utf8');

it('lists what is missing', async () => {
  await workbench.openContainer('ESP32 OTA');
  await firmware.reveal('hello_world');
  await workbench.runCommand('ESP32 OTA: Check OTA Setup');
  await workbench.notifications.shown(/hello_world: 1 error/);
  await firmware.reveal(/partitions_singleapp\.csv has no OTA slots/);
  await workbench.screenshot('setup-1-missing');
});

it('shows what it would change, and leaves out what is unchecked', async () => {
  const before = read('sdkconfig');
  await workbench.runCommand('ESP32 OTA: Set Up For OTA');
  await workbench.quickInput.shown('Set up hello_world for OTA');
  expect((await workbench.quickInput.rows()).join()).toMatch(
    /Two slots for updates.*Update code.*Firmware URL.*Certificate.*Version.*Rollback/,
  );
  await workbench.editors.shown('Set Up hello_world for OTA');
  await workbench.screenshot('setup-2-plan');
  await workbench.quickInput.pick('Update code');
  await expect.poll(() => workbench.quickInput.title()).toContain('3 files');
  await workbench.quickInput.cancel();
  expect(read('sdkconfig')).toBe(before);
  expect(existsSync(workbench.inFolder('version.txt'))).toBe(false);
});

it('makes the change and keeps what was there', async () => {
  const before = read('main/hello_world_main.c');
  await workbench.runCommand('ESP32 OTA: Set Up For OTA');
  await workbench.quickInput.shown('Set up hello_world for OTA');
  await workbench.quickInput.accept();
  await workbench.notifications.shown('hello_world is set up for updates over the air.');
  await workbench.screenshot('setup-3-applied');
  expect(read('sdkconfig')).toContain(`CONFIG_OTA_UPDATE_URL="https://127.0.0.1:${port}/hello_world.bin"`);
  expect(read('main/hello_world_main.c')).toContain('ota_update_run();');
  const backup = readdirSync(workbench.inFolder('main')).find((name) => /^hello_world_main\.c\..*\.bak$/.test(name));
  expect(read('main', backup ?? '')).toBe(before);
  await expect.poll(() => workbench.editors.tabs()).toEqual([]);
});

it('is ready when it is built', async () => {
  await workbench.notifications.click('hello_world is set up for updates over the air.', 'Build Firmware');
  await firmware.reveal('hello_world.bin');
  await workbench.runCommand('ESP32 OTA: Check OTA Setup');
  await workbench.notifications.shown('hello_world is ready for an update over the air.');
  await workbench.screenshot('setup-4-ready');
});

it('delivers an update to the virtual board then', async () => {
  await workbench.runCommand('ESP32 OTA: Attach Virtual Board');
  await workbench.view('Devices').reveal(/Virtual board.*runs 1\.0\.0/);
  await workbench.runCommand('ESP32 OTA: Start Server');
  await workbench.statusBar.item('1.0.0').waitFor();
  await workbench.runCommand('ESP32 OTA: Rehearse Update on Virtual Board');
  const refused = /Refused: the board already runs this version/;
  await workbench.notifications.shown(refused);
  await workbench.screenshot('setup-5-refused');
  // the way out of it is on the message
  await workbench.notifications.click(refused, 'Bump Version');
  await workbench.quickInput.pick('1.1.0');
  await workbench.notifications.shown('Version 1.1.0 written');
  await firmware.reveal(/Version 1\.1\.0/);
  // builds by itself what is not built yet
  await workbench.runCommand('ESP32 OTA: Deliver Update');
  await workbench.notifications.shown('Delivered and confirmed: 1.1.0 runs');
  await workbench.view('Devices').reveal(/Virtual board.*runs 1\.1\.0/);
  await workbench.screenshot('setup-5-delivered');
});

it('has nothing to do a second time', async () => {
  await workbench.runCommand('ESP32 OTA: Set Up For OTA');
  await workbench.notifications.shown('nothing to do');
});

it('says in a log what a line means, and what can be done', async () => {
  const lines = [
    'I (5041) ota_update: Attempting to download update from https://127.0.0.1:8070/hello_world.bin',
    '12:34:56.789 E (5300) esp-tls-mbedtls: mbedtls_ssl_handshake returned -0x2700',
    'W (6100) ota_update: Current running version is the same as a new. We will not continue the update.',
  ];
  writeFileSync(workbench.inFolder('board.log'), `${lines.join('\n')}\n`);
  await workbench.editors.open('board.log');
  await workbench.page().keyboard.press('Control+Home');
  await workbench.page().keyboard.press('ArrowDown');
  await workbench.runCommand('Show or Focus Hover');
  const hover = workbench.page().locator('.monaco-hover', { hasText: 'does not trust the server' });
  await hover.waitFor();
  await workbench.screenshot('setup-6-hover');
  expect(await hover.textContent()).toContain('Install the Certificate of This Server');
  await workbench.page().keyboard.press('Escape');
  await workbench.page().keyboard.press('ArrowDown');
  await workbench.runCommand('Quick Fix...');
  const entry = workbench.page().locator('.action-widget .monaco-list-row', { hasText: 'Bump Version' });
  await entry.waitFor();
  await entry.click();
  await workbench.quickInput.shown(/Current version: 1\.1\.0/);
  await workbench.quickInput.cancel();
});

it('raises the version that an editor holds unsaved', async () => {
  await workbench.editors.open('version.txt');
  const { keyboard } = workbench.page();
  await keyboard.press('Control+A');
  await keyboard.type('3.0.0');
  await workbench.runCommand('ESP32 OTA: Bump Version…');
  await workbench.quickInput.shown(/Current version: 3\.0\.0/);
  await workbench.quickInput.pick('3.0.1');
  await workbench.notifications.shown('Version 3.0.1 written');
  expect(read('version.txt').trim()).toBe('3.0.1');
  await workbench.editors.closeAll(); // asks for nothing
});
