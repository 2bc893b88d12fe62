import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { SELECTORS } from './harness/selectors.ts';
import { useWorkbench } from './harness/use-workbench.ts';
import { serverPort } from './outside.ts';

// What stands in the way of an update: named where it is, mended where it is named.
const port = await serverPort();
const EXAMPLE_URL = 'https://192.168.0.3:8070/hello_world.bin';
const workbench = useWorkbench({
  settings: { 'esp32Ota.server.advertisedHost': '127.0.0.1', 'esp32Ota.server.port': port },
  prepare: (folder) => {
    const file = path.join(folder, 'sdkconfig');
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace(/^(CONFIG_EXAMPLE_FIRMWARE_UPGRADE_URL=).*$/m, `$1"${EXAMPLE_URL}"`));
  },
});
const firmware = workbench.view('Firmware');
const sdkconfig = (): string => readFileSync(workbench.inFolder('sdkconfig'), 'utf8');
const hasProblem = async (text: RegExp): Promise<boolean> =>
  (await workbench.problems.rows()).some((row) => text.test(row));

it('names problems in the files that are to blame', async () => {
  await workbench.openContainer('ESP32 OTA');
  await firmware.reveal(/OTA Setup.*2 errors/);
  await firmware.reveal(/server_certs\/ca_cert\.pem is to be embedded but does not exist/);
  await expect.poll(() => hasProblem(/still the placeholder.*ESP32 OTA.*url-placeholder/)).toBe(true);
  expect(await hasProblem(/ca_cert\.pem is to be embedded.*certificate-file-missing/)).toBe(true);
  await workbench.screenshot('doctor-1-problems');
});

it('mends the URL with the light bulb, and nothing else in the file', async () => {
  const before = sdkconfig();
  await workbench.page().locator(SELECTORS.problemRow, { hasText: 'still the placeholder' }).first().dblclick();
  await workbench.editors.shown('sdkconfig');
  await workbench.runCommand('Quick Fix...');
  const entry = workbench.page().locator('.action-widget .monaco-list-row', {
    hasText: `Set the Firmware URL to https://127.0.0.1:${port}/simple_ota.bin`,
  });
  await entry.waitFor();
  await workbench.screenshot('doctor-2-light-bulb');
  await entry.click();
  await workbench.notifications.shown(
    /Set the Firmware URL.*changed in sdkconfig, sdkconfig\.defaults\. Build to apply it\./,
  );
  const url = `CONFIG_EXAMPLE_FIRMWARE_UPGRADE_URL="https://127.0.0.1:${port}/simple_ota.bin"`;
  expect(sdkconfig()).toBe(before.replace(`CONFIG_EXAMPLE_FIRMWARE_UPGRADE_URL="${EXAMPLE_URL}"`, url));
  await expect.poll(() => hasProblem(/url-placeholder/)).toBe(false);
  const [backup] = readdirSync(workbench.folder()).filter((name) => /^sdkconfig\..*\.bak$/.test(name));
  expect(readFileSync(workbench.inFolder(backup ?? ''), 'utf8')).toBe(before);
});

it('takes the change back', async () => {
  await workbench.notifications.click(/Set the Firmware URL/, 'Undo');
  await expect.poll(() => sdkconfig()).toContain(EXAMPLE_URL);
  await firmware.reveal(/still the placeholder/);
});

it('mends from the view', async () => {
  await workbench.openContainer('ESP32 OTA');
  await firmware.clickInline(/still the placeholder/, 'Fix…');
  await expect.poll(() => sdkconfig()).toContain(`https://127.0.0.1:${port}/simple_ota.bin`);
});

it('says so when a change can no longer be taken back', async () => {
  const changed = `${sdkconfig()}# by another program\n`;
  writeFileSync(workbench.inFolder('sdkconfig'), changed);
  await workbench.notifications.click(/Set the Firmware URL/, 'Undo');
  await workbench.notifications.shown(/sdkconfig was changed in the meantime\. Nothing was written/);
  expect(sdkconfig()).toBe(changed);
});

it('installs the certificate from the view', async () => {
  const certificate = /ca_cert\.pem is to be embedded/;
  await firmware.expand(/OTA Setup/, certificate);
  await workbench.screenshot('doctor-3-view');
  await firmware.click('Install the Certificate of This Server');
  await expect.poll(() => existsSync(workbench.inFolder('server_certs/ca_cert.pem'))).toBe(true);
  await firmware.row(certificate).waitFor({ state: 'hidden' });
});

it('checks again by itself when a file or the server changes', async () => {
  const table = 'CONFIG_PARTITION_TABLE_TWO_OTA_LARGE=y';
  writeFileSync(
    workbench.inFolder('sdkconfig'),
    sdkconfig()
      .replace(table, '# CONFIG_PARTITION_TABLE_TWO_OTA_LARGE is not set\nCONFIG_PARTITION_TABLE_SINGLE_APP=y')
      .replace('# CONFIG_PARTITION_TABLE_SINGLE_APP is not set\n', ''),
  );
  await firmware.reveal(/partitions_singleapp\.csv has no OTA slots/);
  await firmware.clickInline(/has no OTA slots/, 'Fix…');
  await workbench.notifications.shown(/Two OTA Slots.*Then flash everything by cable once/);
  await expect.poll(() => sdkconfig()).toContain('CONFIG_PARTITION_TABLE_TWO_OTA=y');
  expect(readFileSync(workbench.inFolder('sdkconfig.defaults'), 'utf8')).toContain('CONFIG_PARTITION_TABLE_TWO_OTA=y');
  await firmware.row(/has no OTA slots/).waitFor({ state: 'hidden' });
  // with nothing but warnings the group is folded until somebody looks
  await firmware.expand(/OTA Setup/);
  await workbench.writeSettings({ 'esp32Ota.server.protocol': 'http' });
  await firmware.reveal(/uses HTTPS, but the server is set to HTTP/);
  await workbench.writeSettings({ 'esp32Ota.server.protocol': 'https' });
  await firmware.row(/uses HTTPS/).waitFor({ state: 'hidden' });
});

it('explains a finding', async () => {
  await firmware.clickMenu(/127\.0\.0\.1 is the board itself/, 'Explain');
  const frame = await workbench.webview('h3#url-localhost');
  expect(await frame.locator('h3#url-localhost').innerText()).toBe('url-localhost');
  await workbench.screenshot('doctor-4-explained');
  await workbench.editors.closeAll();
});

it('explains the code of a problem', async () => {
  await workbench.problems.rows();
  const problem = workbench.page().locator(SELECTORS.problemRow, { hasText: 'behaviour-wifi-placeholder' }).first();
  await problem.locator('a', { hasText: 'behaviour-wifi-placeholder' }).first().click();
  await workbench.webview('h3#behaviour-wifi-placeholder');
  await workbench.editors.closeAll();
});

it('says that the setup is ready when an image is built and the server is on', async () => {
  await workbench.runCommand('ESP32 OTA: Build Firmware');
  await firmware.reveal('simple_ota.bin');
  await workbench.runCommand('ESP32 OTA: Start Server');
  await firmware.reveal('Server on');
  await workbench.runCommand('ESP32 OTA: Check OTA Setup');
  await workbench.notifications.shown(/simple_ota/);
  await workbench.screenshot('doctor-5-checked');
  await expect.poll(() => firmware.row(/OTA Setup.*error/).count()).toBe(0);
  await firmware.reveal(/OTA Setup.*1 warning/);
});
