import { readFileSync, readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { useWorkbench } from './harness/use-workbench.ts';
import { serverPort } from './outside.ts';

// A plain project, from what is missing to an update that arrives.
const port = await serverPort();
const workbench = useWorkbench({
  example: 'hello_world',
  settings: { 'esp32Ota.server.advertisedHost': '127.0.0.1', 'esp32Ota.server.port': port },
});
const read = (...path: string[]): string => readFileSync(workbench.inFolder(...path), 'utf8');

it('shows what it would change, and leaves out what is unchecked', async () => {
  await workbench.openContainer('ESP32 OTA');
  await workbench.view('Firmware').reveal('hello_world');
  const before = read('sdkconfig');
  await workbench.runCommand('ESP32 OTA: Set Up For OTA');
  await workbench.quickInput.shown('Set up hello_world for OTA');
  expect((await workbench.quickInput.rows()).join()).toMatch(
    /Two slots for updates.*Update code.*Firmware URL.*Certificate.*Version.*Rollback/,
  );
  await workbench.editors.shown('Set Up hello_world for OTA');
  await workbench.screenshot('setup-1-plan');
  await workbench.quickInput.pick('Update code');
  await expect.poll(() => workbench.quickInput.title()).toContain('3 files');
  await workbench.quickInput.cancel();
  expect(read('sdkconfig')).toBe(before);
  expect(readdirSync(workbench.folder())).not.toContain('version.txt');
});

it('makes the change and keeps what was there', async () => {
  await workbench.runCommand('ESP32 OTA: Set Up For OTA');
  await workbench.quickInput.shown('Set up hello_world for OTA');
  await workbench.quickInput.accept();
  await workbench.notifications.shown('hello_world is set up for updates over the air.');
  await workbench.screenshot('setup-2-applied');
  expect(read('sdkconfig')).toContain(`CONFIG_OTA_UPDATE_URL="https://127.0.0.1:${port}/hello_world.bin"`);
  expect(read('main/hello_world_main.c')).toContain('ota_update_run();');
  const backups = readdirSync(workbench.folder()).filter((name) => name.endsWith('.bak'));
  expect(backups).toHaveLength(2);
});

it('delivers an update to the virtual board then', async () => {
  await workbench.notifications.click('hello_world is set up for updates over the air.', 'Build Firmware');
  await workbench.view('Firmware').reveal('hello_world.bin');
  await workbench.runCommand('ESP32 OTA: Attach Virtual Board');
  await workbench.view('Devices').reveal(/Virtual board.*runs 1\.0\.0/);
  await workbench.runCommand('ESP32 OTA: Start Server');
  await workbench.statusBar.item('1.0.0').waitFor();
  await workbench.runCommand('ESP32 OTA: Bump Version…');
  await workbench.quickInput.pick('1.1.0');
  await workbench.notifications.click('1.1.0', 'Build Firmware');
  await workbench.statusBar.item('1.1.0').waitFor();
  await workbench.runCommand('ESP32 OTA: Rehearse Update on Virtual Board');
  await workbench.notifications.shown('Delivered and confirmed');
  await workbench.screenshot('setup-3-updated');
});

it('has nothing to do a second time', async () => {
  await workbench.runCommand('ESP32 OTA: Set Up For OTA');
  await workbench.notifications.shown('nothing to do');
});
