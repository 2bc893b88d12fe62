import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { isPortFree } from '../../scripts/lib/editor-server.mjs';
import { useWorkbench } from './harness/use-workbench.ts';
import { buildOutside, curl, serverPort, sha256, usePort } from './outside.ts';

// Updates of the virtual board that fail, are cancelled and succeed. The firmware has the port of this test in its URL.
const port = await serverPort();
const workbench = useWorkbench({
  settings: { 'esp32Ota.server.advertisedHost': '127.0.0.1' },
  prepare: (folder) => {
    usePort(folder, port);
    buildOutside(folder); // without a certificate
  },
});
const devices = workbench.view('Devices');
const log = (): string => workbench.output.log('ESP32 OTA');

/** As somebody who sets a version and builds in a terminal. Waits until the editor has noticed. */
async function buildVersion(version: string): Promise<void> {
  writeFileSync(workbench.inFolder('version.txt'), `${version}\n`);
  buildOutside(workbench.folder());
  await workbench.view('Firmware').reveal(new RegExp(`Version ${version.replaceAll('.', '\\.')}`));
  await workbench.statusBar.item(version).waitFor();
}

it('attaches a virtual board with the button of the view, and detaches it', async () => {
  await workbench.openContainer('ESP32 OTA');
  await workbench.view('Firmware').reveal('simple_ota.bin');
  await devices.clickTitleAction('Attach Virtual Board');
  await devices.reveal(/Virtual board.*runs 1\.0\.0 from ota_0/);
  await devices.reveal(/ota_1.*empty/);
  await workbench.screenshot('rehearsal-1-attached');
  await expect.poll(() => workbench.offersCommand('ESP32 OTA: Attach Virtual Board')).toBe(false);
  await devices.clickInline('Virtual board', 'Detach Virtual Board');
  await devices.row('Virtual board').waitFor({ state: 'hidden' });
  await workbench.runCommand('ESP32 OTA: Attach Virtual Board');
  await devices.reveal(/Virtual board.*runs 1\.0\.0/);
});

it('shows the console of the board', async () => {
  await devices.clickMenu('Virtual board', 'Show Virtual Board Console');
  await expect
    .poll(async () => (await workbench.output.lines()).join('\n'))
    .toMatch(/main_task: Returned from app_main/);
  await workbench.screenshot('rehearsal-2-console');
});

it('tells why an update without the certificate fails', async () => {
  await workbench.runCommand('ESP32 OTA: Rehearse Update on Virtual Board');
  const verdict = await workbench.notifications.shown(/certificate.*install|embed/);
  expect(verdict).toMatch(/^(Refused|Failed):/);
  await devices.reveal(/Virtual board.*runs 1\.0\.0 from ota_0/);
  await workbench.screenshot('rehearsal-3-no-certificate');
  await workbench.notifications.click(verdict, 'Show Console');
  await expect.poll(() => log()).toMatch(/rehearsal: \{"outcome":"(refused|failed)"/);
});

it('refuses the version that runs already', async () => {
  await workbench.runCommand('ESP32 OTA: Install Certificate into Project');
  await expect.poll(() => existsSync(workbench.inFolder('server_certs/ca_cert.pem'))).toBe(true);
  buildOutside(workbench.folder());
  await workbench.view('Firmware').expand('Certificate');
  await workbench.view('Firmware').reveal(/simple_ota\.bin.*trusts this server/);
  // the board boots what a flash by cable would leave on it
  await workbench.runCommand('ESP32 OTA: Detach Virtual Board');
  await workbench.runCommand('ESP32 OTA: Attach Virtual Board');
  await devices.clickTitleAction('Rehearse Update on Virtual Board');
  await workbench.notifications.shown(/Refused: .*already runs this version/);
  await devices.reveal(/Update 1\.0\.0 → 1\.0\.0.*Refused/);
  await workbench.screenshot('rehearsal-4-same-version');
});

it('cancels an update midway, from the message and by command', async () => {
  await workbench.writeSettings({ 'esp32Ota.virtualBoard.kilobytesPerSecond': 20 });
  await buildVersion('1.1.0');
  await devices.clickInline('Virtual board', 'Rehearse Update on Virtual Board');
  await workbench.notifications.shown(/Updating the virtual board.*Download/);
  await devices.reveal(/Update 1\.0\.0 → 1\.1\.0.*downloading \d\d?%.*\b\d\d? KB/); // not what the network took at once
  await workbench.statusBar.item(/1\.1\.0 \d+\s?%/).waitFor();
  await expect.poll(() => workbench.offersCommand('ESP32 OTA: Rehearse Update on Virtual Board')).toBe(false);
  await workbench.screenshot('rehearsal-5-downloading');
  await workbench.notifications.click('Updating the virtual board', 'Cancel');
  await devices.reveal(/Update 1\.0\.0 → 1\.1\.0.*Cancelled during “Download”/);
  await workbench.screenshot('rehearsal-6-cancelled');
  await expect.poll(() => log()).toMatch(/aborted: \d+ bytes/);

  await workbench.runCommand('ESP32 OTA: Rehearse Update on Virtual Board');
  await devices.reveal(/downloading \d+\s?%/);
  await workbench.runCommand('ESP32 OTA: Cancel Update');
  await devices.reveal(/Cancelled during “Download”/);
  await devices.reveal(/Virtual board.*runs 1\.0\.0 from ota_0/);
  await expect.poll(() => workbench.offersCommand('ESP32 OTA: Cancel Update')).toBe(false);
});

it('delivers, and the board confirms', async () => {
  await workbench.writeSettings({ 'esp32Ota.virtualBoard.kilobytesPerSecond': 0 });
  await buildVersion('1.2.0');
  await expect
    .poll(
      async () => {
        await workbench.runCommand('ESP32 OTA: Rehearse Update on Virtual Board');
        return workbench.notifications.shown(/Delivered and confirmed: 1\.2\.0/, 15_000);
      },
      { timeout: 120_000 },
    )
    .toContain('1.2.0');
  await devices.reveal(/Virtual board.*runs 1\.2\.0 from ota_1/);
  await devices.reveal(/Confirmed by the application/);
  await workbench.screenshot('rehearsal-7-confirmed');
  const image = readFileSync(workbench.inFolder('build/simple_ota.bin'));
  expect(log()).toContain(`sha256 ${sha256(image)}`);
  await expect.poll(log).toContain(`complete: ${image.length} bytes`);
  expect(log()).toContain('rehearsal: {"outcome":"confirmed"}');
});

it('looks right in every theme', async () => {
  for (const theme of ['light', 'high contrast'] as const) {
    await workbench.setTheme(theme);
    await workbench.screenshot(`rehearsal-8-${theme}`);
  }
});

it('leaves no server behind', async () => {
  const authority = workbench.inFolder('server_certs/ca_cert.pem');
  expect((await curl(`https://127.0.0.1:${port}/simple_ota.bin`, '-I', '--cacert', authority)).status).toBe(200);
  await workbench.page().goto('about:blank');
  await expect.poll(() => isPortFree(port), { timeout: 45_000 }).toBe(true);
});
