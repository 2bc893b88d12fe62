import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { useWorkbench } from './harness/use-workbench.ts';

// The whole way of a newcomer with no hardware, with mouse and keyboard: certificate, build, server, new version, rehearsal.
const workbench = useWorkbench({ settings: { 'esp32Ota.server.advertisedHost': '127.0.0.1' } });

it('shows the project when its container is opened', async () => {
  await workbench.openContainer('ESP32 OTA');
  await workbench.view('Firmware').reveal('simple_ota');
  await workbench.screenshot('newcomer-1-opened');
});

it('installs a certificate and builds', async () => {
  await workbench.runCommand('ESP32 OTA: Install Certificate into Project');
  await workbench.notifications.shown('server_certs/ca_cert.pem');
  await workbench.screenshot('newcomer-2-installed');
  await workbench.notifications.click('server_certs/ca_cert.pem', 'Build Firmware');
  await workbench.view('Firmware').reveal('simple_ota.bin');
  await workbench.screenshot('newcomer-3-built');
});

it('delivers an update to the virtual board', async () => {
  await workbench.runCommand('ESP32 OTA: Attach Virtual Board');
  await workbench.view('Devices').reveal(/Virtual board.*runs 1\.0\.0/);
  await workbench.screenshot('newcomer-4-attached');
  await workbench.runCommand('ESP32 OTA: Toggle Server');
  await workbench.statusBar.item('127.0.0.1:8070').waitFor();
  await workbench.screenshot('newcomer-5-server');
  await workbench.runCommand('ESP32 OTA: Bump Version…');
  await workbench.quickInput.pick('1.1.0');
  await workbench.notifications.shown('1.1.0');
  expect(readFileSync(workbench.inFolder('version.txt'), 'utf8')).toContain('1.1.0');
  await workbench.runCommand('ESP32 OTA: Build Firmware');
  await workbench.statusBar.item('1.1.0').waitFor();
  await workbench.screenshot('newcomer-6-rebuilt');
  await workbench.runCommand('ESP32 OTA: Rehearse Update on Virtual Board');
  await workbench.notifications.shown('1.1.0');
  await workbench.view('Devices').reveal(/Virtual board.*runs 1\.1\.0/);
  await workbench.screenshot('newcomer-7-updated');
});
